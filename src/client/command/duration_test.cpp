#include "client/command/duration.hpp"

#include <gtest/gtest.h>

namespace rap::client {
namespace {

using namespace std::chrono_literals;

TEST(Duration, IsANumberAndAUnit) {
  EXPECT_EQ(parse_duration("90"), 90s);
  EXPECT_EQ(parse_duration("90s"), 90s);
  EXPECT_EQ(parse_duration("10m"), 10min);
  EXPECT_EQ(parse_duration("2h"), 2h);
  EXPECT_EQ(parse_duration("1d"), std::chrono::days{1});
  for (const char* bad :
       {"", "m", "0", "-1", "1.5h", "1 h", "1w", "1000000001", "99999999999999999999"}) {
    EXPECT_FALSE(parse_duration(bad)) << bad;
  }
}

}  // namespace
}  // namespace rap::client
