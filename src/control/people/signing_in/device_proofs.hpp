// Proofs of devices as requests bring them: each is fresh, and good once.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "control/core/database.hpp"
#include "control/core/problem.hpp"
#include "crypto/tokens/device_proof.hpp"
#include "wire/http/http_message.hpp"

namespace rap::control {

inline constexpr std::string_view kDeviceProofHeader = "device-proof";

// The proof that comes with a request, if it is one of this request; nullopt when none comes.
Outcome<std::optional<crypto::DeviceProof>> proof_of(const wire::HttpRequest& request,
                                                     ClusterId cluster);

// Other servers of the database are told of a proof for so long, by the clock of whoever tells
// them: as long as it can be fresh there, and as much again for clocks that differ.
inline constexpr std::chrono::seconds kProofShared{120};

// Uses the proof up for every server of the database, under the platform's scope: what changes
// something happens once. Reads cost no writing, and those of a proof that comes to another server
// within its time are answered there too. One with a nonce is one server's alone.
// `alone`: nothing else is in the transaction; see DeviceRepository.
Outcome<void> use_everywhere(Transaction& tx, const crypto::DeviceProof& proof, WallTime now,
                             bool alone);

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
