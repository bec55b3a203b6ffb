// The REST API as commands see it: a call out, JSON in, and every refusal as a Failure with its
// exit code and a sentence. The calls, and structs for what they hold, are made of
// docs/api/openapi.json (client/api/api_types.hpp, in the build folder).
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "client/api/client_network.hpp"
#include "client/core/failure.hpp"
#include "client/core/profile.hpp"
#include "wire/http/http_message.hpp"

namespace rap::client {

struct ApiCall {
  std::string method;
  std::string path;  // below /api/v1/, with its query
  std::string body;  // JSON, or empty
};
// The call has no body when `body` is null.
ApiCall make_call(std::string method, std::string path, const nlohmann::json& body);

// `token` may be empty.
wire::HttpRequest api_request(const ApiCall& call, const std::string& token);

// The body of a 2xx answer (null when it has none), or what the refusal means.
Fallible<nlohmann::json> read_answer(const wire::HttpResponse& response);
Failure not_understood(std::string_view why);  // the answer is none of this API
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
    network.identify(account.device);
  }

  // The platform is followed from now on when it is not under the roots of this home any more
  // (root_succession.hpp).
  void follow_with(Home& home) { home_ = &home; }
  const std::optional<std::string>& roots_pem() const { return roots_pem_; }

  Fallible<nlohmann::json> ask(const ApiCall& call);

 private:
  Network& network_;
  wire::HostPort server_;
  std::optional<std::string> roots_pem_;
  std::string token_;
  Home* home_ = nullptr;
};

}  // namespace rap::client
