#include "crypto/sealing/seal_key.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "crypto/keys/openssl_handle.hpp"

namespace rap::crypto {
namespace {

// 2^64-1 is reserved (Noise §5.1): the count ends before it.
constexpr std::uint64_t kLastRecord = std::numeric_limits<std::uint64_t>::max() - 1;
constexpr std::size_t kNonce = 12;

// The record's number is the last eight bytes, after zeros (Noise §12.4).
std::array<std::uint8_t, kNonce> nonce_of(std::uint64_t record) {
  std::array<std::uint8_t, kNonce> out{};
  std::uint8_t* const number = out.data() + kNonce - sizeof record;
  store_be32(number, static_cast<std::uint32_t>(record >> 32));
  store_be32(number + sizeof(std::uint32_t), static_cast<std::uint32_t>(record));
  return out;
}

int as_int(std::size_t size) {
  require(size <= std::numeric_limits<int>::max(), "process a record beyond 2 GiB");
  return static_cast<int>(size);
}

}  // namespace

// The context keeps the key schedule; a record sets only the nonce.
struct SealKey::State {
  Handle<evp_cipher_ctx_st> context;
  std::uint64_t next_record;
};

SealKey::SealKey(const std::array<std::uint8_t, 32>& key, std::uint64_t first_record)
    : state_(
          std::make_unique<State>(Handle<evp_cipher_ctx_st>(EVP_CIPHER_CTX_new()), first_record)) {
  require(state_->context && EVP_EncryptInit_ex(state_->context.get(), EVP_aes_256_gcm(), nullptr,
                                                key.data(), nullptr) == 1,
          "start AES-256-GCM");
}

SealKey::~SealKey() = default;
SealKey::SealKey(SealKey&&) noexcept = default;
SealKey& SealKey::operator=(SealKey&&) noexcept = default;

bool SealKey::seal(ByteView associated, ByteView plain, std::uint8_t* out) {
  if (state_->next_record > kLastRecord) {
    // Whoever overlooks the failure must not send the plaintext that may be in `out`.
    OPENSSL_cleanse(out, plain.size() + kSealTag);
    return false;
  }
  EVP_CIPHER_CTX* context = state_->context.get();
  const auto nonce = nonce_of(state_->next_record++);
  const int size = as_int(plain.size());
  int done = 0;
  require(EVP_EncryptInit_ex(context, nullptr, nullptr, nullptr, nonce.data()) == 1 &&
              EVP_EncryptUpdate(context, nullptr, &done, associated.data(),
                                as_int(associated.size())) == 1 &&
              EVP_EncryptUpdate(context, out, &done, plain.data(), size) == 1 && done == size &&
              EVP_EncryptFinal_ex(context, out + size, &done) == 1 &&
              EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, kSealTag, out + size) == 1,
          "seal a record");
  return true;
}

bool SealKey::open(ByteView associated, ByteView sealed, std::uint8_t* out) {
  if (sealed.size() < kSealTag || state_->next_record > kLastRecord) return false;
  EVP_CIPHER_CTX* context = state_->context.get();
  const auto nonce = nonce_of(state_->next_record);
  const std::size_t plain = sealed.size() - kSealTag;
  const int size = as_int(plain);
  std::array<std::uint8_t, kSealTag> tag;
  std::ranges::copy(sealed.subspan(plain), tag.begin());
  int done = 0;
  require(EVP_DecryptInit_ex(context, nullptr, nullptr, nullptr, nonce.data()) == 1 &&
              EVP_DecryptUpdate(context, nullptr, &done, associated.data(),
                                as_int(associated.size())) == 1 &&
              EVP_DecryptUpdate(context, out, &done, sealed.data(), size) == 1 && done == size &&
              EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, kSealTag, tag.data()) == 1,
          "open a record");
  std::uint8_t none = 0;
  if (EVP_DecryptFinal_ex(context, &none, &done) != 1) {
    OPENSSL_cleanse(out, plain);
    return false;
  }
  ++state_->next_record;
  return true;
}

}  // namespace rap::crypto
