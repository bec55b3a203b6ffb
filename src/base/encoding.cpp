#include "base/encoding.hpp"

#include <array>

namespace rap {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";
constexpr std::string_view kStandard =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrl =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

constexpr std::array<std::int8_t, 256> reverse(std::string_view alphabet) {
  std::array<std::int8_t, 256> r{};
  r.fill(-1);
  for (std::size_t i = 0; i < alphabet.size(); ++i) {
    r[static_cast<std::uint8_t>(alphabet[i])] = static_cast<std::int8_t>(i);
  }
  return r;
}

std::string encode64(ByteView b, std::string_view alphabet, bool pad) {
  const std::size_t whole = b.size() / 3 * 3;
  std::string out((b.size() + 2) / 3 * 4, '=');
  char* at = out.data();
  const auto put = [&](std::uint32_t triple, int characters) {
    for (int i = 0; i < characters; ++i) *at++ = alphabet[(triple >> (18 - 6 * i)) & 0x3f];
  };
  for (std::size_t i = 0; i < whole; i += 3) {
    put(std::uint32_t{b[i]} << 16 | std::uint32_t{b[i + 1]} << 8 | b[i + 2], 4);
  }
  if (b.size() - whole == 1) put(std::uint32_t{b[whole]} << 16, 2);
  if (b.size() - whole == 2) {
    put(std::uint32_t{b[whole]} << 16 | std::uint32_t{b[whole + 1]} << 8, 3);
  }
  if (!pad) out.resize(static_cast<std::size_t>(at - out.data()));
  return out;
}

std::optional<Bytes> decode64(std::string_view s, const std::array<std::int8_t, 256>& map) {
  if (s.size() % 4 == 1) return std::nullopt;
  Bytes out;
  out.reserve(s.size() * 3 / 4);
  std::uint32_t acc = 0;
  int bits = 0;
  for (char c : s) {
    std::int8_t v = map[static_cast<std::uint8_t>(c)];
    if (v < 0) return std::nullopt;
    acc = (acc << 6) | static_cast<std::uint32_t>(v);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out.push_back(static_cast<std::uint8_t>(acc >> bits));
    }
  }
  if ((acc & ((1U << bits) - 1)) != 0) return std::nullopt;
  return out;
}

}  // namespace

std::string to_hex(ByteView b) {
  std::string out(b.size() * 2, '0');
  char* at = out.data();
  for (const std::uint8_t byte : b) {
    *at++ = kHex[byte >> 4];
    *at++ = kHex[byte & 0xf];
  }
  return out;
}

std::optional<Bytes> from_hex(std::string_view s) {
  auto nibble = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  };
  if (s.size() % 2 != 0) return std::nullopt;
  Bytes out;
  out.reserve(s.size() / 2);
  for (std::size_t i = 0; i < s.size(); i += 2) {
    int hi = nibble(s[i]);
    int lo = nibble(s[i + 1]);
    if (hi < 0 || lo < 0) return std::nullopt;
    out.push_back(static_cast<std::uint8_t>(hi << 4 | lo));
  }
  return out;
}

std::string to_base64(ByteView b) { return encode64(b, kStandard, true); }

std::optional<Bytes> from_base64(std::string_view s) {
  static constexpr auto kMap = reverse(kStandard);
  if (s.size() % 4 != 0) return std::nullopt;
  for (int i = 0; i < 2 && !s.empty() && s.back() == '='; ++i) s.remove_suffix(1);
  return decode64(s, kMap);
}

std::string to_base64url(ByteView b) { return encode64(b, kUrl, false); }

std::optional<Bytes> from_base64url(std::string_view s) {
  static constexpr auto kMap = reverse(kUrl);
  return decode64(s, kMap);
}

}  // namespace rap
