#include "base/time_text.hpp"

#include <gtest/gtest.h>

namespace rap {
namespace {

using namespace std::chrono_literals;

TEST(TimeText, IsOfUtcToTheSecond) {
  EXPECT_EQ(rfc3339(from_unix(0)), "1970-01-01T00:00:00Z");
  EXPECT_EQ(rfc3339(from_unix(1'767'225'599)), "2025-12-31T23:59:59Z");
}

TEST(TimeText, ASpanIsInTheLargestUnitOfWhichThereAreTwo) {
  EXPECT_EQ(span_text(0s), "0 s");
  EXPECT_EQ(span_text(119s), "119 s");
  EXPECT_EQ(span_text(120s), "2 min");
  EXPECT_EQ(span_text(119min), "119 min");
  EXPECT_EQ(span_text(47h + 59min), "47 h");
  EXPECT_EQ(span_text(-87600h), "3650 d") << "which way is said by whoever says it";
}

}  // namespace
}  // namespace rap
