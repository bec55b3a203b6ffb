#include "crypto/tokens/data_plane_token.hpp"

#include <limits>
#include <nlohmann/json.hpp>

#include "base/encoding.hpp"
#include "crypto/tokens/token_claims.hpp"
#include "wire/class_names.hpp"
#include "wire/json_reader.hpp"

namespace rap::crypto {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kType = "rap-dp+jwt";

std::optional<DataPlaneToken> parse_claims(std::string_view payload) {
  const auto json = wire::parse_strict_json(payload);
  if (!json) return std::nullopt;
  wire::JsonFault fault;
  wire::JsonReader claims(*json, "", fault);
  DataPlaneToken token;
  token.id = claims.id<TokenId>("jti");
  token.cluster = claims.id<ClusterId>("cluster");
  token.session = claims.id<SessionId>("sid");
  token.attachment = claims.id<AttachmentId>("att");
  token.user = claims.id<UserId>("sub");
  token.auth_epoch = static_cast<std::uint64_t>(
      claims.integer("epoch", 0, std::numeric_limits<std::int64_t>::max()));
  token.device = claims.id<DeviceId>("dev");
  token.organization = claims.id<OrganizationId>("org");
  token.resource = claims.id<ResourceId>("res");
  token.egress_pool = claims.id<EgressPoolId>("pool");
  token.entry = claims.id<NodeId>("entry");
  token.classes = read_classes(claims);
  token.session_began = from_unix(claims.integer("began", 0, kMaxUnixTime));
  token.issued_at = from_unix(claims.integer("iat", 0, kMaxUnixTime));
  token.expires_at = from_unix(claims.integer("exp", 0, kMaxUnixTime));
  token.flow_key = read_client_key(claims, "flow_key");
  claims.finish();
  if (fault.any() || token.expires_at <= token.issued_at || token.issued_at < token.session_began) {
    return std::nullopt;
  }
  return token;
}

}  // namespace

bool is_over(const DataPlaneToken& token, WallTime now) {
  return now >= token.expires_at + kTokenClockSkew;
}

std::string sign_token(const DataPlaneToken& token, const PrivateKey& key, std::string_view kid) {
  const Json claims = {{"jti", token.id.str()},
                       {"cluster", token.cluster.str()},
                       {"sid", token.session.str()},
                       {"att", token.attachment.str()},
                       {"sub", token.user.str()},
                       {"epoch", token.auth_epoch},
                       {"dev", token.device.str()},
                       {"org", token.organization.str()},
                       {"res", token.resource.str()},
                       {"pool", token.egress_pool.str()},
                       {"entry", token.entry.str()},
                       {"classes", wire::names_of(token.classes)},
                       {"began", to_unix(token.session_began)},
                       {"iat", to_unix(token.issued_at)},
                       {"exp", to_unix(token.expires_at)},
                       {"flow_key", to_base64url(token.flow_key)}};
  return sign_jws(key, kid, kType, claims.dump());
}

std::expected<DataPlaneToken, TokenFault> verify_token(std::string_view text,
                                                       const std::vector<VerificationKey>& keys,
                                                       ClusterId cluster, WallTime now) {
  const auto payload = verify_jws(text, kType, keys);
  if (!payload) return std::unexpected(fault_of(payload.error()));
  const auto token = parse_claims(*payload);
  if (!token) return std::unexpected(TokenFault::malformed);
  if (token->cluster != cluster) return std::unexpected(TokenFault::wrong_cluster);
  if (token->issued_at > now + kTokenClockSkew) return std::unexpected(TokenFault::not_yet_valid);
  if (is_over(*token, now)) return std::unexpected(TokenFault::expired);
  if (token->expires_at - token->issued_at > kMaxTokenLifetime) {
    return std::unexpected(TokenFault::expired);
  }
  return *token;
}

}  // namespace rap::crypto
