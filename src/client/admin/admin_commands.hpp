// rap admin, and rap variables.
#pragma once

#include "client/command/command.hpp"

namespace rap::client {

void add_admin_commands(CLI::App& root, Invocation& invocation);
void add_variables_command(CLI::App& root, Invocation& invocation);

}  // namespace rap::client
