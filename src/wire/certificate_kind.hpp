// The kinds of certificates there are (PK-2): a node's own, which nodes and the control plane meet
// it with; a worker's, which an entry meets clients with; and the control plane's.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/name_table.hpp"

namespace rap::wire {

enum class CertificateKind : std::uint8_t { node, worker, control };

inline constexpr std::array<std::string_view, 3> kCertificateKindNames = {"node", "worker",
                                                                          "control"};
// Those that a node may ask for.
inline constexpr std::array<std::string_view, 2> kNodesCertificateKindNames = {"node", "worker"};

constexpr std::string_view to_string(CertificateKind kind) {
  return name_in(kCertificateKindNames, kind);
}
constexpr std::optional<CertificateKind> certificate_kind_from(std::string_view name) {
  return value_in<CertificateKind>(kCertificateKindNames, name);
}

}  // namespace rap::wire
