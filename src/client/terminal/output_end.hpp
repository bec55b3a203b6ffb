// The end of rap, after all that it had to say.
#pragma once

#include <csignal>
#include <ostream>

#include "io/system/standard_streams.hpp"

namespace rap::client {

// The status, unless the output did not arrive, which is said on `err`. `on_broken_pipe` is what
// SIGPIPE did when we were started: a reader that left is then no concern of ours, and we end as
// other programs do, without a word.
int end_output(int status, io::StandardOutput& out, sighandler_t on_broken_pipe, std::ostream& err);

}  // namespace rap::client
