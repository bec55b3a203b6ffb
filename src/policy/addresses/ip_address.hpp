// IP addresses as values: parsed strictly from text (RFC 4291 §2.2; dotted quads without leading
// zeros), written canonically (RFC 5952, as inet_ntop does), and classified.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rap::policy {

struct IpAddress {
  bool v6 = false;
  std::array<std::uint8_t, 16> bytes{};  // the first four for IPv4

  static std::optional<IpAddress> parse(std::string_view text);
  std::string str() const;
  // The IPv4 address inside a mapped one (::ffff:a.b.c.d); any other address stays as it is.
  IpAddress unmapped() const;

  // A mapped address (::ffff:a.b.c.d) is classified by the IPv4 address inside.
  bool is_unspecified() const;  // also all of 0.0.0.0/8
  bool is_link_local() const;
  bool is_multicast() const;  // and the reserved range above it

  bool operator==(const IpAddress&) const = default;

 private:
  const std::uint8_t* as_v4() const;  // nullptr when there is no IPv4 address inside
};

}  // namespace rap::policy
