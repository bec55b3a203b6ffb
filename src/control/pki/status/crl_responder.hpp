// Certificate revocation lists, served beside OCSP (PK-8): for foreign verifiers that take nothing
// else. One for each issuer whose certificates are in use, of everything it revoked that has not
// expired.
#pragma once

#include <chrono>
#include <cstddef>

#include "control/pki/status/ports.hpp"
#include "wire/http/http_message.hpp"

namespace rap::control {

// A list may be relied on for a day and is replaced after an hour, or when something was revoked.
inline constexpr std::chrono::seconds kCrlValidity = std::chrono::hours{24};
inline constexpr std::chrono::seconds kCrlRefresh = std::chrono::hours{1};
inline constexpr std::chrono::seconds kCrlMaxAge = std::chrono::minutes{5};  // in HTTP caches
inline constexpr std::size_t kMaxCrlEntries = 16384;  // about 1 MiB

// Whether a request is about lists.
bool asks_for_crl(const wire::HttpRequest& request);
// 200, 304, 404, or 503 when it cannot be told. From any thread; may throw.
wire::HttpResponse answer_crl(const StatusPorts& ports, const wire::HttpRequest& request,
                              WallTime now);

}  // namespace rap::control
