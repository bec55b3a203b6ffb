// The two ways this product writes down where something is: "host:port" and
// "scheme://host[:port][/path]" (RFC 3986, without userinfo, query and fragment). IPv6 literals
// stand in brackets.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rap::wire {

struct HostPort {
  std::string host;  // DNS name or IP literal, without brackets
  std::uint16_t port = 0;

  std::string str() const;  // brackets an IPv6 literal
  bool operator==(const HostPort&) const = default;
};

// Refuses an empty or over-long host, characters no host has, and port 0.
std::optional<HostPort> parse_host_port(std::string_view text);

struct Url {
  HostPort authority;
  std::string path;  // starts with '/'
  bool operator==(const Url&) const = default;
};

// `default_port` stands in for a missing port; a missing path is "/".
std::optional<Url> parse_url(std::string_view text, std::string_view scheme,
                             std::uint16_t default_port);

}  // namespace rap::wire
