#include "io/stream/descriptor_stream.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <fstream>
#include <thread>

#include "io/system/descriptor.hpp"
#include "io/system/test_directory.hpp"

namespace rap::io {
namespace {

// Sends what it received back, as much as the test lets it keep at a time.
class Echo final : public StreamHandler, public Output {
 public:
  Echo(EventLoop& loop, int in, int out) : loop_(loop), stream(loop, in, out, *this) {
    stream.set_output(this);
  }

  void on_open() override {}
  std::size_t on_data(MutableBytes data) override {
    const std::size_t n = std::min(data.size(), limit - std::min(limit, kept_.size()));
    kept_.insert(kept_.end(), data.begin(), data.begin() + static_cast<std::ptrdiff_t>(n));
    most_kept = std::max(most_kept, kept_.size());
    if (n < data.size()) stream.pause_reading();
    stream.flush();
    return n;
  }
  void on_end() override { stream.finish_writing(); }
  void on_close(const StreamError& error) override {
    closed = error.kind;
    loop_.stop();
  }
  ByteView peek() override { return kept_; }
  void consume(std::size_t n) override {
    kept_.erase(kept_.begin(), kept_.begin() + static_cast<std::ptrdiff_t>(n));
    stream.resume_reading();
  }

  std::size_t limit = 16 * 1024;
  std::size_t most_kept = 0;
  std::optional<StreamError::Kind> closed;

 private:
  EventLoop& loop_;
  Bytes kept_;

 public:
  DescriptorStream stream;
};

struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
    read = Descriptor(ends[0]);
    write = Descriptor(ends[1]);
  }
  Descriptor read;
  Descriptor write;
};

std::string read_all(int fd) {
  std::string all;
  std::array<char, 4096> buffer{};
  for (;;) {
    const ssize_t n = ::read(fd, buffer.data(), buffer.size());
    if (n <= 0) return all;
    all.append(buffer.data(), static_cast<std::size_t>(n));
  }
}

std::string numbers(std::size_t bytes) {
  std::string text;
  for (int i = 0; text.size() < bytes; ++i) text += std::to_string(i) + "\n";
  return text;
}

TEST(DescriptorStream, CarriesPipesBothWaysWithinBoundsToTheirEnds) {
  Pipe in;
  Pipe out;
  const std::string sent = numbers(3'000'000);
  std::jthread writer([&] {
    for (std::string_view rest = sent; !rest.empty();) {
      const ssize_t n = ::write(in.write.get(), rest.data(), rest.size());
      ASSERT_GT(n, 0);
      rest.remove_prefix(static_cast<std::size_t>(n));
    }
    in.write.reset();
  });
  std::string received;
  std::jthread reader([&] { received = read_all(out.read.get()); });
  EventLoop loop;
  Echo echo(loop, in.read.get(), out.write.get());
  loop.run();
  writer.join();
  reader.join();
  EXPECT_EQ(received, sent);
  EXPECT_EQ(echo.closed, StreamError::Kind::none);
  EXPECT_LE(echo.most_kept, echo.limit);
}

TEST(DescriptorStream, ReadsARegularFileWhichIsAlwaysReady) {
  TestDirectory directory;
  const std::string content = numbers(200'000);
  std::ofstream(directory / "in") << content;
  Descriptor in(::open((directory / "in").c_str(), O_RDONLY | O_CLOEXEC));
  Descriptor out(::open((directory / "out").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  EventLoop loop;
  Echo echo(loop, in.get(), out.get());
  loop.run();
  std::ifstream copy(directory / "out");
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(copy), {}), content);
}

TEST(DescriptorStream, TellsWhenTheReaderOfItsOutputIsGone) {
  std::signal(SIGPIPE, SIG_IGN);
  Pipe in;
  Pipe out;
  out.read.reset();
  ASSERT_EQ(::write(in.write.get(), "x", 1), 1);
  EventLoop loop;
  Echo echo(loop, in.read.get(), out.write.get());
  loop.run();
  EXPECT_EQ(echo.closed, StreamError::Kind::reset);
}

TEST(DescriptorStream, LeavesTheDescriptorsAsTheyWere) {
  Pipe in;
  Pipe out;
  const int before = ::fcntl(in.read.get(), F_GETFL);
  {
    EventLoop loop;
    Echo echo(loop, in.read.get(), out.write.get());
    EXPECT_NE(::fcntl(in.read.get(), F_GETFL) & O_NONBLOCK, 0);
    loop.post([&] { loop.stop(); });
    loop.run();
  }
  EXPECT_EQ(::fcntl(in.read.get(), F_GETFL), before);
  EXPECT_EQ(::fcntl(out.write.get(), F_GETFL) & O_NONBLOCK, 0);
}

}  // namespace
}  // namespace rap::io
