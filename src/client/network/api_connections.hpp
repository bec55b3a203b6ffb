// Connections to the control plane, so that a request need not wait for the answer to another. They
// are made as needed, and anew for another account or deny list.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "client/core/profile.hpp"
#include "io/http/client/http_client.hpp"

namespace rap::client {

inline constexpr std::size_t kMaxApiConnections = 4;
// A connection that was idle for longer may be forgotten on its way, while the machine slept or by
// what translates addresses there. A request for a session is made once only, and would wait in
// vain for its answer.
inline constexpr std::chrono::milliseconds kTrustIdleFor{10'000};
// One that was forgotten just after its use is given up for another. By then a link to an entry
// that was forgotten with it is given up too (io/http/client/websocket_client.hpp).
inline constexpr std::chrono::milliseconds kAnswerWithin{15'000};

class ApiConnections {
 public:
  explicit ApiConnections(io::EventLoop& loop,
                          std::chrono::milliseconds trust_idle_for = kTrustIdleFor)
      : loop_(loop), trust_idle_for_(trust_idle_for) {}

  // Each request goes to a connection that has none, or to the one with the fewest. Each time that
  // it is made it has a proof of the account's device of its own.
  void send(const Account& account, const wire::HttpRequest& request,
            io::HttpClient::Callback done);

 private:
  // How often the same request may be made again, and why.
  struct Again {
    int proofs;  // with a nonce of the server's
    int closed;  // its connection ended before an answer; only where it may be made twice
    std::string nonce = {};
  };
  void send_proven(const Account& account, const wire::HttpRequest& request, Again again,
                   io::HttpClient::Callback done);
  void send_as_is(const Account& account, const wire::HttpRequest& request,
                  io::HttpClient::Callback done);

  struct Connection {
    Connection(io::EventLoop& loop, io::HttpClientOptions options)
        : http(loop, std::move(options)) {}
    io::HttpClient http;
    std::size_t outstanding = 0;
    MonoTime used_at{};  // when the last answer came
  };

  bool serves(const Account& account) const;
  bool is_forgotten(const Connection& connection) const;
  Connection& least_busy(const Account& account);

  io::EventLoop& loop_;
  std::chrono::milliseconds trust_idle_for_;
  wire::HostPort server_;
  std::string roots_pem_;
  std::shared_ptr<const crypto::DenyList> deny_;
  std::vector<std::shared_ptr<Connection>> connections_;
  std::vector<std::shared_ptr<Connection>> retired_;  // these wait for their last answers
};

}  // namespace rap::client
