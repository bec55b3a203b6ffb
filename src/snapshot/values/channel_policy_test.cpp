#include "snapshot/values/channel_policy.hpp"

#include <gtest/gtest.h>

#include "snapshot/values/config_types.hpp"

namespace rap::snapshot {
namespace {

using wire::JsonValue;
using wire::TrafficClass;
using wire::TrafficClassSet;

TEST(ChannelPolicyTest, IsWhatTheNarrowerValueSaysMemberByMember) {
  const ChannelPolicy policy = channel_policy_from(
      {JsonValue::of(R"({"degraded_opening":["input"],"stale_peer":"degrade","stale_peer_s":9})"),
       JsonValue::of(R"({"degraded_continuing":[],"degraded_opening":["input","vpn_packet"]})")});
  EXPECT_EQ(policy.degraded_opening,
            (TrafficClassSet{TrafficClass::input, TrafficClass::vpn_packet}));
  EXPECT_TRUE(policy.degraded_continuing.empty());
  EXPECT_EQ(policy.stale_peer, std::chrono::seconds{9});
}

TEST(ChannelPolicyTest, LeavesToTheConfigurationAndClosesWhereNothingIsSet) {
  const ChannelPolicy policy = channel_policy_from({});
  EXPECT_FALSE(policy.degraded_opening);
  EXPECT_EQ(policy.degraded_continuing, TrafficClassSet::all());
  EXPECT_EQ(policy.stale_peer, std::chrono::seconds{0});
  EXPECT_EQ(channel_policy_from({JsonValue::of(R"({"stale_peer_s":9})")}), policy);
  EXPECT_EQ(channel_policy_from({JsonValue::of(R"({"stale_peer":"degrade"})")}).stale_peer,
            kDefaultStalePeer);
}

TEST(ChannelPolicyTest, RefusesWhatItDoesNotKnow) {
  const ConfigType* type = find_config_type(kChannelPolicy);
  ASSERT_NE(type, nullptr);
  EXPECT_EQ(type->audience, Audience::every_node);
  const auto fault = [&](std::string_view json) {
    return find_value_fault(*type, json).value_or("");
  };
  EXPECT_EQ(fault(R"({"degraded_opening":[],"degraded_continuing":["input"],
                      "stale_peer":"close","stale_peer_s":3600})"),
            "");
  EXPECT_EQ(fault(R"({"degraded_opening":["input","input"]})"),
            "member \"degraded_opening\" must be a list of different traffic classes");
  EXPECT_EQ(fault(R"({"degraded_continuing":["voice"]})"),
            "member \"degraded_continuing\" must be a list of different traffic classes");
  EXPECT_EQ(fault(R"({"stale_peer":"ignore"})"),
            "member \"stale_peer\" must be \"close\" or \"degrade\"");
  EXPECT_EQ(fault(R"({"stale_peer_s":0})"),
            "member \"stale_peer_s\" must be a whole number from 1 to 3600");
  EXPECT_EQ(fault(R"({"stale_peer_s":3601})"),
            "member \"stale_peer_s\" must be a whole number from 1 to 3600");
  EXPECT_EQ(fault(R"({"forever":true})"), "member \"forever\" is unknown");
}

}  // namespace
}  // namespace rap::snapshot
