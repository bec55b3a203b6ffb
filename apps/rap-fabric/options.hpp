// The command line of rap-fabric.
#pragma once

#include <expected>

#include "node/fabric/settings.hpp"

namespace rap {

// The error is the program's exit status: its help was printed, or what is wrong.
std::expected<fabric::GivenSettings, int> parse_command_line(int argc, char** argv);

}  // namespace rap
