#include "policy/authorization.hpp"

#include <array>

#include <gtest/gtest.h>

namespace rap::policy {
namespace {

constexpr std::array kAccesses = {
    Access::anyone,         Access::signed_in,           Access::platform,
    Access::platform_owner, Access::organization_member, Access::organization_manager};
constexpr std::array kPlatformRoles = {PlatformRole::none, PlatformRole::platform_admin,
                                       PlatformRole::platform_owner};
constexpr std::array kOrganizationRoles = {
    OrganizationRole::none, OrganizationRole::organization_user,
    OrganizationRole::organization_admin, OrganizationRole::organization_owner};

// One letter a cell: a(llow), f(orbidden), h(idden). Rows are platform roles × organization roles
// in the order above; columns are the accesses.
constexpr std::array<std::string_view, 12> kMatrix = {
    "aaffhh", "aaffaf", "aaffaa", "aaffaa",  // none
    "aaafff", "aaafaf", "aaafaa", "aaafaa",  // platform_admin
    "aaaaaa", "aaaaaa", "aaaaaa", "aaaaaa",  // platform_owner
};

TEST(Authorization, FollowsTheMatrixOfRolesAndActions) {
  for (std::size_t p = 0; p < kPlatformRoles.size(); ++p) {
    for (std::size_t o = 0; o < kOrganizationRoles.size(); ++o) {
      for (std::size_t a = 0; a < kAccesses.size(); ++a) {
        const char cell = kMatrix[p * kOrganizationRoles.size() + o][a];
        const Decision expected = cell == 'a'   ? Decision::allow
                                  : cell == 'f' ? Decision::forbidden
                                                : Decision::hidden;
        EXPECT_EQ(authorize(kAccesses[a], kPlatformRoles[p], kOrganizationRoles[o]), expected)
            << to_string(kAccesses[a]) << " for " << to_string(kPlatformRoles[p]) << " / "
            << to_string(kOrganizationRoles[o]);
      }
    }
  }
}

TEST(Authorization, LetsAdminsManageUsersAndOnlyOwnersManageManagers) {
  using enum OrganizationRole;
  for (OrganizationRole member : {organization_user, organization_admin, organization_owner}) {
    EXPECT_TRUE(may_manage_member(PlatformRole::platform_owner, none, member));
    EXPECT_TRUE(may_manage_member(PlatformRole::none, organization_owner, member));
    EXPECT_EQ(may_manage_member(PlatformRole::none, organization_admin, member),
              member == organization_user);
    EXPECT_FALSE(may_manage_member(PlatformRole::none, organization_user, member));
    EXPECT_FALSE(may_manage_member(PlatformRole::platform_admin, none, member));
  }
}

}  // namespace
}  // namespace rap::policy
