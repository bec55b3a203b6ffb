// Length-prefixed messages over a Unix socket, between the node-agent and rap-fabric on one host.
// Either end lets in one user (SO_PEERCRED) and reads nothing of anybody else: its own, or root;
// or, where the two run as different users, exactly the one it is given.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <sys/types.h>

#include "base/log/log.hpp"
#include "io/loop/event_loop.hpp"

namespace rap::io {

inline constexpr std::size_t kMaxMessageBytes = 8 * 1024 * 1024;
inline constexpr std::size_t kMaxQueuedMessages = 64;  // one more cuts the connection

class MessageConnection {
 public:
  virtual ~MessageConnection() = default;
  virtual void send(std::string message) = 0;
  virtual void close() = 0;
  // The process at the other end when it connected; 0 when it is of another PID namespace.
  virtual pid_t peer_pid() const = 0;
};

struct MessageHandlers {
  std::function<void(std::shared_ptr<MessageConnection>)> on_open;
  std::function<void(std::string message)> on_message;
  std::function<void()> on_close;  // called once per opened connection
};

// The user at the other end; nullopt: our own, or root.
using MessagePeer = std::optional<uid_t>;

// The agent's side: one connection at a time, a new one replaces the old. The socket is for its
// owner alone, and for its group too where the peer is another user: the group of who may reach it.
class MessageListener {
 public:
  MessageListener(EventLoop& loop, const std::string& path, MessageHandlers handlers, Log& log,
                  MessagePeer peer = std::nullopt);
  ~MessageListener();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

// The fabric's side: connects, and connects again every 200 ms while the agent is away.
class MessageDialer {
 public:
  MessageDialer(EventLoop& loop, const std::string& path, MessageHandlers handlers, Log& log,
                MessagePeer peer = std::nullopt);
  ~MessageDialer();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace rap::io
