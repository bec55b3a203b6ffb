#include "io/system/standard_streams.hpp"

#include <cerrno>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace rap::io {

void occupy_standard_descriptors() {
  // The lowest free number is taken each time. None can be written to, as one that is closed.
  for (int fd = ::open("/dev/null", O_RDONLY); fd >= 0; fd = ::open("/dev/null", O_RDONLY)) {
    if (fd <= STDERR_FILENO) continue;
    ::close(fd);
    return;
  }
}

StandardOutput::StandardOutput() : std::ostream(this) {
  setp(buffer_.data(), buffer_.data() + buffer_.size());
}

std::expected<void, int> StandardOutput::finish() {
  write_all();
  if (error_ != 0) return std::unexpected(error_);
  return {};
}

int StandardOutput::overflow(int c) {
  using Traits = std::char_traits<char>;
  if (!write_all()) return Traits::eof();
  if (!Traits::eq_int_type(c, Traits::eof())) sputc(Traits::to_char_type(c));
  return Traits::not_eof(c);
}

int StandardOutput::sync() { return write_all() ? 0 : -1; }

bool StandardOutput::write_all() {
  const char* at = pbase();
  while (error_ == 0 && at < pptr()) {
    const ssize_t n = ::write(STDOUT_FILENO, at, static_cast<std::size_t>(pptr() - at));
    if (n >= 0) {
      at += n;
    } else if (errno == EAGAIN) {
      // Whoever shares it with us may have made it non-blocking.
      pollfd room{STDOUT_FILENO, POLLOUT, 0};
      ::poll(&room, 1, -1);
    } else if (errno != EINTR) {
      error_ = errno;
    }
  }
  setp(buffer_.data(), buffer_.data() + buffer_.size());
  return error_ == 0;
}

}  // namespace rap::io
