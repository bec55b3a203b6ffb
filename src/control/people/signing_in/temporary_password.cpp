#include "control/people/signing_in/temporary_password.hpp"

#include <cstddef>
#include <string_view>

namespace rap::control {

std::string make_temporary_password(RandomSource& rng) {
  constexpr std::string_view kLetters = "0123456789abcdefghjkmnpqrstvwxyz";  // 32: five bits each
  constexpr std::size_t kGroups = 4;
  constexpr std::size_t kGroup = 5;
  std::string out;
  std::size_t n = 0;
  for (const std::uint8_t byte : rng.bytes(kGroups * kGroup)) {
    if (n > 0 && n % kGroup == 0) out += '-';
    out += kLetters[byte % kLetters.size()];
    ++n;
  }
  return out;
}

}  // namespace rap::control
