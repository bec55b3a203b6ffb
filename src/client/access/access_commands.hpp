// rap ssh, proxy, forward, sessions.
#pragma once

#include "client/command/command.hpp"

namespace rap::client {

void add_access_commands(CLI::App& root, Invocation& invocation);

}  // namespace rap::client
