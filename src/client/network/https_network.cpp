#include "client/network/https_network.hpp"

#include <utility>

#include "base/time_text.hpp"
#include "crypto/ocsp/ocsp.hpp"
#include "crypto/x509/ca.hpp"
#include "io/dialling/proxy_environment.hpp"
#include "io/system/system.hpp"

namespace rap::client {

bool is_idempotent(const wire::HttpRequest& request) {
  return request.method == "GET" || request.method == "DELETE";
}

io::HttpClientOptions https_options(const wire::HostPort& server,
                                    const std::optional<std::string>& roots_pem,
                                    std::shared_ptr<const crypto::DenyList> deny) {
  crypto::TlsPolicy policy = crypto::AcceptUnverified{};
  if (roots_pem) {
    // Roots that do not parse verify nobody, nor do those that name no cluster.
    auto roots = crypto::Certificate::chain_from_pem(*roots_pem)
                     .value_or(std::vector<crypto::Certificate>{});
    const auto cluster = crypto::cluster_of_roots(roots);
    if (!cluster) roots.clear();
    policy = crypto::AcceptMember{.roots = std::move(roots),
                                  .cluster = cluster.value_or(ClusterId{}),
                                  .kind = wire::SpiffeId::Kind::control,
                                  .host = server.host,
                                  .deny = std::move(deny),
                                  .staple_max_age = crypto::kMaxStapleAge};
  }
  io::HttpClientOptions options;
  options.host = server.host;
  options.port = server.port;
  options.proxy = io::proxy_from_environment(server.host, server.port);
  options.response_timeout = kResponseTimeout;
  options.max_response_bytes = kMaxResponseBytes;
  options.asks_again = false;  // a request may carry a proof, which is good once
  options.tls = crypto::TlsContext::make(crypto::TlsRole::client, std::nullopt, std::move(policy),
                                         io::wall_now);
  return options;
}

wire::HttpRequest prove_now(const wire::HttpRequest& request, const DeviceKey& device,
                            std::string_view nonce) {
  io::SystemRandom random;
  return prove(request, device, TokenId::random(random), io::wall_now(), nonce);
}

NetworkError to_network_error(const io::HttpError& error, const wire::HostPort& server) {
  const auto fault = [&] {
    switch (error.kind) {
      case io::HttpError::Kind::unreachable: return NetworkFault::unreachable;
      case io::HttpError::Kind::tls: return NetworkFault::untrusted;
      case io::HttpError::Kind::timeout: return NetworkFault::timeout;
      case io::HttpError::Kind::closed: return NetworkFault::unreachable;
      case io::HttpError::Kind::protocol: return NetworkFault::broken;
    }
    return NetworkFault::broken;
  }();
  const auto proxy = io::proxy_from_environment(server.host, server.port);
  return {fault, error.detail, error.certificate, rfc3339(io::wall_now()),
          proxy && *proxy ? (*proxy)->str() : ""};
}

// Whom it leads to, and as whom that was verified.
struct HttpsNetwork::Connection {
  Connection(wire::HostPort to, std::optional<std::string> roots,
             std::shared_ptr<const crypto::DenyList> list, io::HttpClientOptions options)
      : server(std::move(to)),
        roots_pem(std::move(roots)),
        deny(std::move(list)),
        http(loop, std::move(options)) {}

  io::HttpClient::Result ask(const wire::HttpRequest& request) {
    std::optional<io::HttpClient::Result> result;
    http.send(request, [&](io::HttpClient::Result r) {
      result = std::move(r);
      loop.stop();
    });
    loop.run();
    used_at = io::mono_now();
    return std::move(*result);
  }

  // Whether the server had not closed it by now: what has arrived is heard first.
  bool is_open() {
    io::Timer heard(loop);
    heard.after(Duration::zero(), [&] { loop.stop(); });
    loop.run();
    return http.is_connected();
  }

  const wire::HostPort server;
  const std::optional<std::string> roots_pem;
  const std::shared_ptr<const crypto::DenyList> deny;
  io::EventLoop loop;
  io::HttpClient http;
  MonoTime used_at{};
};

HttpsNetwork::HttpsNetwork(std::chrono::milliseconds response_timeout)
    : response_timeout_(response_timeout) {}
HttpsNetwork::~HttpsNetwork() = default;
HttpsNetwork::HttpsNetwork(HttpsNetwork&&) noexcept = default;
HttpsNetwork& HttpsNetwork::operator=(HttpsNetwork&&) noexcept = default;

// Only what may be made twice: the server may close the connection while the request is on its way.
// What it was verified with must be what it would be verified with now.
bool HttpsNetwork::may_reuse(const wire::HostPort& server,
                             const std::optional<std::string>& roots_pem,
                             const wire::HttpRequest& request) {
  return connection_ && is_idempotent(request) && connection_->server == server &&
         connection_->roots_pem == roots_pem && connection_->deny == deny_ &&
         io::mono_now() - connection_->used_at <= kReuseWithin && connection_->is_open();
}

void HttpsNetwork::connect(const wire::HostPort& server,
                           const std::optional<std::string>& roots_pem) {
  auto options = https_options(server, roots_pem, deny_);
  options.response_timeout = response_timeout_;
  connection_ = std::make_unique<Connection>(server, roots_pem, deny_, std::move(options));
}

io::HttpClient::Result HttpsNetwork::ask(const wire::HostPort& server,
                                         const std::optional<std::string>& roots_pem,
                                         const wire::HttpRequest& request, std::string_view nonce) {
  // Who is not proven themselves are shown nothing.
  const auto made = [&] {
    return device_ && roots_pem ? prove_now(request, *device_, nonce) : request;
  };
  bool may_be_done = false;
  if (may_reuse(server, roots_pem, request)) {
    auto result = connection_->ask(made());
    if (result || result.error().kind != io::HttpError::Kind::closed) return result;
    may_be_done = true;
  }
  connect(server, roots_pem);
  auto result = connection_->ask(made());
  // What was to go is gone: the request was carried out the first time, or by somebody else.
  if (may_be_done && request.method == "DELETE" && result && result->status == 404) {
    result->status = 204;
    result->body.clear();
  }
  return result;
}

std::expected<wire::HttpResponse, NetworkError> HttpsNetwork::fetch(
    const wire::HostPort& server, const std::optional<std::string>& roots_pem,
    const wire::HttpRequest& request) {
  auto response = ask(server, roots_pem, request, {});
  for (int again = 0; response && device_ && roots_pem && again < kMaxProofsAgain; ++again) {
    const auto nonce = nonce_in(*response);
    if (!nonce) break;
    response = ask(server, roots_pem, request, *nonce);
  }
  if (!response) return std::unexpected(to_network_error(response.error(), server));
  return std::move(*response);
}

}  // namespace rap::client
