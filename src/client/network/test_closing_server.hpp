// A control plane of a test's own that closes the connection instead of answering the second
// request on it, as one does whose idle connections end just then.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "client/network/test_entry.hpp"
#include "io/http/http_codec.hpp"
#include "io/system/system.hpp"

namespace rap::client {

class ClosingServer {
 public:
  explicit ClosingServer(const TestPlatform& platform)
      : listener_(
            loop_, "127.0.0.1", 0,
            {.tls = crypto::TlsContext::make(
                 crypto::TlsRole::server, platform.worker({.kind = wire::SpiffeId::Kind::control}),
                 crypto::AcceptAnyone{}, io::wall_now)},
            [this](std::unique_ptr<io::Stream> stream) {
              clients_.push_back(std::make_unique<Client>(*this, std::move(stream)));
            }),
        thread_([this] { loop_.run(); }) {}
  ~ClosingServer() {
    loop_.stop();
    thread_.join();
  }

  std::uint16_t port() const { return listener_.port(); }
  // What came so far: method and proof of each request.
  std::vector<std::pair<std::string, std::string>> requests() {
    std::lock_guard lock(mutex_);
    return requests_;
  }
  // The answer to the requests of this method that get one is 404.
  void has_nothing_to(const std::string& method) {
    std::lock_guard lock(mutex_);
    missing_ = method;
  }

 private:
  class Client final : public io::StreamHandler {
   public:
    Client(ClosingServer& server, std::unique_ptr<io::Stream> stream)
        : server_(server), stream_(std::move(stream)) {
      stream_->set_handler(*this);
    }

   private:
    void on_open() override {}
    void on_close(const io::StreamError&) override {}
    std::size_t on_data(MutableBytes data) override {
      const auto step = parser_.feed(data);
      if (step.state != io::HttpParseState::complete) return step.consumed;
      const bool is_found = server_.heard(parser_.take());
      if (++requests_ == 2) {
        stream_->abort();
      } else {
        stream_->write(as_bytes(std::string("HTTP/1.1 ") + (is_found ? "200 OK" : "404 Not Found") +
                                "\r\ncontent-length: 2\r\n\r\n{}"));
      }
      return step.consumed;
    }

    ClosingServer& server_;
    std::unique_ptr<io::Stream> stream_;
    io::HttpRequestParser parser_{{}};
    int requests_ = 0;
  };

  bool heard(const wire::HttpRequest& request) {
    std::lock_guard lock(mutex_);
    requests_.emplace_back(request.method, request.header("device-proof"));
    return request.method != missing_;
  }

  std::mutex mutex_;
  std::vector<std::pair<std::string, std::string>> requests_;
  std::string missing_;
  io::EventLoop loop_;
  std::vector<std::unique_ptr<Client>> clients_;
  io::TlsListener listener_;
  std::thread thread_;
};

}  // namespace rap::client
