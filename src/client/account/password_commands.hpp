// Choosing a password: at will, and after somebody else set one.
#pragma once

#include <string>

#include "client/command/command.hpp"

namespace rap::client {

void add_password_command(CLI::App& root, Invocation& invocation);

// Asks on the terminal for a password to take the place of the one somebody else set.
Fallible<void> choose_own_password(World& world, const std::string& temporary);

}  // namespace rap::client
