#include "crypto/tokens/jws.hpp"

#include <nlohmann/json.hpp>

#include "base/encoding.hpp"
#include "wire/json_reader.hpp"

namespace rap::crypto {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kEdDsa = "EdDSA";
constexpr std::string_view kEs256 = "ES256";

// Empty for a key that signs no JWS of ours.
std::string_view algorithm_of(KeyType type) {
  switch (type) {
    case KeyType::ed25519: return kEdDsa;
    case KeyType::p256: return kEs256;
    case KeyType::x25519:
    case KeyType::other: return {};
  }
  return {};
}

struct Parts {
  std::string_view signed_text;  // header and payload with the dot between them
  Bytes header;
  Bytes payload;
  Bytes signature;
};

std::optional<Parts> split(std::string_view token) {
  if (token.size() > kMaxJwsBytes) return std::nullopt;
  const std::size_t first = token.find('.');
  if (first == std::string_view::npos) return std::nullopt;
  const std::size_t second = token.find('.', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  auto header = from_base64url(token.substr(0, first));
  auto payload = from_base64url(token.substr(first + 1, second - first - 1));
  auto signature = from_base64url(token.substr(second + 1));  // another dot is no base64url
  if (!header || !payload || !signature) return std::nullopt;
  return Parts{token.substr(0, second), std::move(*header), std::move(*payload),
               std::move(*signature)};
}

struct Header {
  std::string algorithm;
  std::string kid;
  std::string type;  // empty when absent
};

// The members may be alg, kid and typ: whoever sends another one expects us to understand it.
std::optional<Header> parse_header(ByteView bytes) {
  const auto json = wire::parse_strict_json(as_text(bytes));
  if (!json || !json->is_object()) return std::nullopt;
  Header header;
  for (const auto& [name, value] : json->items()) {
    if (!value.is_string()) return std::nullopt;
    if (name == "alg") {
      header.algorithm = value;
    } else if (name == "kid") {
      header.kid = value;
    } else if (name == "typ") {
      header.type = value;
      if (header.type.empty()) return std::nullopt;
    } else {
      return std::nullopt;
    }
  }
  if (header.algorithm.empty()) return std::nullopt;
  return header;
}

}  // namespace

std::string_view to_string(JwsFault fault) {
  switch (fault) {
    case JwsFault::malformed: return "malformed";
    case JwsFault::wrong_type: return "wrong_type";
    case JwsFault::wrong_algorithm: return "wrong_algorithm";
    case JwsFault::unknown_key: return "unknown_key";
    case JwsFault::bad_signature: return "bad_signature";
  }
  return "";
}

std::string sign_jws(const PrivateKey& key, std::string_view kid, std::string_view typ,
                     std::string_view payload) {
  Json header = {{"alg", algorithm_of(key.type())}, {"kid", kid}};
  if (!typ.empty()) header["typ"] = typ;
  std::string out = to_base64url(as_bytes(header.dump()));
  out.append(".").append(to_base64url(as_bytes(payload)));
  const Bytes signature = sign(key, as_bytes(out));
  return out.append(".").append(to_base64url(signature));
}

std::expected<std::string, JwsFault> verify_jws(std::string_view token, std::string_view typ,
                                                const std::vector<VerificationKey>& keys) {
  const auto parts = split(token);
  if (!parts) return std::unexpected(JwsFault::malformed);
  const auto header = parse_header(parts->header);
  if (!header) return std::unexpected(JwsFault::malformed);
  if (header->algorithm != kEdDsa && header->algorithm != kEs256) {
    return std::unexpected(JwsFault::wrong_algorithm);
  }
  if (header->type != typ) return std::unexpected(JwsFault::wrong_type);
  for (const VerificationKey& candidate : keys) {
    if (candidate.kid != header->kid) continue;
    if (algorithm_of(candidate.key.type()) != header->algorithm) {
      return std::unexpected(JwsFault::wrong_algorithm);
    }
    if (!verify(candidate.key, as_bytes(parts->signed_text), parts->signature)) {
      return std::unexpected(JwsFault::bad_signature);
    }
    return std::string(as_text(parts->payload));
  }
  return std::unexpected(JwsFault::unknown_key);
}

}  // namespace rap::crypto
