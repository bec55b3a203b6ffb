// rap invitations: the organizations that one is invited to, accepted or declined.
#pragma once

#include "client/command/command.hpp"

namespace rap::client {

void add_invitation_commands(CLI::App& root, Invocation& invocation);

}  // namespace rap::client
