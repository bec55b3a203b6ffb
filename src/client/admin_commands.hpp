// The groups below `rap admin`.
#pragma once

#include "client/command.hpp"

namespace rap::client {

// organizations, users, members, pools, resources, grants
void add_tenant_commands(CLI::App& admin, Invocation& invocation);
// join-tokens, enrolments, nodes, channels, audit
void add_platform_commands(CLI::App& admin, Invocation& invocation);

}  // namespace rap::client
