#include "io/system/system.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

namespace rap::io {
namespace {

// What `fn` writes to standard error.
template <class Fn>
std::string stderr_of(Fn fn) {
  testing::internal::CaptureStderr();
  fn();
  return testing::internal::GetCapturedStderr();
}

TEST(DescriptorLimit, IsRaisedToWhatTheSystemAllows) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit low{.rlim_cur = 64, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
  EXPECT_EQ(raise_descriptor_limit(), before.rlim_max);
  rlimit after{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &after), 0);
  EXPECT_EQ(after.rlim_cur, before.rlim_max);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
}

TEST(Clocks, GoForwardAndAgreeWithTheCalendar) {
  const MonoTime before = mono_now();
  EXPECT_GE(mono_now(), before);
  EXPECT_GT(to_unix(wall_now()), 1'700'000'000);
}

TEST(SystemRandom, FillsEveryByteAndDoesNotRepeat) {
  SystemRandom rng;
  EXPECT_NE(rng.bytes(32), rng.bytes(32));
  EXPECT_EQ(rng.bytes((1U << 20) + 3).size(), (1U << 20) + 3U);
  EXPECT_TRUE(rng.bytes(0).empty());
}

TEST(StderrLog, WritesOneTimestampedLine) {
  StderrLog log("rap-test");
  const std::string out = stderr_of([&] { log.info("thing.done", {{"n", 3}}); });
  // The time varies; everything around it is exact.
  ASSERT_GT(out.size(), 31U);
  EXPECT_EQ(out.substr(0, 7), R"({"ts":")");
  EXPECT_EQ(out[26], '.');
  EXPECT_EQ(out.substr(30), R"(Z","level":"info","program":"rap-test","event":"thing.done","n":3})"
                            "\n");
}

TEST(StderrLog, LeavesOutWhatIsBelowItsThreshold) {
  StderrLog log("rap-test", LogLevel::warn);
  EXPECT_EQ(stderr_of([&] { log.info("quiet"); }), "");
  EXPECT_NE(stderr_of([&] { log.warn("loud"); }), "");
}

}  // namespace
}  // namespace rap::io
