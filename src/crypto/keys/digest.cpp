#include "crypto/keys/digest.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/encoding.hpp"
#include "crypto/keys/openssl_handle.hpp"

namespace rap::crypto {

Sha256 sha256(ByteView data) {
  Sha256 out;
  require(EVP_Digest(data.data(), data.size(), out.data(), nullptr, EVP_sha256(), nullptr) == 1,
          "compute SHA-256");
  return out;
}

std::string sha256_hex(ByteView data) { return to_hex(sha256(data)); }

bool equal_constant_time(ByteView a, ByteView b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace rap::crypto
