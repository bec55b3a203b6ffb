// Rights that an owner delegates to an administrator of the platform, each for a time (OR-1). An
// administrator runs the platform; into an organization's path, and into an organization, they get
// by such a right alone.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/name_table.hpp"

namespace rap::policy {

enum class DelegatedRight : std::uint8_t {
  approve_nodes,  // of the platform: its hosts; of an organization: its hosts and nodes in its path
  manage,  // of an organization: what an organization_admin may
};
inline constexpr std::array<std::string_view, 2> kDelegatedRightNames = {"approve_nodes", "manage"};

constexpr std::string_view to_string(DelegatedRight r) { return name_in(kDelegatedRightNames, r); }
constexpr std::optional<DelegatedRight> delegated_right_from(std::string_view name) {
  return value_in<DelegatedRight>(kDelegatedRightNames, name);
}

// What one person holds now, of one organization or of the platform.
struct DelegatedRights {
  bool approve_nodes = false;
  bool manage = false;

  constexpr void add(DelegatedRight right) {
    (right == DelegatedRight::manage ? manage : approve_nodes) = true;
  }
};

}  // namespace rap::policy
