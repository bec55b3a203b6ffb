#include "policy/addresses/blocklist_kind.hpp"

#include <gtest/gtest.h>

namespace rap::policy {
namespace {

TEST(BlocklistValue, HasOneForm) {
  EXPECT_EQ(blocklist_value(BlocklistKind::ip, "203.0.113.7/32"), "203.0.113.7");
  EXPECT_EQ(blocklist_value(BlocklistKind::ip, "::ffff:203.0.113.7"), "203.0.113.7");
  const std::string id = "0f8fad5b-d9cb-469f-a165-70867728950e";
  EXPECT_EQ(blocklist_value(BlocklistKind::device, id), id);
  EXPECT_EQ(blocklist_value(BlocklistKind::user, id), id);
}

TEST(BlocklistValue, IsRefusedWhenItLocksEverybodyOut) {
  EXPECT_TRUE(blocklist_value(BlocklistKind::ip, "10.0.0.0/8"));
  EXPECT_FALSE(blocklist_value(BlocklistKind::ip, "10.0.0.0/7"));
  EXPECT_FALSE(blocklist_value(BlocklistKind::ip, "0.0.0.0/0"));
  EXPECT_TRUE(blocklist_value(BlocklistKind::ip, "2001::/16"));
  EXPECT_FALSE(blocklist_value(BlocklistKind::ip, "2000::/15"));
}

TEST(BlocklistValue, IsRefusedWhenItIsOfAnotherKind) {
  EXPECT_FALSE(blocklist_value(BlocklistKind::ip, "0f8fad5b-d9cb-469f-a165-70867728950e"));
  EXPECT_FALSE(blocklist_value(BlocklistKind::device, "203.0.113.7"));
  EXPECT_FALSE(blocklist_value(BlocklistKind::user, "0F8FAD5B-D9CB-469F-A165-70867728950E"));
}

}  // namespace
}  // namespace rap::policy
