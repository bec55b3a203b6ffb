// rap login, logout, whoami, resources.
#pragma once

#include "client/command/command.hpp"

namespace rap::client {

void add_account_commands(CLI::App& root, Invocation& invocation);

}  // namespace rap::client
