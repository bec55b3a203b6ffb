#include "crypto/tokens/dsse.hpp"

#include <algorithm>
#include <set>

#include <nlohmann/json.hpp>

#include "base/encoding.hpp"
#include "base/log/json_writer.hpp"
#include "crypto/tokens/hash_tree.hpp"
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

// Where what is signed is in a tree.
struct TreePlace {
  std::size_t index = 0;
  std::size_t size = 0;
  std::vector<Sha256> path;
};

struct Signature {
  std::string kid;  // a hint outside of what is signed; empty when absent
  Bytes bytes;
  std::optional<TreePlace> place;  // the signature is of a tree's root
};

struct Envelope {
  std::string payload_type;
  Bytes payload;
  std::vector<Signature> signatures;
};

std::optional<std::size_t> size_member(const Json& object, const char* name) {
  const auto it = object.find(name);
  if (it == object.end() || !it->is_number_unsigned()) return std::nullopt;
  return it->get<std::size_t>();
}

std::optional<TreePlace> parse_place(const Json& json) {
  if (!json.is_object()) return std::nullopt;
  const auto index = size_member(json, "index");
  const auto size = size_member(json, "size");
  const auto path = json.find("path");
  if (!index || !size || path == json.end() || !path->is_string()) return std::nullopt;
  const auto hashes = decode(*path);
  if (!hashes || hashes->size() % sizeof(Sha256) != 0) return std::nullopt;
  if (hashes->size() > kMaxTreePath * sizeof(Sha256)) return std::nullopt;
  TreePlace out{*index, *size, std::vector<Sha256>(hashes->size() / sizeof(Sha256))};
  for (std::size_t i = 0; i < out.path.size(); ++i) {
    std::copy_n(hashes->begin() + static_cast<std::ptrdiff_t>(i * sizeof(Sha256)), sizeof(Sha256),
                out.path[i].begin());
  }
  return out;
}

std::optional<Signature> parse_signature(const Json& json) {
  if (!json.is_object()) return std::nullopt;
  const auto sig = json.find("sig");
  if (sig == json.end() || !sig->is_string()) return std::nullopt;
  auto bytes = decode(*sig);
  if (!bytes) return std::nullopt;
  Signature out{{}, std::move(*bytes), {}};
  if (const auto kid = json.find("keyid"); kid != json.end()) {
    if (!kid->is_string()) return std::nullopt;
    out.kid = *kid;
  }
  if (const auto tree = json.find("tree"); tree != json.end()) {
    out.place = parse_place(*tree);
    if (!out.place) return std::nullopt;
  }
  return out;
}

std::optional<std::vector<Signature>> parse_signatures(const Json& json) {
  if (!json.is_array() || json.empty() || json.size() > kMaxEnvelopeSignatures) return std::nullopt;
  std::vector<Signature> out;
  for (const Json& item : json) {
    auto signature = parse_signature(item);
    if (!signature) return std::nullopt;
    out.push_back(std::move(*signature));
  }
  return out;
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
  if (signatures == json->end()) return std::nullopt;
  auto bytes = decode(*payload);
  auto read = parse_signatures(*signatures);
  if (!bytes || !read) return std::nullopt;
  return Envelope{*type, std::move(*bytes), std::move(*read)};
}

// What the signature is of: the message, or the root of the tree that it is in.
std::optional<Bytes> signed_message(const Bytes& message, const Signature& signature) {
  if (!signature.place) return message;
  const auto root = tree_root(tree_leaf(message), signature.place->index, signature.place->size,
                              signature.place->path);
  if (!root) return std::nullopt;
  return pre_auth_encoding(kTreeRootType, *root);
}

// Whether so many different keys signed. Two entries with the same key count once, whatever their
// key ids; what tells keys apart takes longer than a signature, and one signer needs none of it.
bool is_signed_by(std::size_t threshold, std::string_view payload_type, ByteView payload,
                  const std::vector<Signature>& signatures,
                  const std::vector<VerificationKey>& keys, const SignatureCheck& check) {
  const Bytes message = pre_auth_encoding(payload_type, payload);
  std::set<Sha256> signers;
  for (const Signature& signature : signatures) {
    const auto signed_by_it = signed_message(message, signature);
    if (!signed_by_it) continue;
    for (const VerificationKey& candidate : keys) {
      if (!signature.kid.empty() && signature.kid != candidate.kid) continue;
      if (!check(candidate.key, *signed_by_it, signature.bytes)) continue;
      if (threshold == 1) return true;
      signers.insert(candidate.key.spki_sha256());
      break;
    }
  }
  return threshold > 0 && signers.size() >= threshold;
}

