// rap ssh, rap ssh-config.
#pragma once

#include "client/command/command.hpp"

namespace rap::client {

// What ssh and its kin return for failures of their own, and so does `rap ssh`.
inline constexpr int kSshFailure = 255;

void add_ssh_commands(CLI::App& root, Invocation& invocation);

}  // namespace rap::client
