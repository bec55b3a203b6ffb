#include "snapshot/values/target_ranges.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "snapshot/values/config_types.hpp"

namespace rap::snapshot {
namespace {

const EgressPoolId kPool = EgressPoolId::parse("00000000-0000-4000-8000-00000000000a").value();
const EgressPoolId kOther = EgressPoolId::parse("00000000-0000-4000-8000-00000000000b").value();

TargetRanges ranges(std::initializer_list<const char*> texts) {
  std::vector<wire::JsonValue> values;
  for (const char* text : texts) values.emplace_back(nlohmann::json::parse(text));
  return target_ranges_from(values);
}
policy::IpAddress ip(std::string_view text) { return policy::IpAddress::parse(text).value(); }

std::optional<std::string> fault(std::string_view text) {
  return find_value_fault(*find_config_type(kEgressTargetRanges), text);
}

TEST(TargetRanges, AreAValueOfThePlatformAndTheCluster) {
  const ConfigType* type = find_config_type(kEgressTargetRanges);
  ASSERT_NE(type, nullptr);
  EXPECT_TRUE(type->has_layer(Layer::platform));
  EXPECT_TRUE(type->has_layer(Layer::cluster));
  EXPECT_FALSE(type->has_layer(Layer::organization)) << "a tenant must not open it for itself";
  EXPECT_FALSE(type->has_layer(Layer::service));
  EXPECT_EQ(type->audience, Audience::egresses);
}

TEST(TargetRanges, AreCheckedWhereTheyAreEdited) {
  EXPECT_EQ(fault("{}"), std::nullopt);
  EXPECT_EQ(fault(R"({"allow":["127.0.0.1","::1"],"deny":["10.0.0.0/8"],
      "pools":{"00000000-0000-4000-8000-00000000000a":{"allow":["10.1.0.0/16"]}},
      "nodes":{"egress-1":{"deny":["10.1.1.0/24"]}}})"),
            std::nullopt);
  for (const char* wrong :
       {R"({"permit":[]})", R"({"allow":"10.0.0.0/8"})", R"({"allow":["10.0.0.1/8"]})",
        R"({"allow":["0x7f000001"]})", R"({"deny":["localhost"]})", R"({"pools":{"Office":{}}})",
        R"({"nodes":{"egress-1":{"allow":[1]}}})", R"({"nodes":{"egress-1":[]}})",
        R"({"nodes":{"a b":{}}})"}) {
    EXPECT_NE(fault(wrong), std::nullopt) << wrong;
  }
  nlohmann::json many = {{"allow", std::vector<std::string>(kMaxRanges, "10.0.0.0/8")}};
  EXPECT_EQ(fault(many.dump()), std::nullopt);
  many["allow"].push_back("10.0.0.0/8");
  EXPECT_NE(fault(many.dump()), std::nullopt);
}

TEST(TargetRanges, GoFromThePlatformOverThePoolToTheNode) {
  const TargetRanges r = ranges({
      R"({"deny":["10.0.0.0/8"],
          "pools":{"00000000-0000-4000-8000-00000000000a":{"allow":["10.0.0.0/8"]}},
          "nodes":{"egress-2":{"deny":["10.0.0.0/8"]}}})"});
  EXPECT_FALSE(r.allows(ip("10.0.0.1"), kOther, "egress-1"));
  EXPECT_TRUE(r.allows(ip("10.0.0.1"), kPool, "egress-1"));
  EXPECT_FALSE(r.allows(ip("10.0.0.1"), kPool, "egress-2"));
}

TEST(TargetRanges, OfTheClusterGoBeforeThoseOfThePlatform) {
  const TargetRanges r = ranges({R"({"deny":["10.0.0.0/8"]})", R"({"allow":["10.0.0.0/8"]})"});
  EXPECT_TRUE(r.allows(ip("10.0.0.1"), kPool, "egress-1"));
}

TEST(TargetRanges, OpenWhatIsTheNodesOwnOnlyByName) {
  const policy::RangeList own{.deny = {policy::IpPrefix::parse("192.0.2.1").value()}};
  EXPECT_FALSE(ranges({}).allows(ip("192.0.2.1"), kPool, "egress-1", own));
  EXPECT_FALSE(ranges({R"({"allow":["192.0.2.0/24"]})"}).allows(ip("192.0.2.1"), kPool, "", own));
  EXPECT_TRUE(ranges({R"({"allow":["192.0.2.1"]})"}).allows(ip("192.0.2.1"), kPool, "", own));
}

TEST(TargetRanges, MayAllowWhatOneNodeAllows) {
  EXPECT_FALSE(ranges({}).may_allow(ip("127.0.0.1"), kPool));
  EXPECT_FALSE(ranges({R"({"nodes":{"egress-1":{"allow":["127.0.0.2"]}}})"})
                   .may_allow(ip("127.0.0.1"), kPool));
  EXPECT_TRUE(ranges({R"({"nodes":{"egress-1":{"allow":["127.0.0.1"]}}})"})
                  .may_allow(ip("127.0.0.1"), kPool));
}

}  // namespace
}  // namespace rap::snapshot
