// The two kinds of certificates that a node gets (PK-2): its own, which nodes and the control plane
// meet it with, and the worker's, which an entry meets clients with.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/name_table.hpp"

namespace rap::wire {

enum class CertificateKind : std::uint8_t { node, worker };

inline constexpr std::array<std::string_view, 2> kCertificateKindNames = {"node", "worker"};

constexpr std::string_view to_string(CertificateKind kind) {
  return name_in(kCertificateKindNames, kind);
}
constexpr std::optional<CertificateKind> certificate_kind_from(std::string_view name) {
  return value_in<CertificateKind>(kCertificateKindNames, name);
}

}  // namespace rap::wire
