// The command 'rap-control serve'.
#pragma once

#include "control/server/serve_options.hpp"

namespace rap::control::server {

// Serves until the process is told to end; what it returns is the process's.
int run_serve(const ServeOptions& options);

}  // namespace rap::control::server
