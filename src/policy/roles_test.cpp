#include "policy/roles.hpp"

#include <gtest/gtest.h>

namespace rap::policy {
namespace {

TEST(Roles, OfEveryKindAreFoundByTheirNames) {
  for (const auto name : kPlatformRoleNames) EXPECT_EQ(to_string(*platform_role_from(name)), name);
  for (const auto name : kMemberRoleNames) {
    EXPECT_EQ(to_string(*organization_role_from(name)), name);
  }
  for (const auto name : kNodeRoleNames) EXPECT_EQ(to_string(*node_role_from(name)), name);
  EXPECT_EQ(to_string(PlatformRole::platform_owner), "platform_owner");
  EXPECT_EQ(to_string(OrganizationRole::organization_owner), "organization_owner");
  EXPECT_EQ(to_string(NodeRole::egress), "egress");
}

TEST(Roles, OfAMembershipAreNeverNone) {
  EXPECT_EQ(organization_role_from("none"), std::nullopt);
  EXPECT_EQ(kMemberRoleNames.size(), kOrganizationRoleNames.size() - 1);
  EXPECT_EQ(kMemberRoleNames.front(), "organization_user");
}

TEST(Roles, ThatDoNotExistAreNotFound) {
  EXPECT_EQ(platform_role_from(""), std::nullopt);
  EXPECT_EQ(organization_role_from("organization"), std::nullopt);
  EXPECT_EQ(node_role_from("Entry"), std::nullopt);
}

}  // namespace
}  // namespace rap::policy
