#include "wire/http/byte_range.hpp"

#include <gtest/gtest.h>

namespace rap::wire {
namespace {

using Kind = ByteRange::Kind;

TEST(ByteRange, IsReadLikeRfc9110SaysIt) {
  const auto part = [](std::size_t first, std::size_t count) {
    return ByteRange{Kind::part, first, count};
  };
  EXPECT_EQ(parse_range("bytes=0-499", 10000), part(0, 500));
  EXPECT_EQ(parse_range("bytes=500-999", 10000), part(500, 500));
  EXPECT_EQ(parse_range("bytes=-500", 10000), part(9500, 500));
  EXPECT_EQ(parse_range("bytes=9500-", 10000), part(9500, 500));
  EXPECT_EQ(parse_range("bytes=9500-20000", 10000), part(9500, 500)) << "to the end and no further";
  EXPECT_EQ(parse_range("bytes=-20000", 10000), part(0, 10000));
  EXPECT_EQ(parse_range("bytes=10000-", 10000).kind, Kind::unsatisfiable);
  EXPECT_EQ(parse_range("bytes=-0", 10000).kind, Kind::unsatisfiable);
  EXPECT_EQ(parse_range("bytes=0-0", 0).kind, Kind::unsatisfiable);
}

TEST(ByteRange, IsIgnoredWhenItIsNone) {
  for (const char* field :
       {"", "bytes", "bytes=", "bytes=-", "bytes=5-4", "bytes=a-b", "bytes=0-1,3-4", "lines=0-1",
        "bytes= 0-1", "bytes=0-1x", "bytes=99999999999999999999-"}) {
    EXPECT_EQ(parse_range(field, 100), ByteRange{}) << field;
  }
}

TEST(ByteRange, IsSaidAndHeard) {
  EXPECT_EQ(range_field(5, 10), "bytes=5-14");
  EXPECT_EQ(content_range({Kind::part, 5, 10}, 100), "bytes 5-14/100");
  EXPECT_EQ(content_range({Kind::unsatisfiable}, 100), "bytes */100");
  const auto heard = parse_content_range("bytes 5-14/100");
  ASSERT_TRUE(heard);
  EXPECT_EQ(heard->first, 5U);
  EXPECT_EQ(heard->last, 14U);
  EXPECT_EQ(heard->size, 100U);
  for (const char* field :
       {"", "bytes */100", "bytes 5-4/100", "bytes 5-100/100", "bytes 5-14/*", "bytes 5/14-100"}) {
    EXPECT_FALSE(parse_content_range(field)) << field;
  }
}

}  // namespace
}  // namespace rap::wire
