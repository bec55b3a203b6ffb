#include "crypto/tokens/resume_grant.hpp"

#include <limits>
#include <nlohmann/json.hpp>

#include "base/encoding.hpp"
#include "crypto/keys/digest.hpp"
#include "crypto/tokens/token_claims.hpp"
#include "wire/class_names.hpp"
#include "wire/json_reader.hpp"

namespace rap::crypto {
namespace {

constexpr std::string_view kGrantType = "rap-resume+jwt";
constexpr std::string_view kProofContext = "rap flow resume v1";

std::optional<ResumeGrant> parse_grant(std::string_view payload) {
  const auto json = wire::parse_strict_json(payload);
  if (!json) return std::nullopt;
  wire::JsonFault fault;
  wire::JsonReader claims(*json, "", fault);
  ResumeGrant grant;
  grant.id = claims.id<TokenId>("jti");
  grant.cluster = claims.id<ClusterId>("cluster");
  grant.session = claims.id<SessionId>("sid");
  grant.attachment = claims.id<AttachmentId>("att");
  grant.user = claims.id<UserId>("sub");
  grant.auth_epoch = static_cast<std::uint64_t>(
      claims.integer("epoch", 0, std::numeric_limits<std::int64_t>::max()));
  grant.device = claims.id<DeviceId>("dev");
  grant.organization = claims.id<OrganizationId>("org");
  grant.resource = claims.id<ResourceId>("res");
  grant.egress_pool = claims.id<EgressPoolId>("pool");
  grant.classes = read_classes(claims);
  grant.proof_key = read_client_key(claims, "proof_key");
  grant.flow_key = read_client_key(claims, "flow_key");
  grant.session_began = from_unix(claims.integer("began", 0, kMaxUnixTime));
  grant.issued_at = from_unix(claims.integer("iat", 0, kMaxUnixTime));
  grant.expires_at = from_unix(claims.integer("exp", 0, kMaxUnixTime));
  claims.finish();
  if (fault.any() || grant.expires_at <= grant.issued_at || grant.issued_at < grant.session_began) {
    return std::nullopt;
  }
  return grant;
}

// All parts have one length but the context, which never changes.
Bytes signed_bytes(const ResumeTranscript& transcript) {
  Bytes out = to_bytes(kProofContext);
  ByteWriter w(out);
  w.raw(sha256(as_bytes(transcript.grant)));
  w.raw(transcript.entry.bytes());
  w.raw(sha256(transcript.exporter));
  w.raw(sha256(transcript.first_message));
  return out;
}

}  // namespace

std::string sign_grant(const ResumeGrant& grant, const PrivateKey& key, std::string_view kid) {
  const nlohmann::json claims = {{"jti", grant.id.str()},
                                 {"cluster", grant.cluster.str()},
                                 {"sid", grant.session.str()},
                                 {"att", grant.attachment.str()},
                                 {"sub", grant.user.str()},
                                 {"epoch", grant.auth_epoch},
                                 {"dev", grant.device.str()},
                                 {"org", grant.organization.str()},
                                 {"res", grant.resource.str()},
                                 {"pool", grant.egress_pool.str()},
                                 {"classes", wire::names_of(grant.classes)},
                                 {"proof_key", to_base64url(grant.proof_key)},
                                 {"flow_key", to_base64url(grant.flow_key)},
                                 {"began", to_unix(grant.session_began)},
                                 {"iat", to_unix(grant.issued_at)},
                                 {"exp", to_unix(grant.expires_at)}};
  return sign_jws(key, kid, kGrantType, claims.dump());
}

std::expected<ResumeGrant, TokenFault> verify_grant(std::string_view text,
                                                    const std::vector<VerificationKey>& keys,
                                                    ClusterId cluster, WallTime now) {
  const auto payload = verify_jws(text, kGrantType, keys);
  if (!payload) return std::unexpected(fault_of(payload.error()));
  const auto grant = parse_grant(*payload);
  if (!grant) return std::unexpected(TokenFault::malformed);
  if (grant->cluster != cluster) return std::unexpected(TokenFault::wrong_cluster);
  if (grant->issued_at > now + kTokenClockSkew) return std::unexpected(TokenFault::not_yet_valid);
  if (now >= grant->expires_at + kTokenClockSkew ||
      grant->expires_at - grant->issued_at > kMaxGrantLifetime) {
    return std::unexpected(TokenFault::expired);
  }
  return *grant;
}

Bytes make_resume_proof(const PrivateKey& key, const ResumeTranscript& transcript) {
  return sign(key, signed_bytes(transcript));
}

bool verify_resume_proof(const ResumeGrant& grant, const ResumeTranscript& transcript,
                         ByteView proof) {
  if (transcript.exporter.size() != kResumeExporterBytes) return false;
  const auto key = PublicKey::from_raw_ed25519(grant.proof_key);
  return key && verify(*key, signed_bytes(transcript), proof);
}

}  // namespace rap::crypto
