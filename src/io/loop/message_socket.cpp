#include "io/loop/message_socket.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <deque>
#include <system_error>
#include <utility>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include "base/bytes.hpp"

namespace asio = boost::asio;

namespace rap::io {
namespace {

using LocalProtocol = asio::local::stream_protocol;
using boost::system::error_code;

constexpr std::chrono::milliseconds kRedialInterval{200};
constexpr std::chrono::milliseconds kAcceptRetry{200};  // the wait when descriptors have run out
constexpr std::size_t kLengthBytes = 4;

LocalProtocol::endpoint endpoint_of(const std::string& path) {
  if (path.size() >= sizeof(sockaddr_un::sun_path)) {
    throw std::system_error(ENAMETOOLONG, std::generic_category(),
                            path + ": a Unix socket's path has at most " +
                                std::to_string(sizeof(sockaddr_un::sun_path) - 1) +
                                " bytes; choose a shorter state directory");
  }
  return LocalProtocol::endpoint(path);
}

constexpr mode_t kForOwner = 0600;
constexpr mode_t kForOwnerAndGroup = 0660;

// The process at the other end; nullopt: it is of a user who has no business here.
std::optional<pid_t> trusted_pid(LocalProtocol::socket& socket, MessagePeer expected) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket.native_handle(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
    return std::nullopt;
  }
  const bool trusted = expected ? peer.uid == *expected : peer.uid == ::geteuid() || peer.uid == 0;
  return trusted ? std::optional(peer.pid) : std::nullopt;
}

// One connection of either side. It reports its end once: to the handlers, then to its owner.
class LocalConnection final : public MessageConnection,
                              public std::enable_shared_from_this<LocalConnection> {
 public:
  LocalConnection(LocalProtocol::socket socket, pid_t peer_pid,
                  std::shared_ptr<const MessageHandlers> handlers, Log& log,
                  std::function<void()> on_end)
      : socket_(std::move(socket)),
        peer_pid_(peer_pid),
        handlers_(std::move(handlers)),
        log_(log),
        on_end_(std::move(on_end)) {}

  void start() {
    const auto handlers = handlers_;  // on_open may destroy our owner
    if (handlers->on_open) handlers->on_open(shared_from_this());
    read_length();
  }

  void send(std::string message) override {
    if (!socket_.is_open()) return;
    if (message.size() > kMaxMessageBytes || queue_.size() >= kMaxQueuedMessages) {
      log_.warn(LogCause::stranger({}, "send"), "message_socket.cut",
                {{"reason",
                  message.size() > kMaxMessageBytes ? "message_too_long" : "peer_does_not_read"},
                 {"message_bytes", message.size()},
                 {"queued", queue_.size()}});
      close();
      return;
    }
    std::string framed(kLengthBytes, '\0');
    store_be32(reinterpret_cast<std::uint8_t*>(framed.data()),
               static_cast<std::uint32_t>(message.size()));
    queue_.push_back(framed += message);
    if (queue_.size() == 1) write_next();
  }

  // The end is reported from the loop, not from inside the caller.
  void close() override {
    if (!socket_.is_open()) return;
    auto executor = socket_.get_executor();
    error_code ignored;
    socket_.close(ignored);
    asio::post(executor, [self = shared_from_this()] { self->end(); });
  }

  pid_t peer_pid() const override { return peer_pid_; }

  void end() {
    error_code ignored;
    socket_.close(ignored);
    auto handlers = std::exchange(handlers_, nullptr);
    auto on_end = std::exchange(on_end_, nullptr);
    if (handlers && handlers->on_close) handlers->on_close();
    if (on_end) on_end();
  }

  // Closes without telling anybody.
  void abandon() {
    handlers_.reset();
    on_end_ = nullptr;
    error_code ignored;
    socket_.close(ignored);
  }

 private:
  void read_length() {
    if (!socket_.is_open()) return;
    asio::async_read(socket_, asio::buffer(length_),
                     [self = shared_from_this()](error_code error, std::size_t) {
                       if (error) return self->end();
                       self->read_message(load_be32(self->length_.data()));
                     });
  }

  void read_message(std::size_t size) {
    if (size > kMaxMessageBytes) {
      log_.warn(LogCause::stranger({}, "read"), "message_socket.cut",
                {{"reason", "message_too_long"}, {"message_bytes", size}});
      return end();
    }
    message_.resize(size);
    asio::async_read(socket_, asio::buffer(message_),
                     [self = shared_from_this()](error_code error, std::size_t) {
                       if (error) return self->end();
                       self->deliver();
                     });
  }

  void deliver() {
    const auto handlers = handlers_;  // on_message may destroy our owner
    if (!handlers || !socket_.is_open()) return;
    if (handlers->on_message) handlers->on_message(std::move(message_));
    message_.clear();
    read_length();
  }

  void write_next() {
    asio::async_write(socket_, asio::buffer(queue_.front()),
                      [self = shared_from_this()](error_code error, std::size_t) {
                        if (error) return self->end();
                        self->queue_.pop_front();
                        if (!self->queue_.empty()) self->write_next();
                      });
  }

  LocalProtocol::socket socket_;
  const pid_t peer_pid_;
  std::shared_ptr<const MessageHandlers> handlers_;
  Log& log_;
  std::function<void()> on_end_;
  std::array<std::uint8_t, kLengthBytes> length_{};
  std::string message_;
  std::deque<std::string> queue_;
};

}  // namespace

