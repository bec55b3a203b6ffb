// The platform's say on which hosts nodes may advertise, and so have in their certificates: the
// configuration type node_names (PK-3). A value allows and denies DNS names, "*.example" for all
// below one, and ranges of addresses:
//
//   {"allow": ["*.nodes.example", "203.0.113.0/24"], "deny": ["www.nodes.example"]}
//
// A host must be allowed by each value that allows anything, and denied by none.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "wire/json_value.hpp"

namespace rap::snapshot {

inline constexpr std::string_view kNodeNames = "node_names";
inline constexpr std::size_t kMaxNodeNames = 256;  // of one list

struct NodeNames {
  struct Value {
    std::vector<std::string> allow = {};
    std::vector<std::string> deny = {};
  };
  std::vector<Value> values = {};

  bool allows(std::string_view host) const;
  // Some value allows just this host, and not as one of many.
  bool names(std::string_view host) const;
};

std::optional<std::string> find_node_names_fault(const nlohmann::json& value);
// Takes values that were checked.
NodeNames node_names_from(const std::vector<wire::JsonValue>& values);

}  // namespace rap::snapshot
