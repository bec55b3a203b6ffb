// rap devices: the installations of rap that a person signed in with.
#pragma once

#include "client/command/command.hpp"

namespace rap::client {

void add_device_commands(CLI::App& root, Invocation& invocation);

}  // namespace rap::client
