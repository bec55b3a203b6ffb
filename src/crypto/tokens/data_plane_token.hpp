// The data-plane token (DP-2): what one client may open, once, within a minute. A JWS of type
// "rap-dp+jwt" whose claims are the fields below, all of them, each once, and no other.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "crypto/tokens/jws.hpp"
#include "wire/traffic_class.hpp"

namespace rap::crypto {

inline constexpr std::chrono::seconds kMaxTokenLifetime{60};
// How far a node's clock may be from the control plane's, either way: "iat" may be so far in the
// future, and "exp" so far in the past. Whoever admits tokens once must remember them for so long
// on both ends (router/admission/token_admission.hpp).
inline constexpr std::chrono::seconds kTokenClockSkew{30};

struct DataPlaneToken {
  TokenId id;                // jti: single use
  ClusterId cluster;         // cluster
  SessionId session;         // sid
  AttachmentId attachment;   // att
  UserId user;               // sub
  std::uint64_t auth_epoch = 0;  // epoch: of the user when the token was issued
  DeviceId device;           // dev: the one that was proven; nil when none was
  OrganizationId organization;  // org
  ResourceId resource;       // res
  EgressPoolId egress_pool;  // pool
  NodeId entry;              // entry: the one node that may accept it from a client
  wire::TrafficClassSet classes;  // classes: names, at least one
  WallTime session_began;    // began: not after iat
  WallTime issued_at;        // iat
  WallTime expires_at;       // exp: first use before this

  bool operator==(const DataPlaneToken&) const = default;
};

enum class TokenFault : std::uint8_t {
  malformed,      // it is no token of ours, or its signature does not hold
  unknown_key,
  not_yet_valid,
  expired,        // past exp, or a lifetime above the maximum
  wrong_cluster,
};
std::string_view to_string(TokenFault fault);

// Past "exp" even by a clock that is as slow as it may be.
bool is_over(const DataPlaneToken& token, WallTime now);

std::string sign_token(const DataPlaneToken& token, const PrivateKey& key, std::string_view kid);

// Signature, shape, cluster and time. Entry, resource, pool, class and single use are the caller's.
std::expected<DataPlaneToken, TokenFault> verify_token(std::string_view text,
                                                       const std::vector<VerificationKey>& keys,
                                                       ClusterId cluster, WallTime now);

}  // namespace rap::crypto
