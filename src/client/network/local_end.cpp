#include "client/network/local_end.hpp"

#include <unistd.h>

namespace rap::client {

StdioEnd::StdioEnd(io::EventLoop& loop, io::StreamHandler& handler, io::Output& output)
    : stream_(loop, STDIN_FILENO, STDOUT_FILENO, handler) {
  stream_.set_output(&output);
  stream_.pause_reading();
}

}  // namespace rap::client
