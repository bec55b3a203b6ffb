#include "control/organizations/invitation.hpp"

#include <nlohmann/json.hpp>

#include "policy/authorization.hpp"

namespace rap::control {

bool Invitation::holds(WallTime now) const {
  return now < expires_at &&
         policy::may_manage_member(policy::PlatformRole::none, inviter_role, role);
}

Fields invitation_fields() {
  using namespace field;
  return {field::name("organization"), email("email"),     choice("role", policy::kMemberRoleNames),
          time("created_at"),          text("created_by"), time("expires_at")};
}

nlohmann::json to_json(const Invitation& i) {
  return {{"organization", i.organization_name}, {"email", i.email},
          {"role", to_string(i.role)},           {"created_at", to_unix(i.created_at)},
          {"created_by", i.created_by_email},    {"expires_at", to_unix(i.expires_at)}};
}

std::vector<Invitation> waiting_for(InvitationRepository& invitations, std::string_view email,
                                    WallTime now) {
  std::vector<Invitation> all = invitations.list_for(email);
  std::erase_if(all, [&](const Invitation& i) { return !i.holds(now); });
  return all;
}

}  // namespace rap::control
