// Each output ends in a process of its own.
#include "client/terminal/output_end.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

#include <fcntl.h>
#include <unistd.h>

#include "client/core/failure.hpp"

namespace rap::client {
namespace {

using testing::ExitedWithCode;
using testing::KilledBySignal;

[[noreturn]] void end_at(int descriptor, int status, sighandler_t on_broken_pipe) {
  std::signal(SIGPIPE, SIG_IGN);
  ::dup2(descriptor, STDOUT_FILENO);
  io::StandardOutput out;
  out << "what was to be said";
  ::_exit(end_output(status, out, on_broken_pipe, std::cerr));
}
[[noreturn]] void end_at(const char* path, int status) {
  end_at(::open(path, O_WRONLY), status, SIG_DFL);
}
[[noreturn]] void end_without_reader(sighandler_t on_broken_pipe) {
  int ends[2];
  if (::pipe(ends) != 0) ::_exit(99);
  ::close(ends[0]);
  end_at(ends[1], 0, on_broken_pipe);
}

TEST(OutputEnd, KeepsTheStatusWhenAllArrived) {
  EXPECT_EXIT(end_at("/dev/null", 0), ExitedWithCode(0), "^$");
  EXPECT_EXIT(end_at("/dev/null", 7), ExitedWithCode(7), "^$");
}

TEST(OutputEnd, SaysWhatDidNotArriveAndFailsIfNothingElseDid) {
  constexpr int kFailed = static_cast<int>(ExitCode::failed);
  EXPECT_EXIT(end_at("/dev/full", 0), ExitedWithCode(kFailed), "Cannot write the output: No space");
  EXPECT_EXIT(end_at("/dev/full", 7), ExitedWithCode(7), "Cannot write the output: No space");
}

TEST(OutputEnd, IsThatOfOtherProgramsWhenTheReaderLeft) {
  constexpr int kFailed = static_cast<int>(ExitCode::failed);
  EXPECT_EXIT(end_without_reader(SIG_DFL), KilledBySignal(SIGPIPE), "^$");
  EXPECT_EXIT(end_without_reader(SIG_IGN), ExitedWithCode(kFailed), "Broken pipe");
}

}  // namespace
}  // namespace rap::client
