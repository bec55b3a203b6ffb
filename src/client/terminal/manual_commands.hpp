// rap completion, man: what the tree says of itself.
#pragma once

#include "client/command/command.hpp"

namespace rap::client {

void add_manual_commands(CLI::App& root, Invocation& invocation);

}  // namespace rap::client
