// Asking an HTTP proxy for a tunnel to a host: CONNECT (RFC 9110 §9.3.6).
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "dialling/http_proxy.hpp"

namespace rap::dialling {

// The bytes of a proxy's answer, its explanation to people apart, which is not read.
inline constexpr std::size_t kMaxTunnelHeadBytes = std::size_t{16} * 1024;

// `host` is a DNS name or an IP literal without brackets.
std::string tunnel_request(const HttpProxy& proxy, std::string_view host, std::uint16_t port);

// What the proxy answered so far: whether the tunnel stands, or more of the answer is to come. The
// error is a sentence that names the proxy and what it says. Nothing may follow the answer, for the
// host behind the tunnel does not speak before we do.
std::expected<bool, std::string> judge_tunnel_answer(const HttpProxy& proxy,
                                                     std::string_view so_far);

}  // namespace rap::dialling
