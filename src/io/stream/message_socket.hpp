// Length-prefixed messages over a Unix socket, between the node-agent and rap-fabric on one host.
// Only peers of the same user (SO_PEERCRED) or root are let in.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/log.hpp"
#include "io/stream/event_loop.hpp"

namespace rap::io {

inline constexpr std::size_t kMaxMessageBytes = 8 * 1024 * 1024;
inline constexpr std::size_t kMaxQueuedMessages = 64;  // one more cuts the connection

class MessageConnection {
 public:
  virtual ~MessageConnection() = default;
  virtual void send(std::string message) = 0;
  virtual void close() = 0;
};

struct MessageHandlers {
  std::function<void(std::shared_ptr<MessageConnection>)> on_open;
  std::function<void(std::string message)> on_message;
  std::function<void()> on_close;  // called once per opened connection
};

// The agent's side: one connection at a time, a new one replaces the old.
class MessageListener {
 public:
  MessageListener(EventLoop& loop, const std::string& path, MessageHandlers handlers, Log& log);
  ~MessageListener();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

// The fabric's side: connects, and connects again every 200 ms while the agent is away.
class MessageDialer {
 public:
  MessageDialer(EventLoop& loop, const std::string& path, MessageHandlers handlers, Log& log);
  ~MessageDialer();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace rap::io
