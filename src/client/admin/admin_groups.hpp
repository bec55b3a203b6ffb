// The groups below `rap admin`, each declared by the file of its concept.
#pragma once

#include <optional>
#include <string>

#include "client/command/command.hpp"
#include "client/command/leaf.hpp"

namespace rap::client {

// What was typed after an option; nullopt: it was left out.
inline std::optional<std::string> given(const Words& a, const char* option) {
  if (a[option].empty()) return std::nullopt;
  return a[option];
}

// organizations, members, invitations
void add_organization_commands(CLI::App& admin, Invocation& invocation);
// pools, resources, grants
void add_tenant_commands(CLI::App& admin, Invocation& invocation);
void add_delegation_commands(CLI::App& admin, Invocation& invocation);
void add_metrics_token_commands(CLI::App& admin, Invocation& invocation);
void add_user_commands(CLI::App& admin, Invocation& invocation);
// nodes, routes, certificates, channels
void add_fabric_commands(CLI::App& admin, Invocation& invocation);
void add_config_commands(CLI::App& admin, Invocation& invocation);
void add_trust_commands(CLI::App& admin, Invocation& invocation);
void add_device_groups(CLI::App& admin, Invocation& invocation);
void add_blocklist_commands(CLI::App& admin, Invocation& invocation);
// join-tokens, enrolments, audit
void add_platform_commands(CLI::App& admin, Invocation& invocation);

}  // namespace rap::client
