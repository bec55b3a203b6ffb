// The REST API as commands see it: JSON out, JSON in, and every refusal as a Failure with its exit
// code and a sentence.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "client/core/failure.hpp"
#include "client/core/ports.hpp"
#include "client/core/profile.hpp"
#include "wire/http_message.hpp"

namespace rap::client {

// A request below /api/v1/. `token` and `body` may be empty.
wire::HttpRequest api_request(std::string_view method, std::string_view path,
                              const std::string& token, const nlohmann::json* body);

// The body of a 2xx answer (null when it has none), or what the refusal means.
Outcome<nlohmann::json> read_answer(const wire::HttpResponse& response);
Failure explain(const NetworkError& error, const wire::HostPort& server);

// A path segment from what a person typed.
std::string segment(std::string_view text);

class Api {
 public:
  Api(Network& network, wire::HostPort server, std::optional<std::string> roots_pem,
      std::string token)
      : network_(network),
        server_(std::move(server)),
        roots_pem_(std::move(roots_pem)),
        token_(std::move(token)) {}
  Api(Network& network, const Account& account, Home& home)
      : Api(network, account.server, account.roots_pem, account.profile.token) {
    follow_with(home);
    network.deny(account.deny_lists->current());
  }

  // When the platform is not under the roots of this home any more, follow it (client/trust.hpp).
  void follow_with(Home& home) { home_ = &home; }
  const std::optional<std::string>& roots_pem() const { return roots_pem_; }

  Outcome<nlohmann::json> get(const std::string& path);
  Outcome<nlohmann::json> post(const std::string& path, const nlohmann::json& body);
  Outcome<nlohmann::json> put(const std::string& path, const nlohmann::json& body);
  Outcome<nlohmann::json> remove(const std::string& path);

 private:
  Outcome<nlohmann::json> call(std::string_view method, const std::string& path,
                               const nlohmann::json* body);

  Network& network_;
  wire::HostPort server_;
  std::optional<std::string> roots_pem_;
  std::string token_;
  Home* home_ = nullptr;
};

}  // namespace rap::client
