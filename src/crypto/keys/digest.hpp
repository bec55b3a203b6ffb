// SHA-256 and comparison of secrets.
#pragma once

#include <array>
#include <initializer_list>
#include <string>

#include "base/bytes.hpp"

namespace rap::crypto {

using Sha256 = std::array<std::uint8_t, 32>;

Sha256 sha256(ByteView data);
Sha256 sha256_of(std::initializer_list<ByteView> parts);  // one behind the other
std::string sha256_hex(ByteView data);

// Takes the same time wherever the two differ; false when the lengths do.
bool equal_constant_time(ByteView a, ByteView b);

}  // namespace rap::crypto
