#include "policy/addresses/ip_prefix.hpp"

#include <algorithm>
#include <charconv>
#include <tuple>

namespace rap::policy {

IpPrefix IpPrefix::of(const IpAddress& address, unsigned bits) {
  constexpr unsigned kByte = 8;
  IpPrefix out{address, bits};
  for (unsigned i = 0; i < out.address.bytes.size(); ++i) {
    const unsigned kept = bits > i * kByte ? std::min(bits - i * kByte, kByte) : 0;
    const auto mask = static_cast<std::uint8_t>(0xff00U >> kept);
    out.address.bytes[i] = static_cast<std::uint8_t>(out.address.bytes[i] & mask);
  }
  return out;
}

std::optional<IpPrefix> IpPrefix::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) return std::nullopt;
  IpPrefix prefix{address->unmapped(), 0};
  prefix.bits = prefix.max_bits();
  if (slash == text.npos) return prefix;
  // Nobody can say which bits a length of a mapped address counts.
  if (prefix.address.v6 != address->v6) return std::nullopt;
  const std::string_view digits = text.substr(slash + 1);
  if (digits.empty() || (digits.size() > 1 && digits[0] == '0')) return std::nullopt;
  unsigned bits = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  if (bits > prefix.max_bits() || of(*address, bits).address != *address) return std::nullopt;
  prefix.bits = bits;
  return prefix;
}

std::string IpPrefix::str() const {
  return bits == max_bits() ? address.str() : address.str() + "/" + std::to_string(bits);
}

bool IpPrefix::contains(const IpAddress& other) const {
  const IpAddress plain = other.unmapped();
  return plain.v6 == address.v6 && of(plain, bits).address == address;
}

std::strong_ordering IpPrefix::operator<=>(const IpPrefix& other) const {
  return std::tie(address.v6, bits, address.bytes) <=>
         std::tie(other.address.v6, other.bits, other.address.bytes);
}

std::string source_network(std::string_view ip) {
  constexpr unsigned kOneSite = 64;
  // A zone (RFC 4007) is a name for a link of this host: who is there has all of the /64 with it.
  const auto address = IpAddress::parse(ip.substr(0, ip.find('%')));
  if (!address) return std::string(ip);
  const IpAddress plain = address->unmapped();
  return plain.v6 ? IpPrefix::of(plain, kOneSite).str() : plain.str();
}

}  // namespace rap::policy
