// The client's HTTPS over real sockets.
#pragma once

#include <chrono>

#include "client/api/client_network.hpp"
#include "io/http/client/http_client.hpp"

namespace rap::client {

inline constexpr std::chrono::milliseconds kResponseTimeout{30'000};
inline constexpr std::size_t kMaxResponseBytes = std::size_t{8} * 1024 * 1024;

// The server must prove to be the control plane where there are roots (client_network.hpp); without
// them nobody is verified.
io::HttpClientOptions https_options(const wire::HostPort& server,
                                    const std::optional<std::string>& roots_pem,
                                    std::shared_ptr<const crypto::DenyList> deny = nullptr);
// The request with a proof of the device, made now.
wire::HttpRequest prove_now(const wire::HttpRequest& request, const DeviceKey& device,
                            std::string_view nonce = {});
NetworkError to_network_error(const io::HttpError& error, const wire::HostPort& server);

// Behind one address may be several servers, each with nonces of its own.
inline constexpr int kMaxProofsAgain = 3;
// Whether a request may be made again when nobody knows what became of it (RFC 9110,
// section 9.2.2).
bool is_idempotent(const wire::HttpRequest& request);

// A call that follows another to the same server as closely goes over its connection. Servers leave
// idle ones open for longer than that.
inline constexpr std::chrono::seconds kReuseWithin{3};

class HttpsNetwork final : public Network {
 public:
  explicit HttpsNetwork(std::chrono::milliseconds response_timeout = kResponseTimeout);
  ~HttpsNetwork() override;
  HttpsNetwork(HttpsNetwork&&) noexcept;
  HttpsNetwork& operator=(HttpsNetwork&&) noexcept;

  std::expected<wire::HttpResponse, NetworkError> fetch(const wire::HostPort& server,
                                                        const std::optional<std::string>& roots_pem,
                                                        const wire::HttpRequest& request) override;
  void identify(std::shared_ptr<const DeviceKey> device) override { device_ = std::move(device); }
  void deny(std::shared_ptr<const crypto::DenyList> list) override { deny_ = std::move(list); }

 private:
  struct Connection;

  bool may_reuse(const wire::HostPort& server, const std::optional<std::string>& roots_pem,
                 const wire::HttpRequest& request);
  void connect(const wire::HostPort& server, const std::optional<std::string>& roots_pem);
  // Each time that the request is made it has a proof of its own.
  io::HttpClient::Result ask(const wire::HostPort& server,
                             const std::optional<std::string>& roots_pem,
                             const wire::HttpRequest& request, std::string_view nonce);

  std::unique_ptr<Connection> connection_;
  std::chrono::milliseconds response_timeout_;
  std::shared_ptr<const crypto::DenyList> deny_;
  std::shared_ptr<const DeviceKey> device_;
};

}  // namespace rap::client
