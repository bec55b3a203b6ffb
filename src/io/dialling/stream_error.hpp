// Why a stream ended.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "crypto/x509/validation/peer_verifier.hpp"

namespace rap::io {

struct StreamError {
  enum class Kind : std::uint8_t {
    none,  // orderly end: close_notify, or FIN on a plain stream
    unreachable,  // resolve or connect failed
    refused,  // nobody listens there
    denied,  // every address of the host is one that may not be dialled
    busy,  // too many names are looked up at once for who asks
    timeout,  // connecting or the handshake took too long
    tls,  // the handshake failed; detail and fault say why
    reset,  // the connection broke
    overflow,  // the handler left more than kStreamMaxUnconsumed, or the peer more than
               // max_unsent
    flood,  // the peer sent too many records that carry nothing
  };
  Kind kind = Kind::none;
  std::string detail;
  std::optional<crypto::CertificateFault> fault;
};
std::string_view to_string(StreamError::Kind kind);

}  // namespace rap::io
