// Reproducible randomness for tests and simulation: xoshiro256** (Blackman and Vigna, 2018) seeded
// by splitmix64. Not for keys.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

#include "base/bytes.hpp"
#include "base/random.hpp"

namespace rap {

class SeededRandom final : public RandomSource {
 public:
  explicit SeededRandom(std::uint64_t seed) {
    for (std::uint64_t& word : state_) {
      seed += 0x9e3779b97f4a7c15ULL;
      std::uint64_t z = seed;
      z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
      z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
      word = z ^ (z >> 31);
    }
  }

  std::uint64_t next() {
    const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
    const std::uint64_t t = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= t;
    state_[3] = std::rotl(state_[3], 45);
    return result;
  }

  // Uniform in [0, bound); bound > 0. The bias of the reduction is below bound / 2^64.
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }

  // The bytes of successive next() values, most significant first; a call starts a new value.
  void fill(MutableBytes out) override {
    for (std::size_t i = 0; i < out.size();) {
      const std::uint64_t v = next();
      for (int shift = 56; shift >= 0 && i < out.size(); shift -= 8) {
        out[i++] = static_cast<std::uint8_t>(v >> shift);
      }
    }
  }

 private:
  std::array<std::uint64_t, 4> state_{};
};

}  // namespace rap
