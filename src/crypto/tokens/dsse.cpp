#include "crypto/tokens/dsse.hpp"

#include <algorithm>
#include <set>

#include <nlohmann/json.hpp>

#include "base/encoding.hpp"
#include "base/log/json_writer.hpp"
#include "wire/json_reader.hpp"

namespace rap::crypto {
namespace {

using Json = nlohmann::json;

// DSSE allows both alphabets; ours is read after the URL-safe one is translated.
std::optional<Bytes> decode(std::string text) {
  std::ranges::replace(text, '-', '+');
  std::ranges::replace(text, '_', '/');
  return from_base64(text);
}

struct Signature {
  std::string kid;  // a hint outside of what is signed; empty when absent
  Bytes bytes;
};

struct Envelope {
  std::string payload_type;
  Bytes payload;
  std::vector<Signature> signatures;
};

std::optional<Signature> parse_signature(const Json& json) {
  if (!json.is_object()) return std::nullopt;
  const auto sig = json.find("sig");
  if (sig == json.end() || !sig->is_string()) return std::nullopt;
  auto bytes = decode(*sig);
  if (!bytes) return std::nullopt;
  const auto kid = json.find("keyid");
  if (kid == json.end()) return Signature{{}, std::move(*bytes)};
  if (!kid->is_string()) return std::nullopt;
  return Signature{*kid, std::move(*bytes)};
}

// Other members are ignored, as the specification demands; a duplicate one never is.
std::optional<Envelope> parse_envelope(std::string_view text) {
  if (text.size() > kMaxEnvelopeBytes) return std::nullopt;
  const auto json = wire::parse_strict_json(text);
  if (!json || !json->is_object()) return std::nullopt;
  const auto type = json->find("payloadType");
  const auto payload = json->find("payload");
  const auto signatures = json->find("signatures");
  if (type == json->end() || !type->is_string()) return std::nullopt;
  if (payload == json->end() || !payload->is_string()) return std::nullopt;
  if (signatures == json->end() || !signatures->is_array()) return std::nullopt;
  if (signatures->empty() || signatures->size() > kMaxEnvelopeSignatures) return std::nullopt;
  auto bytes = decode(*payload);
  if (!bytes) return std::nullopt;
  Envelope out{*type, std::move(*bytes), {}};
  for (const Json& item : *signatures) {
    auto signature = parse_signature(item);
    if (!signature) return std::nullopt;
    out.signatures.push_back(std::move(*signature));
  }
  return out;
}

// How many different keys signed. Two entries with the same key count once, whatever their key ids.
std::size_t count_signers(const Envelope& envelope, const std::vector<VerificationKey>& keys) {
  const Bytes message = pre_auth_encoding(envelope.payload_type, envelope.payload);
  std::set<Sha256> signers;
  for (const Signature& signature : envelope.signatures) {
    for (const VerificationKey& candidate : keys) {
      if (!signature.kid.empty() && signature.kid != candidate.kid) continue;
      if (verify(candidate.key, message, signature.bytes)) {
        signers.insert(candidate.key.spki_sha256());
        break;
      }
    }
  }
  return signers.size();
}

}  // namespace

std::string_view to_string(EnvelopeFault fault) {
  switch (fault) {
    case EnvelopeFault::malformed: return "malformed";
    case EnvelopeFault::wrong_type: return "wrong_type";
    case EnvelopeFault::no_trusted_signature: return "no_trusted_signature";
  }
  return "";
}

Bytes pre_auth_encoding(std::string_view payload_type, ByteView payload) {
  Bytes out = to_bytes("DSSEv1 " + std::to_string(payload_type.size()) + " ");
  const auto append = [&out](ByteView b) { out.insert(out.end(), b.begin(), b.end()); };
  append(as_bytes(payload_type));
  append(as_bytes(" " + std::to_string(payload.size()) + " "));
  append(payload);
  return out;
}

std::string seal_envelope(const PrivateKey& key, std::string_view kid,
                          std::string_view payload_type, ByteView payload) {
  const Bytes signature = sign(key, pre_auth_encoding(payload_type, payload));
  JsonWriter envelope;  // and no tree: every node's configuration passes here
  envelope.begin_object();
  envelope.key("payload").text(to_base64(payload)).key("payloadType").text(payload_type);
  envelope.key("signatures").begin_array().begin_object();
  envelope.key("keyid").text(kid).key("sig").text(to_base64(signature));
  envelope.end_object().end_array().end_object();
  return std::move(envelope).take();
}

std::expected<Bytes, EnvelopeFault> open_envelope(std::string_view json,
                                                  std::string_view payload_type,
                                                  const std::vector<VerificationKey>& keys,
                                                  std::size_t threshold) {
  auto envelope = parse_envelope(json);
  if (!envelope) return std::unexpected(EnvelopeFault::malformed);
  if (envelope->payload_type != payload_type) return std::unexpected(EnvelopeFault::wrong_type);
  if (threshold == 0 || count_signers(*envelope, keys) < threshold) {
    return std::unexpected(EnvelopeFault::no_trusted_signature);
  }
  return std::move(envelope->payload);
}

}  // namespace rap::crypto
