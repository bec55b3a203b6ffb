#include "wire/http/http_message.hpp"

#include <gtest/gtest.h>

#include "base/seeded_random.hpp"

namespace rap::wire {
namespace {

TEST(QueryParameter, FindsAndDecodesTheFirstOfItsName) {
  const char* query = "a=1&b=x+y%2Fz&b=2&empty=&bare&%63=3";
  EXPECT_EQ(query_parameter(query, "a"), "1");
  EXPECT_EQ(query_parameter(query, "b"), "x y/z");
  EXPECT_EQ(query_parameter(query, "empty"), "");
  EXPECT_EQ(query_parameter(query, "bare"), "");
  EXPECT_EQ(query_parameter(query, "c"), "3");
  EXPECT_FALSE(query_parameter(query, "d"));
  EXPECT_FALSE(query_parameter("", "a"));
  EXPECT_EQ(query_parameter("&&a=b=c&", "a"), "b=c");
}

TEST(QueryParameter, RefusesAMalformedEscape) {
  for (const char* bad : {"a=%", "a=%4", "a=%zz", "a=x%4g"}) {
    EXPECT_FALSE(query_parameter(bad, "a")) << bad;
  }
}

TEST(PercentEncode, KeepsOnlyUnreservedCharacters) {
  EXPECT_EQ(percent_encode("aZ0-._~"), "aZ0-._~");
  EXPECT_EQ(percent_encode("a b/c?&=+%\xc3\xa4"), "a%20b%2Fc%3F%26%3D%2B%25%C3%A4");
}

TEST(PercentEncode, IsUndoneByTheQueryParser) {
  SeededRandom rng(1);
  for (int i = 0; i < 1000; ++i) {
    const std::string value(as_text(rng.bytes(rng.below(50))));
    EXPECT_EQ(query_parameter("x=1&v=" + percent_encode(value) + "&y=2", "v"), value);
  }
}

TEST(HttpMessage, FindsAHeaderByItsLowerCaseName) {
  HttpRequest request;
  request.headers = {{"host", "a"}, {"x-id", "1"}, {"x-id", "2"}};
  EXPECT_EQ(request.header("x-id"), "1");
  EXPECT_EQ(request.header("cookie"), "");
}

}  // namespace
}  // namespace rap::wire
