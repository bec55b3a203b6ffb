#include "io/system/process_usage.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include <unistd.h>

namespace rap::io {
namespace {

TEST(ProcessUsage, IsThatOfThisProcess) {
  const ProcessUsage before = process_usage();
  EXPECT_GT(before.resident_bytes, std::uint64_t{1} << 20);
  EXPECT_GE(before.open_files, 3U);
  std::ifstream one_more("/proc/self/statm");
  EXPECT_EQ(process_usage().open_files, before.open_files + 1);
  EXPECT_GE(process_usage().cpu, before.cpu);
}

TEST(ProcessUsage, OfAnotherIsReadAndOfNoneIsNothing) {
  const auto own = process_usage_of(::getpid());
  ASSERT_TRUE(own);
  EXPECT_GT(own->resident_bytes, std::uint64_t{1} << 20);
  EXPECT_GE(own->open_files, 3U);
  EXPECT_GE(process_usage().cpu + std::chrono::milliseconds{50}, own->cpu);
  EXPECT_FALSE(process_usage_of(0));
  EXPECT_FALSE(process_usage_of(-1));
  EXPECT_GE(load_percent(), 0);
}

}  // namespace
}  // namespace rap::io
