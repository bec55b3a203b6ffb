// What the HTTP tests are made of: a server on a loop of its own, and a blocking connection that
// sends what it is told to, well-formed or not.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "io/http/http_codec.hpp"
#include "io/http/server/http_server.hpp"
#include "io/system/descriptor.hpp"

namespace rap::io {

inline sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

class RawConnection {
 public:
  // Comes from 127.0.0.`source`.
  explicit RawConnection(std::uint16_t port, std::uint8_t source = 1)
      : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in from = loopback(0);
    from.sin_addr.s_addr = htonl(INADDR_LOOPBACK - 1 + source);
    ::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&from), sizeof from);
    // Far beyond what any test waits for: it only keeps a failing test from hanging.
    const timeval patience{.tv_sec = 30, .tv_usec = 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    const sockaddr_in address = loopback(port);
    connected_ =
        ::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  explicit RawConnection(Descriptor accepted) : fd_(std::move(accepted)), connected_(true) {}

  bool connected() const { return connected_; }
  int fd() const { return fd_.get(); }
  void close() { fd_.reset(); }

  // Returns false when the peer no longer takes it.
  bool send(std::string_view text) {
    while (!text.empty()) {
      const ssize_t n = ::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL);
      if (n < 0) return false;
      text.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }

  // The next response; status 0 when the connection ended without one.
  wire::HttpResponse response(bool answers_head = false) {
    HttpResponseParser parser({.header_bytes = 32 * 1024, .body_bytes = 64 * 1024 * 1024});
    parser.expect(answers_head);
    wire::HttpResponse none;
    none.status = 0;
    for (;;) {
      const HttpStep step = parser.feed(as_bytes(received_));
      received_.erase(0, step.consumed);
      if (step.state == HttpParseState::complete) return parser.take();
      if (step.state == HttpParseState::failed || !receive()) return none;
    }
  }

  // The bytes of the next request, up to its empty line.
  std::string request_head() {
    while (received_.find("\r\n\r\n") == std::string::npos) {
      if (!receive()) return {};
    }
    const std::size_t size = received_.find("\r\n\r\n") + 4;
    std::string head = received_.substr(0, size);
    received_.erase(0, size);
    return head;
  }

  // Returns whether the peer closes without another byte.
  bool closed() { return received_.empty() && !receive(); }
  bool receive() {
    char buffer[64 * 1024];
    const ssize_t n = ::recv(fd_.get(), buffer, sizeof buffer, 0);
    if (n > 0) received_.append(buffer, static_cast<std::size_t>(n));
    return n > 0;
  }
  const std::string& received() const { return received_; }

 private:
  Descriptor fd_;
  bool connected_ = false;
  std::string received_;
};

// A server with a short patience gives up who is silent, and so whoever stands still between
// connecting and sending, as a busy machine does. Each is tried again so often.
inline constexpr int kConnectTries = 5;

// A connection on which `text` was answered with `status`; null: none was.
inline std::unique_ptr<RawConnection> answered(std::uint16_t port, std::string_view text,
                                               int status) {
  for (int i = 0; i < kConnectTries; ++i) {
    auto connection = std::make_unique<RawConnection>(port);
    connection->send(text);
    if (connection->response().status == status) return connection;
  }
  return nullptr;
}

class RecordingLog final : public Log {
 public:
  void write(LogLevel level, std::string_view event,
             std::initializer_list<LogField> fields) override {
    std::lock_guard lock(mutex_);
    lines_.push_back(format_log_line("t", level, "test", event, fields));
  }
  std::vector<std::string> lines() {
    std::lock_guard lock(mutex_);
    return lines_;
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> lines_;
};

// A server running on its own thread.
class TestServer {
 public:
  TestServer(HttpServerOptions options, HttpServer::Handler handler)
      : server_(std::make_unique<HttpServer>(loop_, std::move(options), std::move(handler), log_)),
        port_(server_->port()),
        thread_([this] { loop_.run(); }) {}
  ~TestServer() {
    loop_.post([this] {
      server_.reset();
      loop_.stop();
    });
    thread_.join();
  }

  std::uint16_t port() const { return port_; }
  RecordingLog& log() { return log_; }
  // Runs fn with the server on the loop's thread, and waits for it.
  template <class Fn>
  void on_loop(Fn fn) {
    std::promise<void> done;
    loop_.post([&] {
      fn(*server_);
      done.set_value();
    });
    done.get_future().wait();
  }

 private:
  RecordingLog log_;
  EventLoop loop_;
  std::unique_ptr<HttpServer> server_;
  std::uint16_t port_;
  std::thread thread_;
};

inline wire::HttpResponse echo_request(const wire::HttpRequest& request) {
  wire::HttpResponse response;
  response.body = request.method + " " + request.path + " " + request.query + " " + request.body +
                  " from " + request.peer_ip;
  return response;
}

inline std::string get_request(std::string_view path) {
  return "GET " + std::string(path) + " HTTP/1.1\r\nhost: x\r\n\r\n";
}

}  // namespace rap::io
