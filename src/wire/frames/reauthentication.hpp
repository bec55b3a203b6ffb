// A peer proves on a connection that stands that it has been given another certificate (CH-12), so
// that renewal and a new root interrupt nothing. In the manner of RFC 9261: the new key signs
// something only the two ends of this TLS connection can know.
#pragma once

#include <optional>
#include <vector>

#include "base/bytes.hpp"

namespace rap::wire {

struct Reauthentication {
  static constexpr std::size_t kMaxCertificates = 8;

  std::vector<Bytes> chain;  // DER, the leaf first
  Bytes signature;
  Bytes staple = {};  // an OCSP response about the leaf, as in a handshake; empty: none

  Bytes encode() const;
  static std::optional<Reauthentication> decode(ByteView payload);
  bool operator==(const Reauthentication&) const = default;
};

}  // namespace rap::wire
