// The key of one direction of a flow: AES-256-GCM over numbered records.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "base/bytes.hpp"

namespace rap::crypto {

inline constexpr std::size_t kSealTag = 16;

// One direction of an established flow. Not copyable: a copied nonce counter would be a disaster.
class SealKey {
 public:
  explicit SealKey(const std::array<std::uint8_t, 32>& key, std::uint64_t first_record = 0);
  ~SealKey();
  SealKey(SealKey&&) noexcept;
  SealKey& operator=(SealKey&&) noexcept;

  // Encrypts `plain` into `out`, which has plain.size() + kSealTag bytes; they may be the same
  // memory. No allocation. False, with `out` zeroed, once the 2^64-1 numbers are used up.
  bool seal(ByteView associated, ByteView plain, std::uint8_t* out);
  // Decrypts `sealed` into `out` (sealed.size() - kSealTag bytes, may be the same memory). False,
  // with `out` zeroed, when the record is not the next one of this flow; the next one is then still
  // awaited.
  bool open(ByteView associated, ByteView sealed, std::uint8_t* out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace rap::crypto