struct MessageListener::Impl : std::enable_shared_from_this<Impl> {
  Impl(EventLoop& loop, const std::string& path, MessageHandlers h, Log& l, MessagePeer p)
      : acceptor(loop.context()),
        retry(loop),
        handlers(std::make_shared<const MessageHandlers>(std::move(h))),
        log(l),
        peer(p) {
    const LocalProtocol::endpoint endpoint = endpoint_of(path);
    struct stat info{};
    // What a process that was killed left behind. Anything but a socket stays, and bind says so.
    if (::lstat(path.c_str(), &info) == 0 && S_ISSOCK(info.st_mode)) ::unlink(path.c_str());
    error_code error;
    acceptor.open(endpoint.protocol());
    acceptor.bind(endpoint, error);
    if (!error && ::chmod(path.c_str(), peer ? kForOwnerAndGroup : kForOwner) != 0) {
      error.assign(errno, boost::system::system_category());
    }
    if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (error) throw std::system_error(error.value(), std::system_category(), path);
  }

  void accept() {
    acceptor.async_accept(
        [weak = weak_from_this()](error_code error, LocalProtocol::socket socket) {
          auto self = weak.lock();
          if (!self || !self->acceptor.is_open()) return;
          if (error) {
            self->retry.after(kAcceptRetry, [impl = self.get()] { impl->accept(); });
            return;
          }
          self->take(std::move(socket));
          if (self->acceptor.is_open()) self->accept();
        });
  }

  void take(LocalProtocol::socket socket) {
    const auto pid = trusted_pid(socket, peer);
    if (!pid) {
      log.warn(LogCause::stranger({}), "message_socket.refused", {{"reason", "other_user"}});
      return;
    }
    // The old one's end is told before the new one's beginning: the handlers hold one connection.
    if (auto old = std::exchange(current, nullptr)) old->end();
    if (!acceptor.is_open()) return;
    current = std::make_shared<LocalConnection>(std::move(socket), *pid, handlers, log,
                                                [weak = weak_from_this()] {
                                                  if (auto self = weak.lock())
                                                    self->current.reset();
                                                });
    current->start();
  }

  LocalProtocol::acceptor acceptor;
  Timer retry;
  std::shared_ptr<const MessageHandlers> handlers;
  Log& log;
  const MessagePeer peer;
  std::shared_ptr<LocalConnection> current;
};

MessageListener::MessageListener(EventLoop& loop, const std::string& path, MessageHandlers handlers,
                                 Log& log, MessagePeer peer)
    : impl_(std::make_shared<Impl>(loop, path, std::move(handlers), log, peer)) {
  impl_->accept();
}

MessageListener::~MessageListener() {
  error_code ignored;
  impl_->acceptor.close(ignored);
  impl_->retry.cancel();
  if (auto old = std::exchange(impl_->current, nullptr)) old->abandon();
}

struct MessageDialer::Impl : std::enable_shared_from_this<Impl> {
  Impl(EventLoop& loop, const std::string& path, MessageHandlers h, Log& l, MessagePeer p)
      : context(loop.context()),
        endpoint(endpoint_of(path)),
        redial(loop),
        handlers(std::make_shared<const MessageHandlers>(std::move(h))),
        log(l),
        peer(p) {}

  void dial() {
    auto socket = std::make_shared<LocalProtocol::socket>(context);
    socket->async_connect(endpoint, [weak = weak_from_this(), socket](error_code error) {
      auto self = weak.lock();
      if (!self || self->closed) return;
      if (error) return self->dial_later();
      self->take(std::move(*socket));
    });
  }

  void take(LocalProtocol::socket socket) {
    const auto pid = trusted_pid(socket, peer);
    if (!pid) {
      log.warn(LogCause::stranger({}), "message_socket.refused", {{"reason", "other_user"}});
      return dial_later();
    }
    current = std::make_shared<LocalConnection>(std::move(socket), *pid, handlers, log,
                                                [weak = weak_from_this()] {
                                                  if (auto self = weak.lock()) self->lost();
                                                });
    current->start();
  }

  void lost() {
    current.reset();
    if (!closed) dial_later();
  }

  void dial_later() {
    redial.after(kRedialInterval, [impl = this] { impl->dial(); });
  }

  asio::io_context& context;
  LocalProtocol::endpoint endpoint;
  Timer redial;
  std::shared_ptr<const MessageHandlers> handlers;
  Log& log;
  const MessagePeer peer;
  std::shared_ptr<LocalConnection> current;
  bool closed = false;
};

MessageDialer::MessageDialer(EventLoop& loop, const std::string& path, MessageHandlers handlers,
                             Log& log, MessagePeer peer)
    : impl_(std::make_shared<Impl>(loop, path, std::move(handlers), log, peer)) {
  impl_->dial();
}

MessageDialer::~MessageDialer() {
  impl_->closed = true;
  impl_->redial.cancel();
  if (auto old = std::exchange(impl_->current, nullptr)) old->abandon();
}

}  // namespace rap::io
