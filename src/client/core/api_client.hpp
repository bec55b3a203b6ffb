// The REST API as commands see it: JSON out, JSON in, and every refusal as a Failure with its exit
// code and a sentence.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "client/core/failure.hpp"
#include "client/core/network.hpp"
#include "client/core/profile.hpp"
#include "wire/http_message.hpp"

namespace rap::client {

// A request below /api/v1/. `token` and `body` may be empty.
wire::HttpRequest api_request(std::string_view method, std::string_view path,
                              const std::string& token, const nlohmann::json* body);

// The body of a 2xx answer (null when it has none), or what the refusal means.
Fallible<nlohmann::json> read_answer(const wire::HttpResponse& response);
Failure network_failure(const NetworkError& error, const wire::HostPort& server);

// A path segment from what a person typed.
std::string segment(std::string_view text);

class ApiClient {
 public:
  ApiClient(Network& network, wire::HostPort server, std::optional<std::string> roots_pem,
            std::string token)
      : network_(network),
        server_(std::move(server)),
        roots_pem_(std::move(roots_pem)),
        token_(std::move(token)) {}
  ApiClient(Network& network, const Account& account, Home& home)
      : ApiClient(network, account.server, account.roots_pem, account.profile.token) {
    follow_with(home);
    network.deny(account.deny_lists->current());
  }

  // When the platform is not under the roots of this home any more, follow it (client/trust.hpp).
  void follow_with(Home& home) { home_ = &home; }
  const std::optional<std::string>& roots_pem() const { return roots_pem_; }

  Fallible<nlohmann::json> get(const std::string& path);
  Fallible<nlohmann::json> post(const std::string& path, const nlohmann::json& body);
  Fallible<nlohmann::json> put(const std::string& path, const nlohmann::json& body);
  Fallible<nlohmann::json> remove(const std::string& path);

 private:
  Fallible<nlohmann::json> call(std::string_view method, const std::string& path,
                                const nlohmann::json* body);

  Network& network_;
  wire::HostPort server_;
  std::optional<std::string> roots_pem_;
  std::string token_;
  Home* home_ = nullptr;
};

}  // namespace rap::client
