#include "policy/authorization.hpp"

#include <array>

#include <gtest/gtest.h>

namespace rap::policy {
namespace {

constexpr std::array kAccesses = {Access::anyone,
                                  Access::signed_in,
                                  Access::platform,
                                  Access::platform_owner,
                                  Access::node_approver,
                                  Access::organization_member,
                                  Access::organization_manager,
                                  Access::organization_owner,
                                  Access::organization_approver,
                                  Access::nodes_into_path,
                                  Access::nodes_out_of_path};
constexpr std::array kPlatformRoles = {PlatformRole::none, PlatformRole::platform_admin,
                                       PlatformRole::platform_owner};
constexpr std::array kOrganizationRoles = {
    OrganizationRole::none, OrganizationRole::organization_user,
    OrganizationRole::organization_admin, OrganizationRole::organization_owner};

// One letter a cell: a(llow), f(orbidden), h(idden). Rows are platform roles × organization roles
// in the order above; columns are the accesses.
constexpr std::array<std::string_view, 12> kMatrix = {
    "aafffhhhhhh", "aafffafffff", "aafffaaffff", "aafffaaaaaa",  // none
    "aaafffffffa", "aaaffaffffa", "aaaffaafffa", "aaaffaaaaaa",  // platform_admin
    "aaaaaaaffaa", "aaaaaaaffaa", "aaaaaaaffaa", "aaaaaaaaaaa",  // platform_owner
};
// The answers to a platform_admin to whom an owner delegated something: the rows of that role
// alone.
constexpr std::array<std::string_view, 4> kMayApprove = {"aaafafffaaa", "aaafaaffaaa",
                                                         "aaafaaafaaa", "aaafaaaaaaa"};
constexpr std::array<std::string_view, 4> kMayManage = {"aaaffaafffa", "aaaffaafffa", "aaaffaafffa",
                                                        "aaaffaaaaaa"};

void expect_row(std::string_view row, PlatformRole platform, OrganizationRole role,
                DelegatedRights delegated) {
  ASSERT_EQ(row.size(), kAccesses.size());
  for (std::size_t a = 0; a < kAccesses.size(); ++a) {
    const Decision expected = row[a] == 'a'   ? Decision::allow
                              : row[a] == 'h' ? Decision::hidden
                                              : Decision::forbidden;
    EXPECT_EQ(authorize(kAccesses[a], platform, role, delegated), expected)
        << to_string(kAccesses[a]) << " for " << to_string(platform) << " / " << to_string(role)
        << (delegated.approve_nodes ? " + approve_nodes" : "")
        << (delegated.manage ? " + manage" : "");
  }
}

TEST(Authorization, FollowsTheMatrixOfRolesAndActions) {
  for (std::size_t p = 0; p < kPlatformRoles.size(); ++p) {
    for (std::size_t o = 0; o < kOrganizationRoles.size(); ++o) {
      expect_row(kMatrix[p * kOrganizationRoles.size() + o], kPlatformRoles[p],
                 kOrganizationRoles[o], {});
    }
  }
}

TEST(Authorization, LetsAnAdministratorDoWhatAnOwnerDelegatedAndNothingElse) {
  for (std::size_t o = 0; o < kOrganizationRoles.size(); ++o) {
    const OrganizationRole role = kOrganizationRoles[o];
    expect_row(kMayApprove[o], PlatformRole::platform_admin, role, {.approve_nodes = true});
    expect_row(kMayManage[o], PlatformRole::platform_admin, role, {.manage = true});
  }
}

TEST(Authorization, CountsADelegatedRightForAdministratorsOfThePlatformAlone) {
  for (const PlatformRole platform : {PlatformRole::none, PlatformRole::platform_owner}) {
    for (std::size_t o = 0; o < kOrganizationRoles.size(); ++o) {
      const auto p = static_cast<std::size_t>(platform);
      expect_row(kMatrix[p * kOrganizationRoles.size() + o], platform, kOrganizationRoles[o],
                 {.approve_nodes = true, .manage = true});
    }
  }
}

TEST(Authorization, MakesNobodyMoreThanAnAdministratorOfAnOrganization) {
  for (const OrganizationRole role : kOrganizationRoles) {
    const auto acts = acting_role(PlatformRole::platform_admin, role, {.manage = true});
    EXPECT_EQ(acts, role == OrganizationRole::organization_owner
                        ? OrganizationRole::organization_owner
                        : OrganizationRole::organization_admin);
    EXPECT_EQ(acting_role(PlatformRole::none, role, {.manage = true}), role);
    EXPECT_EQ(acting_role(PlatformRole::platform_admin, role, {.approve_nodes = true}), role);
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
