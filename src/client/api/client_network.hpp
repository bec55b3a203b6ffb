// HTTPS to a server, as the commands see it.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>

#include "client/core/device_key.hpp"
#include "crypto/x509/validation/certificate_path.hpp"
#include "crypto/x509/validation/deny_list.hpp"
#include "wire/http/http_message.hpp"
#include "wire/url.hpp"

namespace rap::client {

enum class NetworkFault : std::uint8_t {
  unreachable,
  untrusted,  // TLS did not prove the server; detail says why
  timeout,
  broken,     // it answered, but not in HTTP
};

struct NetworkError {
  NetworkFault fault = NetworkFault::unreachable;
  std::string detail;
  // Why the certificate was refused, where the kind is untrusted; none: no certificate got so far.
  std::optional<crypto::CertificateFault> certificate = {};
  std::string clock = {};  // what this machine's clock said then
  std::string proxy = {};  // what led there, as host:port; empty: nothing
};

class Network {
 public:
  virtual ~Network() = default;
  // One request over HTTPS. With roots, the server must prove under one of them that it is a
  // control plane, of the cluster that the roots name and at this host, and that it is in good
  // standing. Without, nobody is verified: for the first contact only, with nothing secret in the
  // request.
  virtual std::expected<wire::HttpResponse, NetworkError> fetch(
      const wire::HostPort& server, const std::optional<std::string>& roots_pem,
      const wire::HttpRequest& request) = 0;
  // Each request to a server that is proven proves this device from now on; nullptr: none.
  virtual void identify(std::shared_ptr<const DeviceKey> device) = 0;
  // A server whose certificate is on the list is not believed either from now on.
  virtual void deny(std::shared_ptr<const crypto::DenyList> list) = 0;
};

}  // namespace rap::client
