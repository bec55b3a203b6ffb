#include "node/router/admission/security_table.hpp"

#include <gtest/gtest.h>

namespace rap::router {
namespace {

using policy::BlocklistKind;
using policy::IpAddress;
using snapshot::SecurityChanges;
using wire::FlowReason;

constexpr WallTime kNow = from_unix(1'800'000'000);
const UserId kUser = *UserId::parse("0f8fad5b-d9cb-469f-a165-70867728950e");
const DeviceId kDevice = *DeviceId::parse("7c9e6679-7425-40de-944b-e07fc1f90ae7");

SecurityChanges entry(BlocklistKind kind, const std::string& value, bool listed = true,
                      std::optional<WallTime> expires = {}) {
  return {{}, {{kind, value, listed, expires, 1}}};
}
FlowPrincipal from(const char* address) { return {kUser, 0, kDevice, IpAddress::parse(address)}; }

TEST(SecurityTable, IsIncompleteUntilTheLastPartCame) {
  SecurityTable table;
  EXPECT_FALSE(table.is_complete());
  table.replace(entry(BlocklistKind::ip, "192.0.2.1"), true, false);
  EXPECT_FALSE(table.is_complete());
  EXPECT_EQ(table.blocklisted(), 0U);
  table.replace(entry(BlocklistKind::ip, "192.0.2.2"), false, true);
  EXPECT_TRUE(table.is_complete());
  EXPECT_EQ(table.blocklisted(), 2U);
  table.set_incomplete();
  EXPECT_FALSE(table.is_complete());
  EXPECT_EQ(table.refusal(from("192.0.2.1"), kNow), FlowReason::blocklisted) << "is still known";
}

TEST(SecurityTable, AWholeTakesThePlaceOfWhatWasKnown) {
  SecurityTable table;
  table.replace(entry(BlocklistKind::ip, "192.0.2.1"), true, true);
  table.replace(entry(BlocklistKind::ip, "192.0.2.2"), true, true);
  EXPECT_FALSE(table.refusal(from("192.0.2.1"), kNow));
  EXPECT_EQ(table.refusal(from("192.0.2.2"), kNow), FlowReason::blocklisted);
}

TEST(SecurityTable, RefusesEachKindUntilItIsRemoved) {
  SecurityTable table;
  for (const auto& [kind, value] : {std::pair(BlocklistKind::user, kUser.str()),
                                    {BlocklistKind::device, kDevice.str()},
                                    {BlocklistKind::ip, std::string("192.0.2.0/28")}}) {
    EXPECT_FALSE(table.refusal(from("192.0.2.15"), kNow));
    table.apply(entry(kind, value));
    EXPECT_EQ(table.refusal(from("192.0.2.15"), kNow), FlowReason::blocklisted) << value;
    table.apply(entry(kind, value, false));
    table.apply(entry(kind, value, false));
  }
  EXPECT_FALSE(table.refusal(from("192.0.2.15"), kNow));
  EXPECT_EQ(table.blocklisted(), 0U);
}

TEST(SecurityTable, AnEntryIsOverWhenItExpires) {
  SecurityTable table;
  table.apply(entry(BlocklistKind::device, kDevice.str(), true, kNow + std::chrono::seconds{1}));
  EXPECT_TRUE(table.refusal(from("192.0.2.1"), kNow));
  EXPECT_FALSE(table.refusal(from("192.0.2.1"), kNow + std::chrono::seconds{1}));
}

TEST(SecurityTable, FindsAnAddressInBlocksOfAnyLength) {
  SecurityTable table;
  for (const char* block : {"10.0.0.0/8", "192.0.2.128/25", "203.0.113.7", "2001:db8::/32"}) {
    table.apply(entry(BlocklistKind::ip, block));
  }
  for (const char* inside :
       {"10.1.2.3", "192.0.2.200", "203.0.113.7", "2001:db8:1::1", "::ffff:203.0.113.7"}) {
    EXPECT_TRUE(table.refusal(from(inside), kNow)) << inside;
  }
  for (const char* outside : {"11.1.2.3", "192.0.2.1", "203.0.113.8", "2001:db9::1"}) {
    EXPECT_FALSE(table.refusal(from(outside), kNow)) << outside;
  }
}

TEST(SecurityTable, RefusesEpochsThatAreOverAndNeverGoesBack) {
  SecurityTable table;
  FlowPrincipal principal = from("192.0.2.1");
  table.apply({{{kUser, 2, 5}}, {}});
  table.apply({{{kUser, 1, 4}}, {}});
  for (const auto& [epoch, reason] : {std::pair(0U, std::optional(FlowReason::signed_out)),
                                      {1U, std::optional(FlowReason::signed_out)},
                                      {2U, std::nullopt},
                                      {3U, std::nullopt}}) {
    principal.auth_epoch = epoch;
    EXPECT_EQ(table.refusal(principal, kNow), reason) << epoch;
  }
}

}  // namespace
}  // namespace rap::router
