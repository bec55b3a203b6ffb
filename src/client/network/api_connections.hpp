// Connections to the control plane, so that a request need not wait for the answer to another. They
// are made as needed, and anew for another account or deny list.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "client/core/profile.hpp"
#include "io/http/client/http_client.hpp"

namespace rap::client {

inline constexpr std::size_t kMaxApiConnections = 4;

class ApiConnections {
 public:
  explicit ApiConnections(io::EventLoop& loop) : loop_(loop) {}

  // Each request goes to a connection that has none, or to the one with the fewest, with a proof
  // of the account's device.
  void send(const Account& account, const wire::HttpRequest& request,
            io::HttpClient::Callback done);

 private:
  void send_as_is(const Account& account, const wire::HttpRequest& request,
                  io::HttpClient::Callback done);

  struct Connection {
    Connection(io::EventLoop& loop, io::HttpClientOptions options)
        : http(loop, std::move(options)) {}
    io::HttpClient http;
    std::size_t outstanding = 0;
  };

  bool serves(const Account& account) const;
  Connection& least_busy(const Account& account);

  io::EventLoop& loop_;
  wire::HostPort server_;
  std::string roots_pem_;
  std::shared_ptr<const crypto::DenyList> deny_;
  std::vector<std::shared_ptr<Connection>> connections_;
  std::vector<std::shared_ptr<Connection>> retired_;  // these wait for their last answers
};

}  // namespace rap::client
