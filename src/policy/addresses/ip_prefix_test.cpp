#include "policy/addresses/ip_prefix.hpp"

#include <gtest/gtest.h>

namespace rap::policy {
namespace {

TEST(IpPrefix, HasOneForm) {
  for (const auto& [text, form] : {std::pair("203.0.113.7", "203.0.113.7"),
                                   {"203.0.113.7/32", "203.0.113.7"},
                                   {"203.0.113.0/24", "203.0.113.0/24"},
                                   {"2001:DB8:0::/32", "2001:db8::/32"},
                                   {"2001:db8::1/128", "2001:db8::1"},
                                   {"::ffff:203.0.113.7", "203.0.113.7"},
                                   {"0.0.0.0/0", "0.0.0.0/0"}}) {
    const auto prefix = IpPrefix::parse(text);
    ASSERT_TRUE(prefix) << text;
    EXPECT_EQ(prefix->str(), form);
  }
}

TEST(IpPrefix, IsRefusedWithBitsBeyondItsLengthOrWithNonsense) {
  for (const char* text :
       {"", "203.0.113.1/24", "203.0.113.0/33", "203.0.113.0/", "203.0.113.0/024", "203.0.113.0/-1",
        "203.0.113.0/24x", "2001:db8::/129", "2001:db8::1/64", "::ffff:203.0.113.0/120", "host/24",
        "203.0.113.0/24/8"}) {
    EXPECT_FALSE(IpPrefix::parse(text)) << text;
  }
}

TEST(IpPrefix, ContainsWhatStartsWithItsBits) {
  const auto contains = [](const char* prefix, const char* address) {
    return IpPrefix::parse(prefix)->contains(*IpAddress::parse(address));
  };
  EXPECT_TRUE(contains("203.0.113.0/25", "203.0.113.127"));
  EXPECT_FALSE(contains("203.0.113.0/25", "203.0.113.128"));
  EXPECT_TRUE(contains("203.0.113.7", "::ffff:203.0.113.7"));
  EXPECT_TRUE(contains("2001:db8::/33", "2001:db8:7fff::1"));
  EXPECT_FALSE(contains("2001:db8::/33", "2001:db8:8000::1"));
  EXPECT_TRUE(contains("0.0.0.0/0", "8.8.8.8"));
  EXPECT_FALSE(contains("0.0.0.0/0", "2001:db8::1")) << "of the other family";
}

TEST(SourceNetwork, IsWhatOneStrangerHoldsAtTheLeast) {
  EXPECT_EQ(source_network("203.0.113.7"), "203.0.113.7");
  EXPECT_EQ(source_network("::ffff:203.0.113.7"), "203.0.113.7");
  EXPECT_EQ(source_network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
  EXPECT_EQ(source_network("2001:db8:1:2:ffff::1"), "2001:db8:1:2::/64");
  EXPECT_EQ(source_network("no address"), "no address");
  EXPECT_EQ(source_network("fe80::1%eth0"), "fe80::/64") << "whatever link it is on";
  EXPECT_EQ(source_network("fe80::2:3:4:5%7"), "fe80::/64");
}

}  // namespace
}  // namespace rap::policy
