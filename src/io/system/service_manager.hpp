// What a service tells systemd that started it (sd_notify(3)), without its library.
#pragma once

#include <string>
#include <string_view>

namespace rap::io {

// Sends to the socket of systemd's that the environment names; none: nobody started us who listens.
class ServiceManager {
 public:
  ServiceManager();  // reads NOTIFY_SOCKET
  explicit ServiceManager(std::string socket) : socket_(std::move(socket)) {}

  // Says that we live, for WatchdogSec=: the service that stops saying so is ended.
  void alive() const { tell("WATCHDOG=1"); }

 private:
  void tell(std::string_view state) const;

  std::string socket_;  // a path, or "@" and an abstract name; empty: none
};

}  // namespace rap::io
