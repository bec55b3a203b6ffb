// The HTTP proxy that a network may demand for every connection out of it, as the environment names
// it: HTTPS_PROXY, and NO_PROXY for what is reached without it. What they mean is curl's reading.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace rap::dialling {

struct HttpProxy {
  std::string host;  // DNS name or IP literal, without brackets
  std::uint16_t port = 0;
  std::string authorization = {};  // of Proxy-Authorization; empty: none is sent

  std::string str() const;  // "proxy.corp:3128", never with what it is authorized by
  bool operator==(const HttpProxy&) const = default;
};

// `value` is that of HTTPS_PROXY: "[http://][user:password@]host[:port][/]", where user and
// password may be percent-encoded and the port is 80 unless it is given. The error is a sentence
// without the password: the value is none of that, or names a proxy that is itself reached by TLS
// or SOCKS.
std::expected<HttpProxy, std::string> parse_http_proxy(std::string_view value);

// The proxy by which a host is reached, if by one. What should name a proxy and does not is an
// error of whoever connects: to go without would be refused by the network, and say nothing of why.
using ProxyChoice = std::expected<std::optional<HttpProxy>, std::string>;

// Whether `no_proxy`, the value of NO_PROXY, exempts the host: "*" exempts every one; otherwise it
// is a list, parted by commas or spaces, of addresses, blocks of addresses ("10.0.0.0/8"), and
// names, each of which stands for all names below it too, with or without a dot in front. A name or
// address with a port ("db.corp:5432") exempts that port only.
bool is_exempt(std::string_view no_proxy, std::string_view host, std::uint16_t port);

// What the two variables say of a host. A host on this machine's loopback is reached without a
// proxy that is elsewhere, which could not reach it.
ProxyChoice choose_proxy(std::string_view https_proxy, std::string_view no_proxy,
                         std::string_view host, std::uint16_t port);

}  // namespace rap::dialling
