#include "crypto/keys/digest.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/encoding.hpp"
#include "crypto/keys/openssl_handle.hpp"

namespace rap::crypto {
namespace {

// It is looked up once: that takes as long as the hash of a short text.
const EVP_MD* sha256_method() {
  static const EVP_MD* const kMethod = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  require(kMethod != nullptr, "find SHA-256");
  return kMethod;
}

}  // namespace

Sha256 sha256(ByteView data) { return sha256_of({data}); }

Sha256 sha256_of(std::initializer_list<ByteView> parts) {
  static thread_local const Handle<evp_md_ctx_st> kContext(EVP_MD_CTX_new());
  Sha256 out;
  bool ok = kContext && EVP_DigestInit_ex(kContext.get(), sha256_method(), nullptr) == 1;
  for (const ByteView part : parts) {
    ok = ok && EVP_DigestUpdate(kContext.get(), part.data(), part.size()) == 1;
  }
  require(ok && EVP_DigestFinal_ex(kContext.get(), out.data(), nullptr) == 1, "compute SHA-256");
  return out;
}

std::string sha256_hex(ByteView data) { return to_hex(sha256(data)); }

bool equal_constant_time(ByteView a, ByteView b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace rap::crypto
