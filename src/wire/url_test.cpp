#include "wire/url.hpp"

#include <gtest/gtest.h>

namespace rap::wire {
namespace {

TEST(HostPort, RoundTripsNamesAndBothKindsOfAddress) {
  for (const char* text :
       {"entry-1.example:8443", "127.0.0.1:1", "[::1]:65535", "[fe80::1%eth0]:2"}) {
    auto parsed = parse_host_port(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(parsed->str(), text);
  }
}

TEST(HostPort, RefusesWhatNamesNoPlace) {
  for (const char* bad : {"", ":1", "a", "a:", "a:0", "a:65536", "a:1x", "a:-1", "a:+1", "::1:2",
                          "[::1]", "[::1]x:1", "[a]:1", "[::1:1", "a b:1", "a/b:1", "u@h:1"}) {
    EXPECT_FALSE(parse_host_port(bad)) << bad;
  }
  EXPECT_TRUE(parse_host_port(std::string(253, 'a') + ":1"));
  EXPECT_FALSE(parse_host_port(std::string(254, 'a') + ":1"));
}

TEST(Url, FillsInWhatIsMissing) {
  EXPECT_EQ(parse_url("https://cp.example", "https", 443), (Url{{"cp.example", 443}, "/"}));
  EXPECT_EQ(parse_url("wss://[::1]:9/rap/v1", "wss", 443), (Url{{"::1", 9}, "/rap/v1"}));
}

TEST(Url, RefusesOtherSchemesAndPartsItDoesNotKnow) {
  for (const char* bad : {"http://a", "https:/a", "https://", "https://a?x", "https://a#x",
                          "https://u@a", "https://a:0/", "https://a b/", "ahttps://a"}) {
    EXPECT_FALSE(parse_url(bad, "https", 443)) << bad;
  }
}

}  // namespace
}  // namespace rap::wire
