// HTTP requests and responses as values (RFC 9110): what a handler sees, without sockets.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/spiffe_id.hpp"

namespace rap::wire {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;  // names in lower case

struct HttpRequest {
  std::string method;  // upper case
  std::string path;    // percent-decoded by nobody: "/api/v1/me"
  std::string query;   // without the '?'
  HttpHeaders headers;
  std::string body;
  bool is_http_1_0 = false;

  // Facts of the connection, not of the message.
  std::string peer_ip;
  std::optional<SpiffeId> peer;  // the proven client certificate's identity (mutual TLS listeners)
  std::string peer_certificate_serial;  // of that certificate, lower-case hex
  std::string peer_certificate_der;

  std::string_view header(std::string_view lower_case_name) const {
    for (const auto& [name, value] : headers) {
      if (name == lower_case_name) return value;
    }
    return {};
  }
  std::size_t count(std::string_view lower_case_name) const {
    std::size_t n = 0;
    for (const auto& [name, value] : headers) n += name == lower_case_name;
    return n;
  }
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "application/json";
  HttpHeaders headers;
  std::string body;
  // Not empty: the answer to a GET is a stream of events that stays open, one for this key. Content
  // type and body mean nothing then.
  std::string event_stream;
  // A fact for the server, which is not sent: whom the request proved to come from. Empty: nobody.
  std::string principal = {};

  std::string_view header(std::string_view lower_case_name) const {
    for (const auto& [name, value] : headers) {
      if (name == lower_case_name) return value;
    }
    return {};
  }
};

// The value of `name` in a query string, percent-decoded ('+' is a space); nullopt when absent or
// when an escape is malformed.
std::optional<std::string> query_parameter(std::string_view query, std::string_view name);
std::string percent_encode(std::string_view s);

}  // namespace rap::wire
