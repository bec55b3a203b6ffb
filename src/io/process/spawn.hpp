// fork and exec in one step: the part of process.hpp that knows no loop.
#pragma once

#include <expected>
#include <string>

#include "io/process/process.hpp"

namespace rap::io {

// Returns once the program runs, or with the step that failed.
std::expected<pid_t, std::string> start_program(const SpawnOptions& options);

}  // namespace rap::io
