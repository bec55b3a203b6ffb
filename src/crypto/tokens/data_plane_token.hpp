// The data-plane token (DP-2): what one client may open, once, within a minute. A JWS of type
// "rap-dp+jwt" whose claims are the fields below, all of them, each once, and no other.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "crypto/tokens/jws.hpp"
#include "crypto/tokens/token_claims.hpp"
#include "wire/traffic_class.hpp"

namespace rap::crypto {

inline constexpr std::chrono::seconds kMaxTokenLifetime{60};
struct DataPlaneToken {
  TokenId id;  // jti: single use
  ClusterId cluster;  // cluster
  SessionId session;  // sid
  AttachmentId attachment;  // att
  UserId user;  // sub
  std::uint64_t auth_epoch = 0;  // epoch: of the user when the token was issued
  DeviceId device;  // dev: the one that was proven; nil when none was
  OrganizationId organization;  // org
  ResourceId resource;  // res
  EgressPoolId egress_pool;  // pool
  NodeId entry;  // entry: the one node that may accept it from a client
  wire::TrafficClassSet classes;  // classes: names, at least one
  WallTime session_began;  // began: not after iat
  WallTime issued_at;  // iat
  WallTime expires_at;  // exp: first use before this
  ClientKey flow_key{};  // flow_key: X25519, in base64url; the flow is sealed by who has that key

  bool operator==(const DataPlaneToken&) const = default;
};

// Past "exp" even by a clock that is as slow as it may be.
bool is_over(const DataPlaneToken& token, WallTime now);

std::string sign_token(const DataPlaneToken& token, const PrivateKey& key, std::string_view kid);

// Signature, shape, cluster and time. Entry, resource, pool, class and single use are the caller's.
std::expected<DataPlaneToken, TokenFault> verify_token(std::string_view text,
                                                       const std::vector<VerificationKey>& keys,
                                                       ClusterId cluster, WallTime now);

}  // namespace rap::crypto
