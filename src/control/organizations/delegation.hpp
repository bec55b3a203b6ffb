// Delegations: rights that an owner gave an administrator of the platform, each until a time
// (policy/delegated_rights.hpp). Every request looks them up, so that one ends with its removal.
// One is in force while its holder and its giver have enabled accounts, and its giver the role that
// gives it.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "control/core/database.hpp"
#include "control/http/call.hpp"
#include "control/http/schema.hpp"
#include "policy/delegated_rights.hpp"

namespace rap::control {

struct Delegation {
  std::optional<OrganizationId> organization;  // nullopt: by a platform_owner, of the platform's
  UserId user;
  std::string email;
  policy::DelegatedRight right = policy::DelegatedRight::approve_nodes;
  WallTime created_at{};
  UserId created_by;
  std::string created_by_email;
  WallTime expires_at{};
};

Fields delegation_fields();
nlohmann::json to_json(const Delegation& delegation);

// Used under the platform's scope: the administrator is no member of the organization.
class DelegationRepository {
 public:
  virtual ~DelegationRepository() = default;
  // The same right once more has the new end. What has ended goes.
  virtual void put(const Delegation& delegation) = 0;
  // Those in force. nullopt: the platform's.
  virtual std::vector<Delegation> list(std::optional<OrganizationId> organization,
                                       WallTime now) = 0;
  virtual policy::DelegatedRights rights_of(std::optional<OrganizationId> organization, UserId user,
                                            WallTime now) = 0;
  virtual bool remove(std::optional<OrganizationId> organization, UserId user,
                      policy::DelegatedRight right) = 0;  // false: there was none
  // What the user holds; yields what there was.
  virtual std::vector<Delegation> remove_all(UserId user) = 0;
  // What the user gave, of the platform and of every organization, or of the one; yields what there
  // was.
  virtual std::vector<Delegation> remove_given(UserId giver) = 0;
  virtual std::vector<Delegation> remove_given(UserId giver,
                                               std::optional<OrganizationId> organization) = 0;
};

// Writes the end of each into the log of the organization it was of, or else the platform's.
void audit_ends(Transaction& tx, const Call& call, const std::vector<Delegation>& ended);

}  // namespace rap::control
