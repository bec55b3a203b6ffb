// The key of this installation: made once, never sent, and what proves that a request is its own.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "client/core/failure.hpp"
#include "client/core/home.hpp"
#include "crypto/keys/keys.hpp"
#include "wire/http/http_message.hpp"

namespace rap::client {

inline constexpr std::string_view kDeviceKeyFile = "device.pem";

// The key, and the platform that it proves itself to.
struct DeviceKey {
  crypto::PrivateKey key;
  ClusterId cluster;

  DeviceId id() const;
};

// nullptr when this installation has none yet, or the roots name no platform.
Fallible<std::shared_ptr<const DeviceKey>> load_device_key(Home& home,
                                                           const std::string& roots_pem);
// Two who make one at once both get the same.
Fallible<std::shared_ptr<const DeviceKey>> load_or_make_device_key(Home& home,
                                                                   const std::string& roots_pem);

// The request as it goes out: with a proof in the place of the one it had. `id` is random.
wire::HttpRequest prove(wire::HttpRequest request, const DeviceKey& device, TokenId id,
                        WallTime now, std::string_view nonce);

// The nonce that a refused request is to be proven with, once more.
std::optional<std::string> nonce_in(const wire::HttpResponse& response);

}  // namespace rap::client
