#include "crypto/tokens/device_proof.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/encoding.hpp"
#include "base/try.hpp"
#include "crypto/keys/digest.hpp"
#include "crypto/tokens/jws.hpp"
#include "wire/json_reader.hpp"

namespace rap::crypto {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kProofType = "rap-device+jwt";
constexpr std::string_view kIdDomain = "rap device key\n";
constexpr std::size_t kMaxMethodBytes = 16;
constexpr std::size_t kMaxDigestText = 43;  // of SHA-256 in base64url, as of a raw key
constexpr std::int64_t kMaxProofTime = 253'402'300'799;  // the last second of the year 9999

std::string digest(std::string_view text) { return to_base64url(sha256(as_bytes(text))); }
std::string digest_or_nothing(std::string_view text) { return text.empty() ? "" : digest(text); }

struct ProofClaims {
  std::string key;
  std::string target;
  std::string bearer;
  std::string body;
  std::string method;
  ClusterId cluster;
  DeviceProof proof;
};

std::optional<ProofClaims> parse_proof_claims(std::string_view payload) {
  const auto json = wire::parse_strict_json(payload);
  if (!json) return std::nullopt;
  wire::JsonFault fault;
  wire::JsonReader reader(*json, "", fault);
  ProofClaims out;
  out.key = reader.text("key", kMaxDigestText);
  out.cluster = reader.id<ClusterId>("aud");
  out.method = reader.text("htm", kMaxMethodBytes);
  out.target = reader.text("htu", kMaxDigestText);
  out.bearer = reader.text("ath", kMaxDigestText);
  out.body = reader.text("body", kMaxDigestText);
  out.proof.id = reader.id<TokenId>("jti");
  out.proof.made_at = from_unix(reader.integer("iat", 0, kMaxProofTime));
  out.proof.nonce = reader.text("nonce", kMaxDeviceNonceBytes);
  reader.finish();
  if (fault.any()) return std::nullopt;
  return out;
}

// The key that a proof says it is made with: it is in what is signed.
std::optional<ProofClaims> unverified_claims(std::string_view text) {
  const std::size_t first = std::min(text.find('.'), text.size());
  const std::size_t second = text.find('.', std::min(first + 1, text.size()));
  if (second == text.npos) return std::nullopt;
  const auto payload = from_base64url(text.substr(first + 1, second - first - 1));
  return payload ? parse_proof_claims(as_text(*payload)) : std::nullopt;
}

}  // namespace

DeviceId device_id_of(const PublicKey& key) {
  Bytes named(as_bytes(kIdDomain).begin(), as_bytes(kIdDomain).end());
  const Bytes raw = key.raw();
  named.insert(named.end(), raw.begin(), raw.end());
  const Sha256 hash = sha256(named);
  constexpr std::uint8_t kDigestVersion = 8;  // RFC 9562 §5.8: whoever makes it says how
  Uuid id;
  std::copy_n(hash.begin(), id.size(), id.begin());
  return DeviceId(with_uuid_version(id, kDigestVersion));
}

std::string make_device_proof(const PrivateKey& key, const ProvenRequest& request, TokenId id,
                              WallTime now, std::string_view nonce) {
  const PublicKey shown = key.public_key();
  const Json claims = {{"key", to_base64url(shown.raw())},
                       {"aud", request.cluster.str()},
                       {"htm", request.method},
                       {"htu", digest(request.target)},
                       {"ath", digest_or_nothing(request.bearer)},
                       {"body", digest_or_nothing(request.body)},
                       {"jti", id.str()},
                       {"iat", to_unix(now)},
                       {"nonce", nonce}};
  return sign_jws(key, device_id_of(shown).str(), kProofType, claims.dump());
}

std::expected<DeviceProof, DeviceProofFault> verify_device_proof(std::string_view text,
                                                                 const ProvenRequest& request) {
  if (text.size() > kMaxDeviceProofBytes) return std::unexpected(DeviceProofFault::malformed);
  auto claims = unverified_claims(text);
  const auto raw = claims ? from_base64url(claims->key) : std::nullopt;
  const auto key = raw ? PublicKey::from_raw_ed25519(*raw) : std::nullopt;
  if (!key) return std::unexpected(DeviceProofFault::malformed);
  const DeviceId device = device_id_of(*key);
  if (const auto proven = verify_jws(text, kProofType, {{device.str(), *key}}); !proven) {
    return std::unexpected(proven.error() == JwsFault::bad_signature
                               ? DeviceProofFault::bad_signature
                               : DeviceProofFault::malformed);
  }
  if (claims->cluster != request.cluster) return std::unexpected(DeviceProofFault::other_cluster);
  if (claims->method != request.method || claims->target != digest(request.target) ||
      claims->body != digest_or_nothing(request.body)) {
    return std::unexpected(DeviceProofFault::other_request);
  }
  if (claims->bearer != digest_or_nothing(request.bearer)) {
    return std::unexpected(DeviceProofFault::other_bearer);
  }
  claims->proof.device = device;
  claims->proof.key = *raw;
  return std::move(claims->proof);
}

}  // namespace rap::crypto
