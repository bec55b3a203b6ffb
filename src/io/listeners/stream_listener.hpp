// Accepts TCP connections until destroyed. When the process is out of descriptors it waits a moment
// and goes on.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "io/loop/event_loop.hpp"

namespace rap::io {

class StreamListener {
 public:
  using OnAccept = std::function<void(int fd, std::string peer_ip)>;  // the callee owns fd

  // host: an IP literal; port 0 lets the kernel choose. Throws std::system_error, whose message
  // names the address, when it cannot be bound.
  StreamListener(EventLoop& loop, const std::string& host, std::uint16_t port, OnAccept on_accept);
  ~StreamListener();
  StreamListener(const StreamListener&) = delete;
  StreamListener& operator=(const StreamListener&) = delete;

  std::uint16_t port() const;
  // While paused, whoever connects waits in the kernel's queue.
  void pause();
  void resume();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace rap::io
