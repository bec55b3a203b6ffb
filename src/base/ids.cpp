#include "base/ids.hpp"

#include "base/encoding.hpp"

namespace rap {

std::string format_uuid(const Uuid& b) {
  std::string hex = to_hex(b);
  return hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-" + hex.substr(12, 4) + "-" +
         hex.substr(16, 4) + "-" + hex.substr(20);
}

std::optional<Uuid> parse_uuid(std::string_view s) {
  if (s.size() != 36) return std::nullopt;
  std::string hex;
  for (std::size_t i = 0; i < s.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash != (s[i] == '-')) return std::nullopt;
    if (s[i] >= 'A' && s[i] <= 'F') return std::nullopt;
    if (!dash) hex.push_back(s[i]);
  }
  auto raw = from_hex(hex);
  if (!raw) return std::nullopt;
  Uuid out;
  std::copy(raw->begin(), raw->end(), out.begin());
  return out;
}

}  // namespace rap
