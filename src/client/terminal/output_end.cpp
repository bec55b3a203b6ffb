#include "client/terminal/output_end.hpp"

#include <cerrno>
#include <cstring>

#include "client/core/failure.hpp"

namespace rap::client {

int end_output(int status, io::StandardOutput& out, sighandler_t on_broken_pipe,
               std::ostream& err) {
  const auto written = out.finish();
  if (written) return status;
  if (written.error() == EPIPE && on_broken_pipe == SIG_DFL) {
    std::signal(SIGPIPE, SIG_DFL);
    std::raise(SIGPIPE);
  }
  err << "rap: Cannot write the output: " << std::strerror(written.error()) << std::endl;
  return status == 0 ? static_cast<int>(ExitCode::failed) : status;
}

}  // namespace rap::client
