#include "io/system/standard_streams.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <iostream>
#include <string>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace rap::io {
namespace {

// The status of `fn` in a process of its own, whose standard streams it may ruin.
template <class Fn>
int in_a_child(Fn fn) {
  std::cout.flush();
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(fn());
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WEXITSTATUS(status);
}

TEST(StandardStreams, OneThatWasClosedIsNobodyElses) {
  const int outcome = in_a_child([] {
    for (const int fd : {0, 1, 2}) ::close(fd);
    occupy_standard_descriptors();
    const int next = ::open("/dev/null", O_RDWR);
    char byte = 0;
    const bool writes_fail = ::write(1, "x", 1) < 0 && errno == EBADF && ::write(2, "x", 1) < 0;
    return next > 2 && writes_fail && ::read(0, &byte, 1) == 0 ? 0 : 1;
  });
  EXPECT_EQ(outcome, 0);
}

TEST(StandardStreams, ThoseThatAreOpenStayAsTheyAre) {
  const int outcome = in_a_child([] {
    occupy_standard_descriptors();
    return ::dup(1) == 3 || ::fcntl(3, F_GETFD) >= 0 ? 0 : 1;
  });
  EXPECT_EQ(outcome, 0);
}

// What becomes of `text` on standard output that leads to `path`; 0 when all arrived.
int written_to(const char* path, const std::string& text, bool flushed) {
  return in_a_child([&] {
    ::dup2(::open(path, O_WRONLY), 1);
    StandardOutput out;
    out << text;
    if (flushed) out << std::endl;
    out << "more";
    const auto written = out.finish();
    return written ? 0 : written.error();
  });
}

TEST(StandardStreams, AWriteThatFailedIsToldWithItsReasonHoweverLongAgo) {
  const std::string much(3 * kOutputBufferBytes, 'x');
  EXPECT_EQ(written_to("/dev/null", much, true), 0);
  EXPECT_EQ(written_to("/dev/full", "x", false), ENOSPC);
  EXPECT_EQ(written_to("/dev/full", "x", true), ENOSPC);
  EXPECT_EQ(written_to("/dev/full", much, false), ENOSPC);
}

TEST(StandardStreams, AllThatIsWrittenArrives) {
  const std::string much(2 * kOutputBufferBytes + 5, 'x');
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const int outcome = in_a_child([&] {
    ::fcntl(ends[1], F_SETFL, O_NONBLOCK);
    ::fcntl(ends[1], F_SETPIPE_SZ, 1024 * 1024);
    ::dup2(ends[1], 1);
    StandardOutput out;
    out << much << 7;
    return out.finish() ? 0 : 1;
  });
  ::close(ends[1]);
  EXPECT_EQ(outcome, 0);
  std::string got;
  char bytes[4096];
  for (ssize_t n = 0; (n = ::read(ends[0], bytes, sizeof bytes)) > 0;) {
    got.append(bytes, static_cast<std::size_t>(n));
  }
  ::close(ends[0]);
  EXPECT_EQ(got, much + "7");
}

TEST(StandardStreams, AReaderThatLeftIsTold) {
  const int outcome = in_a_child([] {
    ::signal(SIGPIPE, SIG_IGN);
    int ends[2];
    if (::pipe(ends) != 0) return 1;
    ::dup2(ends[1], 1);
    ::close(ends[0]);
    StandardOutput out;
    out << "x" << std::endl;
    return out.finish().error() == EPIPE ? 0 : 2;
  });
  EXPECT_EQ(outcome, 0);
}

}  // namespace
}  // namespace rap::io
