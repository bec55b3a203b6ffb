// A block of IP addresses: an address and how many of its leading bits count (RFC 4632, RFC 4291
// §2.3). The bits beyond are zero, and an IPv4 address mapped into IPv6 is the IPv4 address, so
// that each block has one form.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "policy/addresses/ip_address.hpp"

namespace rap::policy {

struct IpPrefix {
  IpAddress address;
  unsigned bits = 0;

  // Takes "203.0.113.7", "203.0.113.0/24", "2001:db8::/32". nullopt when bits beyond the prefix are
  // set.
  static std::optional<IpPrefix> parse(std::string_view text);
  // The first `bits` of an address that is not a mapped one.
  static IpPrefix of(const IpAddress& address, unsigned bits);

  unsigned max_bits() const { return address.v6 ? 128 : 32; }
  std::string str() const;  // without "/32" or "/128"
  bool contains(const IpAddress& other) const;

  bool operator==(const IpPrefix&) const = default;
  std::strong_ordering operator<=>(const IpPrefix& other) const;
};

// What one stranger holds at the least, as a key for limits: an IPv4 address, and the /64 of an
// IPv6 address (RFC 6177). What is no address is its own key.
std::string source_network(std::string_view ip);

}  // namespace rap::policy
