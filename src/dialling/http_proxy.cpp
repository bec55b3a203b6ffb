#include "dialling/http_proxy.hpp"

#include <algorithm>
#include <cctype>

#include "base/encoding.hpp"
#include "base/try.hpp"
#include "policy/addresses/ip_prefix.hpp"
#include "wire/url.hpp"

namespace rap::dialling {
namespace {

constexpr std::uint16_t kHttpPort = 80;

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

// Names are compared without case and without the dot of the root.
std::string canonical(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  return lower(name);
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    if (text[0] != '%') {
      out.push_back(text[0]);
      text.remove_prefix(1);
      continue;
    }
    const auto byte = text.size() >= 3 ? from_hex(text.substr(1, 2)) : std::nullopt;
    if (!byte) return std::nullopt;
    out.push_back(static_cast<char>(byte->front()));
    text.remove_prefix(3);
  }
  return out;
}

bool is_loopback(std::string_view host) {
  const auto address = policy::IpAddress::parse(host);
  if (!address) return canonical(host) == "localhost";
  static const auto kV4 = policy::IpPrefix::parse("127.0.0.0/8").value();
  static const auto kV6 = policy::IpPrefix::parse("::1").value();
  return kV4.contains(*address) || kV6.contains(*address);
}

bool covers_name(std::string_view entry, std::string_view host) {
  if (entry.starts_with("*.")) entry.remove_prefix(1);
  if (entry.starts_with('.')) entry.remove_prefix(1);
  const std::string name = canonical(entry);
  if (name.empty()) return false;
  const std::string asked = canonical(host);
  return asked == name || asked.ends_with("." + name);
}

bool covers(std::string_view entry, std::string_view host, std::uint16_t port) {
  if (entry == "*") return true;
  const auto address = policy::IpAddress::parse(host);
  if (const auto block = policy::IpPrefix::parse(entry)) {
    return address && block->contains(*address);
  }
  if (const auto with_port = wire::parse_host_port(entry)) {
    return with_port->port == port && covers(with_port->host, host, port);
  }
  if (entry.starts_with('[') && entry.ends_with(']')) {
    return covers(entry.substr(1, entry.size() - 2), host, port);
  }
  return !address && covers_name(entry, host);
}

}  // namespace

std::string HttpProxy::str() const { return wire::HostPort{host, port}.str(); }

std::expected<HttpProxy, std::string> parse_http_proxy(std::string_view value) {
  constexpr std::string_view kExpected =
      "HTTPS_PROXY must be http://HOST:PORT or http://USER:PASSWORD@HOST:PORT";
  std::string_view rest = value;
  if (const auto scheme = value.find("://"); scheme != std::string_view::npos) {
    const std::string name = lower(value.substr(0, scheme));
    if (name != "http") {
      return std::unexpected("HTTPS_PROXY names a proxy of the kind " +
                             (name == "https" || name.starts_with("socks") ? name : "unknown") +
                             "; only http:// is spoken to proxies");
    }
    rest.remove_prefix(scheme + 3);
  }
  HttpProxy proxy;
  if (const auto at = rest.rfind('@'); at != std::string_view::npos) {
    const auto userinfo = percent_decoded(rest.substr(0, at));
    if (!userinfo) return std::unexpected(std::string(kExpected));
    const bool whole = userinfo->find(':') != std::string::npos;
    proxy.authorization = "Basic " + to_base64(as_bytes(whole ? *userinfo : *userinfo + ":"));
    rest.remove_prefix(at + 1);
  }
  const auto url = wire::parse_url("http://" + std::string(rest), "http", kHttpPort);
  if (!url || url->path != "/") return std::unexpected(std::string(kExpected));
  proxy.host = url->authority.host;
  proxy.port = url->authority.port;
  return proxy;
}

bool is_exempt(std::string_view no_proxy, std::string_view host, std::uint16_t port) {
  constexpr std::string_view kBetween = ", \t";
  while (true) {
    const auto begin = no_proxy.find_first_not_of(kBetween);
    if (begin == std::string_view::npos) return false;
    no_proxy.remove_prefix(begin);
    const std::string_view entry = no_proxy.substr(0, no_proxy.find_first_of(kBetween));
    if (covers(entry, host, port)) return true;
    no_proxy.remove_prefix(entry.size());
  }
}

ProxyChoice choose_proxy(std::string_view https_proxy, std::string_view no_proxy,
                         std::string_view host, std::uint16_t port) {
  if (https_proxy.empty() || is_exempt(no_proxy, host, port)) return std::nullopt;
  HttpProxy proxy = RAP_TRY(parse_http_proxy(https_proxy));
  if (is_loopback(host) && !is_loopback(proxy.host)) return std::nullopt;
  return proxy;
}

}  // namespace rap::dialling
