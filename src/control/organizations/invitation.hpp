// Invitations: memberships that wait until the person of an address accepts. One gives nothing, and
// it is the same whether or not the address has an account, so that who manages an organization
// does not learn which of other people's addresses do.
#pragma once

#include <chrono>
#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "control/http/schema.hpp"
#include "policy/roles.hpp"

namespace rap::control {

inline constexpr std::chrono::days kInvitationLifetime{7};
inline constexpr std::size_t kMaxInvitationsOfOrganization = 200;  // at once
// The invitations there may be at once, of all organizations. The oldest makes way: a refusal would
// tell one organization of the others.
inline constexpr std::size_t kMaxInvitationsOfAddress = 16;

struct Invitation {
  OrganizationId organization;
  std::string organization_name;
  std::string email;  // normalized
  policy::OrganizationRole role = policy::OrganizationRole::none;
  WallTime created_at{};
  UserId created_by;
  std::string created_by_email;
  // That who invited has in the organization now; none: they left it, or their account is shut.
  policy::OrganizationRole inviter_role = policy::OrganizationRole::none;
  WallTime expires_at{};

  // Neither expired, nor more than who made it may give any more.
  bool holds(WallTime now) const;
};

Fields invitation_fields();
nlohmann::json to_json(const Invitation& invitation);

class InvitationRepository {
 public:
  virtual ~InvitationRepository() = default;
  // The same address once more has the new role and end. What has expired goes.
  virtual void put(const Invitation& invitation) = 0;
  // How many have not expired. Under the platform's scope: others wait with their invitations to
  // this organization until the transaction ends.
  virtual std::size_t lock_and_count(OrganizationId organization, WallTime now) = 0;
  // Leaves so many of the address, this one among them, and yields those that made way; what has
  // expired goes besides. Under the platform's scope: they are other organizations'.
  virtual std::vector<Invitation> keep_newest(const Invitation& newest, std::size_t count) = 0;
  virtual std::optional<Invitation> find_and_lock(OrganizationId organization,
                                                  std::string_view email) = 0;
  virtual std::vector<Invitation> list(OrganizationId organization) = 0;
  virtual std::vector<Invitation> list_for(std::string_view email) = 0;  // the platform's scope
  virtual bool remove(OrganizationId organization, std::string_view email) = 0;  // false: none
};

// Those of the address that hold. Under the platform's scope: a person is no member there yet.
std::vector<Invitation> waiting_for(InvitationRepository& invitations, std::string_view email,
                                    WallTime now);

}  // namespace rap::control
