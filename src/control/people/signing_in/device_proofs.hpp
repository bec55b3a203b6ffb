// Proofs of devices as requests bring them: each is fresh, and good once.
#pragma once

#include <optional>
#include <string_view>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "control/core/problem.hpp"
#include "crypto/tokens/device_proof.hpp"
#include "wire/http/http_message.hpp"

namespace rap::control {

inline constexpr std::string_view kDeviceProofHeader = "device-proof";

// The proof that comes with a request, if it is one of this request; nullopt when none comes.
Outcome<std::optional<crypto::DeviceProof>> proof_of(const wire::HttpRequest& request,
                                                     ClusterId cluster);

// What was used already, by the steady clock of the implementation, which any thread may ask.
class DeviceProofs {
 public:
  virtual ~DeviceProofs() = default;
  // Refuses a proof that is not fresh.
  virtual Outcome<void> check(const crypto::DeviceProof& proof, WallTime now) = 0;
  // The same, and uses it up. Only for who is proven to be this user otherwise: strangers take no
  // place here.
  virtual Outcome<void> use(const crypto::DeviceProof& proof, UserId user, WallTime now) = 0;
};

}  // namespace rap::control
