#include "client/admin/admin_commands.hpp"

#include "client/admin/admin_groups.hpp"

namespace rap::client {

void add_admin_commands(CLI::App& root, Invocation& invocation) {
  CLI::App* admin = add_group(root, "admin", "Administer organizations, people and the fabric");
  add_organization_commands(*admin, invocation);
  add_delegation_commands(*admin, invocation);
  add_user_commands(*admin, invocation);
  add_tenant_commands(*admin, invocation);
  add_fabric_commands(*admin, invocation);
  add_config_commands(*admin, invocation);
  add_trust_commands(*admin, invocation);
  add_device_groups(*admin, invocation);
  add_blocklist_commands(*admin, invocation);
  add_metrics_token_commands(*admin, invocation);
  add_platform_commands(*admin, invocation);
}

}  // namespace rap::client
