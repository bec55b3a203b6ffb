#include "policy/addresses/address_ranges.hpp"

#include <gtest/gtest.h>

#include <string_view>

namespace rap::policy {
namespace {

using Texts = std::initializer_list<std::string_view>;

RangeList list(Texts allow, Texts deny = {}) {
  RangeList out;
  for (const auto text : allow) out.allow.push_back(IpPrefix::parse(text).value());
  for (const auto text : deny) out.deny.push_back(IpPrefix::parse(text).value());
  return out;
}

bool opens(std::string_view address, const std::vector<RangeList>& levels = {}) {
  std::vector<const RangeList*> pointers;
  for (const RangeList& level : levels) pointers.push_back(&level);
  return may_open(IpAddress::parse(address).value(), pointers);
}

TEST(AddressRanges, DenyWhatIsTheMachinesOwnOrTheCloudsByThemselves) {
  for (const char* address : {"127.0.0.1",
                              "127.255.255.254",
                              "0.0.0.0",
                              "0.1.2.3",
                              "169.254.0.1",
                              "169.254.169.254",
                              "169.254.170.2",
                              "100.100.100.200",
                              "168.63.129.16",
                              "224.0.0.1",
                              "239.255.255.255",
                              "240.0.0.1",
                              "255.255.255.255",
                              "::",
                              "::1",
                              "fe80::1",
                              "febf::1",
                              "fec0::1",
                              "ff02::1",
                              "fd00:ec2::254",
                              "fd00:ec2::23",
                              "fd20:ce::254",
                              "fd00:c1::a9fe:a9fe",
                              "fd00:42::42"}) {
    EXPECT_FALSE(opens(address)) << address;
  }
  for (const char* address : {"10.0.0.1", "192.168.1.1", "172.16.0.1", "203.0.113.7", "fd00::1",
                              "2001:db8::1", "100.64.0.1", "126.255.255.255", "128.0.0.1"}) {
    EXPECT_TRUE(opens(address)) << address;
  }
}

TEST(AddressRanges, KeepMetadataClosedWhereItsWholeRangeIsAllowed) {
  const std::vector<RangeList> link_local = {list({"169.254.0.0/16"}, {})};
  EXPECT_TRUE(opens("169.254.7.7", link_local));
  for (const char* address :
       {"169.254.169.254", "169.254.170.2", "169.254.170.23", "169.254.0.23", "169.254.42.42"}) {
    EXPECT_FALSE(opens(address, link_local)) << address;
  }
}

TEST(AddressRanges, SeeThroughTheFormsThatHideAnIpv4Address) {
  for (const char* address :
       {"::ffff:127.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "::169.254.169.254",
        "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::a9fe:a9fe", "2002:7f00:1::",
        "2002:a9fe:a9fe::1", "2001:0:a9fe:a9fe::", "::ffff:0:169.254.169.254", "::ffff:0:7f00:1"}) {
    EXPECT_FALSE(opens(address)) << address;
  }
  for (const char* address :
       {"::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::1", "2001:4860:4860::8888"}) {
    EXPECT_TRUE(opens(address)) << address;
  }
  const std::vector<RangeList> no_ten = {list({}, {"10.0.0.0/8"})};
  for (const char* address : {"10.0.0.1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::1"}) {
    EXPECT_FALSE(opens(address, no_ten)) << address;
  }
}

TEST(AddressRanges, OpenWhatIsAllowedByNameAndNothingElse) {
  const std::vector<RangeList> demo = {list({"127.0.0.1"})};
  EXPECT_TRUE(opens("127.0.0.1", demo));
  EXPECT_TRUE(opens("::ffff:127.0.0.1", demo));
  EXPECT_FALSE(opens("127.0.0.2", demo));
  EXPECT_FALSE(opens("::1", demo));
  const std::vector<RangeList> everything = {list({"0.0.0.0/0", "::/0"})};
  for (const char* address : {"127.0.0.1", "169.254.169.254", "::1", "fe80::1"}) {
    EXPECT_FALSE(opens(address, everything)) << address << " is not named";
  }
  const std::vector<RangeList> link = {list({"169.254.0.0/16"})};
  EXPECT_TRUE(opens("169.254.1.1", link));
  EXPECT_FALSE(opens("169.254.169.254", link)) << "metadata is more specific";
  EXPECT_TRUE(opens("169.254.169.254", {list({"169.254.169.254"})}));
}

TEST(AddressRanges, LetTheMostSpecificDecideThenTheNarrowerLevelThenTheDenial) {
  const RangeList wide = list({}, {"10.0.0.0/8"});
  EXPECT_FALSE(opens("10.1.2.3", {wide}));
  EXPECT_TRUE(opens("10.1.2.3", {wide, list({"10.1.0.0/16"})}));
  EXPECT_FALSE(opens("10.2.2.3", {wide, list({"10.1.0.0/16"})}));
  EXPECT_TRUE(opens("10.2.2.3", {wide, list({"10.0.0.0/8"})})) << "the narrower level";
  EXPECT_FALSE(opens("10.2.2.3", {list({"10.0.0.0/8"}), wide}));
  EXPECT_FALSE(opens("10.2.2.3", {wide, list({"0.0.0.0/0"})})) << "it is less specific";
  EXPECT_FALSE(opens("10.2.2.3", {list({"10.0.0.0/8"}, {"10.0.0.0/8"})})) << "the denial";
  const std::vector<RangeList> only = {list({"10.1.0.0/16"}, {"0.0.0.0/0", "::/0"})};
  EXPECT_TRUE(opens("10.1.0.1", only));
  EXPECT_FALSE(opens("192.0.2.1", only));
  EXPECT_FALSE(opens("2001:db8::1", only));
}

}  // namespace
}  // namespace rap::policy
