// What data-plane tokens and resume grants share: what may be wrong with one, and their claims.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/time.hpp"
#include "crypto/tokens/jws.hpp"
#include "wire/traffic_class.hpp"

namespace rap::wire {
class JsonReader;
}  // namespace rap::wire

namespace rap::crypto {

// How far a node's clock may be from the control plane's, either way: "iat" may be so far in the
// future, and "exp" so far in the past. Whoever admits tokens once must remember them for so long
// on both ends (router/admission/token_admission.hpp).
inline constexpr std::chrono::seconds kTokenClockSkew{30};

inline constexpr std::int64_t kMaxUnixTime = 253'402'300'799;  // the last second of the year 9999

enum class TokenFault : std::uint8_t {
  malformed,  // it is no token of ours, or its signature does not hold
  unknown_key,
  not_yet_valid,
  expired,  // past exp, or a lifetime above the maximum
  wrong_cluster,
};
std::string_view to_string(TokenFault fault);
TokenFault fault_of(JwsFault fault);

// A key that a client made for itself, of its public half the raw bytes; a claim has them in
// base64url.
inline constexpr std::size_t kClientKeyBytes = 32;
using ClientKey = std::array<std::uint8_t, kClientKeyBytes>;
ClientKey read_client_key(wire::JsonReader& claims, std::string_view name);

// Names of different traffic classes, at least one.
wire::TrafficClassSet read_classes(wire::JsonReader& claims);

}  // namespace rap::crypto