// What stands before the payload in what is signed.
std::string pre_auth_beginning(std::string_view payload_type, std::size_t payload_bytes) {
  std::string out = "DSSEv1 " + std::to_string(payload_type.size()) + " ";
  out += payload_type;
  return out + " " + std::to_string(payload_bytes) + " ";
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
  Bytes out = to_bytes(pre_auth_beginning(payload_type, payload.size()));
  out.insert(out.end(), payload.begin(), payload.end());
  return out;
}

std::string sign_envelope(const PrivateKey& key, std::string_view kid,
                          std::string_view payload_type, ByteView payload) {
  const Bytes signature = sign(key, pre_auth_encoding(payload_type, payload));
  JsonWriter signatures;
  signatures.begin_array().begin_object();
  signatures.key("keyid").text(kid).key("sig").text(to_base64(signature));
  signatures.end_object().end_array();
  return std::move(signatures).take();
}

std::string put_in_envelope(std::string_view payload_type, ByteView payload,
                            std::string_view signatures) {
  JsonWriter envelope;  // and no tree: every node's configuration passes here
  envelope.begin_object();
  envelope.key("payload").text(to_base64(payload)).key("payloadType").text(payload_type);
  envelope.key("signatures").json(signatures).end_object();
  return std::move(envelope).take();
}

std::string seal_envelope(const PrivateKey& key, std::string_view kid,
                          std::string_view payload_type, ByteView payload) {
  return put_in_envelope(payload_type, payload, sign_envelope(key, kid, payload_type, payload));
}

std::vector<std::string> sign_together(const PrivateKey& key, std::string_view kid,
                                       std::string_view payload_type,
                                       std::span<const std::string> payloads) {
  std::vector<Sha256> leaves;
  leaves.reserve(payloads.size());
  for (const std::string& payload : payloads) {
    leaves.push_back(signed_leaf(payload_type, as_bytes(payload)));
  }
  return sign_leaves(key, kid, std::move(leaves));
}

Sha256 signed_leaf(std::string_view payload_type, ByteView payload) {
  return tree_leaf(as_bytes(pre_auth_beginning(payload_type, payload.size())), payload);
}

std::vector<std::string> sign_leaves(const PrivateKey& key, std::string_view kid,
                                     std::vector<Sha256> leaves) {
  std::vector<std::string> out;
  if (leaves.empty()) return out;
  const HashTree tree(std::move(leaves));
  const std::string sig = to_base64(sign(key, pre_auth_encoding(kTreeRootType, tree.root())));
  out.reserve(tree.size());
  Bytes path;
  for (std::size_t i = 0; i < tree.size(); ++i) {
    path.clear();
    for (const Sha256& hash : tree.path(i)) path.insert(path.end(), hash.begin(), hash.end());
    JsonWriter json;
    json.begin_array().begin_object().key("keyid").text(kid).key("sig").text(sig);
    json.key("tree").begin_object();
    json.key("index").number(static_cast<std::int64_t>(i)).key("path").text(to_base64(path));
    json.key("size").number(static_cast<std::int64_t>(tree.size()));
    json.end_object().end_object().end_array();
    out.push_back(std::move(json).take());
  }
  return out;
}

std::expected<Bytes, EnvelopeFault> open_envelope(std::string_view json,
                                                  std::string_view payload_type,
                                                  const std::vector<VerificationKey>& keys,
                                                  std::size_t threshold,
                                                  const SignatureCheck& check) {
  auto envelope = parse_envelope(json);
  if (!envelope) return std::unexpected(EnvelopeFault::malformed);
  if (envelope->payload_type != payload_type) return std::unexpected(EnvelopeFault::wrong_type);
  if (!is_signed_by(threshold, payload_type, envelope->payload, envelope->signatures, keys,
                    check)) {
    return std::unexpected(EnvelopeFault::no_trusted_signature);
  }
  return std::move(envelope->payload);
}

std::expected<void, EnvelopeFault> check_envelope(std::string_view payload_type, ByteView payload,
                                                  const wire::JsonValue& signatures,
                                                  const std::vector<VerificationKey>& keys,
                                                  const SignatureCheck& check) {
  const auto read = parse_signatures(signatures.get());
  if (!read) return std::unexpected(EnvelopeFault::malformed);
  if (!is_signed_by(1, payload_type, payload, *read, keys, check)) {
    return std::unexpected(EnvelopeFault::no_trusted_signature);
  }
  return {};
}

}  // namespace rap::crypto
