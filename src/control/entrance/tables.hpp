// The tables of the people's API, one a file of use cases and each typed on what its handlers are
// handed.
#pragma once

#include "control/access/routes.hpp"
#include "control/attachments/routes.hpp"
#include "control/configuration/routes.hpp"
#include "control/entrance/routes.hpp"
#include "control/nodes/administration/routes.hpp"
#include "control/nodes/enrolment/routes.hpp"
#include "control/organizations/delegations/routes.hpp"
#include "control/organizations/routes.hpp"
#include "control/people/accounts/routes.hpp"
#include "control/people/signing_in/routes.hpp"
#include "control/pki/rotation/root_rotation.hpp"
#include "control/pki/rotation/token_key_rotation.hpp"
#include "control/pki/status/deny_list_publication.hpp"

namespace rap::control {

// Gives every table to `take`, in the order of the API's description.
template <class Take>
void for_each_table(Take take) {
  take(sign_in_routes());
  take(password_routes());
  take(password_reset_routes());
  take(user_routes());
  take(organization_routes());
  take(member_routes());
  take(invitation_routes());
  take(delegation_routes());
  take(egress_pool_routes());
  take(resource_routes());
  take(grant_routes());
  take(join_token_routes());
  take(enrolment_routes());
  take(organization_enrolment_routes());
  take(node_routes());
  take(organization_node_routes());
  take(channel_routes());
  take(certificate_routes());
  take(deny_list_routes());
  take(root_rotation_routes());
  take(token_key_routes());
  take(attachment_routes());
  take(fallback_routes());
  take(session_routes());
  take(blocklist_routes());
  take(device_routes());
  take(config_routes());
  take(config_status_routes());
  take(audit_routes());
  take(metrics_token_routes());
  take(platform_routes());
}

}  // namespace rap::control
