// Randomness as a constructor argument. io/system draws it from OpenSSL; the simulator and the
// tests from a seed.
#pragma once

#include "base/bytes.hpp"

namespace rap {

class RandomSource {
 public:
  virtual ~RandomSource() = default;
  virtual void fill(MutableBytes out) = 0;

  Bytes bytes(std::size_t n) {
    Bytes b(n);
    fill(b);
    return b;
  }
  std::uint64_t u64() {
    std::uint8_t b[8];
    fill(b);
    std::uint64_t v = 0;
    for (std::uint8_t x : b) v = (v << 8) | x;
    return v;
  }
};

}  // namespace rap
