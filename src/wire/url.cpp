#include "wire/url.hpp"

#include <algorithm>
#include <charconv>

namespace rap::wire {
namespace {

constexpr std::size_t kMaxHostBytes = 253;  // RFC 1035 §2.3.4, as text

bool is_alnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_name(std::string_view host) {
  return std::ranges::all_of(
      host, [](char c) { return is_alnum(c) || c == '-' || c == '.' || c == '_'; });
}

bool is_ipv6_text(std::string_view host) {
  return host.find(':') != host.npos && std::ranges::all_of(host, [](char c) {
           return is_alnum(c) || c == ':' || c == '.' || c == '%';
         });
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

// Splits off the host; what is left is empty or starts with ':'.
std::optional<std::string> take_host(std::string_view& text) {
  std::string_view host;
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == text.npos) return std::nullopt;
    host = text.substr(1, close - 1);
    text.remove_prefix(close + 1);
    if (!is_ipv6_text(host)) return std::nullopt;
  } else {
    host = text.substr(0, text.find(':'));
    text.remove_prefix(host.size());
    if (!is_name(host)) return std::nullopt;
  }
  if (host.empty() || host.size() > kMaxHostBytes) return std::nullopt;
  if (!text.empty() && text[0] != ':') return std::nullopt;
  return std::string(host);
}

}  // namespace

std::string HostPort::str() const {
  const bool brackets = host.find(':') != std::string::npos;
  return (brackets ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::optional<HostPort> parse_host_port(std::string_view text) {
  auto host = take_host(text);
  if (!host || text.empty()) return std::nullopt;
  auto port = parse_port(text.substr(1));
  if (!port) return std::nullopt;
  return HostPort{std::move(*host), *port};
}

std::optional<Url> parse_url(std::string_view text, std::string_view scheme,
                             std::uint16_t default_port) {
  if (!text.starts_with(scheme)) return std::nullopt;
  text.remove_prefix(scheme.size());
  if (!text.starts_with("://")) return std::nullopt;
  text.remove_prefix(3);
  if (text.find_first_of("?#@ ") != text.npos) return std::nullopt;
  const std::size_t slash = std::min(text.find('/'), text.size());
  std::string_view authority = text.substr(0, slash);
  const std::string_view path = text.substr(slash);
  auto host = take_host(authority);
  if (!host) return std::nullopt;
  const auto port =
      authority.empty() ? std::optional(default_port) : parse_port(authority.substr(1));
  if (!port) return std::nullopt;
  return Url{{std::move(*host), *port}, path.empty() ? "/" : std::string(path)};
}

}  // namespace rap::wire
