// An HTTPS/1.1 client for one server: one kept-alive connection, requests in order.
#pragma once

#include <chrono>
#include <expected>
#include <functional>
#include <memory>
#include <string>

#include "crypto/tls/tls.hpp"
#include "dialling/http_proxy.hpp"
#include "io/loop/event_loop.hpp"
#include "wire/http/http_message.hpp"

namespace rap::io {

struct StreamError;

struct HttpError {
  enum class Kind : std::uint8_t {
    unreachable,  // resolve or connect failed
    tls,          // the handshake failed; detail names the certificate fault
    timeout,
    closed,       // the connection ended in mid-response
    protocol,     // the answer is no HTTP, or over the limit of responses
  };
  Kind kind = Kind::unreachable;
  std::string detail;  // safe to show
  // Why the certificate was refused, where the kind is tls; none: it was not about a certificate.
  std::optional<crypto::CertificateFault> certificate = {};
};
std::string_view to_string(HttpError::Kind kind);

struct HttpClientOptions {
  std::string host;
  std::uint16_t port = 443;
  std::shared_ptr<const crypto::TlsContext> tls = nullptr;  // null: plain HTTP
  std::chrono::milliseconds connect_timeout{5000};
  std::chrono::milliseconds response_timeout{30000};
  std::size_t max_response_bytes = 8 * 1024 * 1024;
  dialling::ProxyChoice proxy = std::nullopt;
  // A GET that fails on a reused connection before any byte of its answer came is made once more,
  // as it stands. Not for requests that are good once.
  bool asks_again = true;
};

// The Host field of requests to the server.
std::string host_field(const HttpClientOptions& options);
HttpError to_http_error(const StreamError& error);  // for a stream that ended before its answer

class HttpClient {
 public:
  using Result = std::expected<wire::HttpResponse, HttpError>;
  using Callback = std::function<void(Result)>;

  HttpClient(EventLoop& loop, HttpClientOptions options);
  ~HttpClient();  // outstanding callbacks are dropped

  // Only method, path, query, headers and body of the request are used; Host, Content-Length and
  // Connection are added. None is made twice, but as HttpClientOptions::asks_again says.
  void send(const wire::HttpRequest& request, Callback done);

  // Whether there is a connection, as far as the loop has heard.
  bool is_connected() const;

  // The server's chain as it presented it in the last handshake (leaf first).
  std::vector<crypto::Certificate> peer_chain() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

// Runs one request to its end on a loop of its own: for command-line programs.
HttpClient::Result http_fetch(const HttpClientOptions& options, const wire::HttpRequest& request,
                              std::vector<crypto::Certificate>* peer_chain = nullptr);

}  // namespace rap::io
