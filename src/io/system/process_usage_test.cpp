#include "io/system/process_usage.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <optional>

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

}  // namespace
}  // namespace rap::io
