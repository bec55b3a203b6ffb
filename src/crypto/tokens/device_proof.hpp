// The proof that one installation of a client makes a request, after DPoP (RFC 9449): a JWS with
// the device's own key over the request, once. What a device is called follows from its key, so
// nobody can take another's name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "crypto/keys/keys.hpp"

namespace rap::crypto {

inline constexpr std::size_t kMaxDeviceProofBytes = 2048;
inline constexpr std::size_t kMaxDeviceNonceBytes = 64;

// A UUID of version 8 (RFC 9562) from the SHA-256 of an Ed25519 key.
DeviceId device_id_of(const PublicKey& key);

// What a proof is about. All of it is signed, or a digest of it.
struct ProvenRequest {
  ClusterId cluster;        // of the control plane that is asked: no other takes it
  std::string_view method;
  std::string_view target;  // path and query
  std::string_view bearer;  // without its scheme; empty when the request comes with none
  std::string_view body;
};

struct DeviceProof {
  DeviceId device;
  Bytes key;         // the raw public key
  TokenId id;        // random: a proof is good once
  WallTime made_at;  // by the device's clock
  std::string nonce; // of the server's, or empty: then the clock counts
};

// `key` is an Ed25519 key.
std::string make_device_proof(const PrivateKey& key, const ProvenRequest& request, TokenId id,
                              WallTime now, std::string_view nonce);

enum class DeviceProofFault : std::uint8_t {
  malformed,
  bad_signature,
  other_cluster,
  other_request,  // another method, path, query or body
  other_bearer,
};

// Who proves it, if `text` is their proof of this very request. Whether it is fresh and was not
// used before is for the caller to judge.
std::expected<DeviceProof, DeviceProofFault> verify_device_proof(std::string_view text,
                                                                 const ProvenRequest& request);

}  // namespace rap::crypto
