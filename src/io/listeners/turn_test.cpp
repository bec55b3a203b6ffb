// No stream holds the loop: what one costs in a turn is bounded, whatever it is sent.
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "io/listeners/stream_listener.hpp"
#include "io/stream/tls_stream.hpp"
#include "io/system/system.hpp"

namespace rap::io {
namespace {

using namespace std::chrono_literals;

// Takes `a_kilobyte` of processor time for every kilobyte that it is given.
class DearReader final : public StreamHandler {
 public:
  explicit DearReader(Duration a_kilobyte) : a_kilobyte_(a_kilobyte) {}

  void on_open() override {}
  std::size_t on_data(MutableBytes data) override {
    const Duration until = thread_time() + a_kilobyte_ * data.size() / 1024;
    while (thread_time() < until) {
    }
    given.push_back(data.size());
    total += data.size();
    return data.size();
  }
  void on_close(const StreamError&) override {}

  std::vector<std::size_t> given;
  std::size_t total = 0;

 private:
  Duration a_kilobyte_;
};

class Writer final : public StreamHandler {
  void on_open() override {}
  std::size_t on_data(MutableBytes data) override { return data.size(); }
  void on_close(const StreamError&) override {}
};

class Turn : public testing::Test {
 protected:
  // Sends so much to the reader over a plain stream, and runs the loop until it is there.
  void send(DearReader& reader, std::size_t bytes) {
    std::unique_ptr<Stream> in;
    StreamListener listener(loop_, "127.0.0.1", 0, [&](int fd, const std::string&) {
      in = Stream::accept(loop_, fd, {}, reader);
    });
    Writer writer;
    const auto out = Stream::connect(loop_, "127.0.0.1", listener.port(), {}, writer);
    out->write(Bytes(bytes, 'x'));
    out->flush();
    Timer look(loop_);
    const MonoTime give_up = mono_now() + 15s * RAP_PATIENCE;
    const std::function<void()> again = [&] {
      if (reader.total >= bytes || mono_now() > give_up) return loop_.stop();
      look.after(1ms, again);
    };
    again();
    loop_.run();
    EXPECT_EQ(reader.total, bytes);
  }
  EventLoop loop_;
};

TEST_F(Turn, DearBytesComeInSmallBatches) {
  DearReader reader(1ms);
  send(reader, 256 * 1024);
  ASSERT_GT(reader.given.size(), 16U);
  const auto settled = std::vector(reader.given.begin() + 8, reader.given.end());
  EXPECT_LE(*std::ranges::max_element(settled), kLeastReadBatch);
}

TEST_F(Turn, CheapBytesComeInLargeOnes) {
  DearReader reader(0ms);
  send(reader, 16 * 1024 * 1024);
  EXPECT_GT(*std::ranges::max_element(reader.given), kFirstReadBatch);
}

}  // namespace
}  // namespace rap::io
