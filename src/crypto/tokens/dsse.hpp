// Signed envelopes (DSSE v1, github.com/secure-systems-lab/dsse): signed configuration and, later,
// release manifests. Unknown key ids are skipped; a signature without one is tried with every key.
//
// Many payloads can be signed at once: the signature is then of the root of a hash tree
// (hash_tree.hpp) whose leaves are what each payload's own signature would be of, its type
// included, and each has its place in the tree beside the signature.
#pragma once

#include <expected>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/keys/digest.hpp"
#include "crypto/tokens/jws.hpp"
#include "wire/json_value.hpp"

namespace rap::crypto {

inline constexpr std::size_t kMaxEnvelopeBytes = std::size_t{6} * 1024 * 1024;
inline constexpr std::size_t kMaxEnvelopeSignatures = 16;

// The payload of the envelope that is signed for a tree: its root, 32 bytes.
inline constexpr std::string_view kTreeRootType = "application/vnd.rap.hash-tree-root";

enum class EnvelopeFault : std::uint8_t { malformed, wrong_type, no_trusted_signature };
std::string_view to_string(EnvelopeFault fault);

Bytes pre_auth_encoding(std::string_view payload_type, ByteView payload);

std::string seal_envelope(const PrivateKey& key, std::string_view kid,
                          std::string_view payload_type, ByteView payload);  // JSON text
// The same in parts: the `signatures`, and what is made of payload and signatures.
std::string sign_envelope(const PrivateKey& key, std::string_view kid,
                          std::string_view payload_type, ByteView payload);
std::string put_in_envelope(std::string_view payload_type, ByteView payload,
                            std::string_view signatures);

// The `signatures` of an envelope of each of these payloads, as JSON text, made with one signature.
// There are at most kMaxTreeSize.
std::vector<std::string> sign_together(const PrivateKey& key, std::string_view kid,
                                       std::string_view payload_type,
                                       std::span<const std::string> payloads);
// The same in two steps, so that no payload has to be held: what is in the tree of each, and the
// `signatures` of them.
Sha256 signed_leaf(std::string_view payload_type, ByteView payload);
std::vector<std::string> sign_leaves(const PrivateKey& key, std::string_view kid,
                                     std::vector<Sha256> leaves);

// Whether a key made this signature of that message.
using SignatureCheck =
    std::function<bool(const PublicKey& key, ByteView message, ByteView signature)>;

// The payload, when at least `threshold` different keys signed it as `payload_type`.
std::expected<Bytes, EnvelopeFault> open_envelope(std::string_view json,
                                                  std::string_view payload_type,
                                                  const std::vector<VerificationKey>& keys,
                                                  std::size_t threshold = 1,
                                                  const SignatureCheck& check = verify);
// The same of an envelope that is there in parts.
std::expected<void, EnvelopeFault> check_envelope(std::string_view payload_type, ByteView payload,
                                                  const wire::JsonValue& signatures,
                                                  const std::vector<VerificationKey>& keys,
                                                  const SignatureCheck& check = verify);

}  // namespace rap::crypto
