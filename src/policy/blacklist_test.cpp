#include "policy/blacklist.hpp"

#include <gtest/gtest.h>

namespace rap::policy {
namespace {

TEST(BlacklistValue, HasOneForm) {
  EXPECT_EQ(blacklist_value(BlacklistKind::ip, "203.0.113.7/32"), "203.0.113.7");
  EXPECT_EQ(blacklist_value(BlacklistKind::ip, "::ffff:203.0.113.7"), "203.0.113.7");
  const std::string id = "0f8fad5b-d9cb-469f-a165-70867728950e";
  EXPECT_EQ(blacklist_value(BlacklistKind::device, id), id);
  EXPECT_EQ(blacklist_value(BlacklistKind::user, id), id);
}

TEST(BlacklistValue, IsRefusedWhenItLocksEverybodyOut) {
  EXPECT_TRUE(blacklist_value(BlacklistKind::ip, "10.0.0.0/8"));
  EXPECT_FALSE(blacklist_value(BlacklistKind::ip, "10.0.0.0/7"));
  EXPECT_FALSE(blacklist_value(BlacklistKind::ip, "0.0.0.0/0"));
  EXPECT_TRUE(blacklist_value(BlacklistKind::ip, "2001::/16"));
  EXPECT_FALSE(blacklist_value(BlacklistKind::ip, "2000::/15"));
}

TEST(BlacklistValue, IsRefusedWhenItIsOfAnotherKind) {
  EXPECT_FALSE(blacklist_value(BlacklistKind::ip, "0f8fad5b-d9cb-469f-a165-70867728950e"));
  EXPECT_FALSE(blacklist_value(BlacklistKind::device, "203.0.113.7"));
  EXPECT_FALSE(blacklist_value(BlacklistKind::user, "0F8FAD5B-D9CB-469F-A165-70867728950E"));
}

}  // namespace
}  // namespace rap::policy
