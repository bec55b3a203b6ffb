// Passwords that somebody else sets: made at random, good for a while, and only for choosing
// another.
#pragma once

#include <chrono>
#include <string>

#include "base/random.hpp"

namespace rap::control {

inline constexpr std::chrono::seconds kTemporaryPasswordLifetime = std::chrono::hours{24};

// Such as "7k2mq-x9dfa-3hwtz-p6rcn": 100 random bits, without letters that are read as digits.
std::string make_temporary_password(RandomSource& rng);

}  // namespace rap::control
