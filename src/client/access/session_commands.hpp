// rap sessions.
#pragma once

#include "client/command/command.hpp"

namespace rap::client {

void add_session_commands(CLI::App& root, Invocation& invocation);

}  // namespace rap::client
