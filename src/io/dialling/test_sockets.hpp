// For tests: what the sockets of this process are set to.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <optional>

namespace rap::io {

// An option of the socket of this process that is connected to the port.
inline std::optional<int> option_of_socket_to(std::uint16_t port, int level, int option) {
  for (int fd = 0; fd < 256; ++fd) {
    sockaddr_in peer{};
    socklen_t size = sizeof peer;
    if (::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) != 0) continue;
    if (peer.sin_family != AF_INET || ntohs(peer.sin_port) != port) continue;
    int value = 0;
    size = sizeof value;
    if (::getsockopt(fd, level, option, &value, &size) == 0) return value;
  }
  return std::nullopt;
}

}  // namespace rap::io
