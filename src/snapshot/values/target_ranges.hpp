// The platform's say on which addresses egresses open: the configuration type
// egress_target_ranges. A value has ranges for every egress, for the resources of single pools, and
// for single nodes, from the wide to the narrow:
//
//   {"allow": ["127.0.0.1"], "deny": ["10.9.0.0/16"],
//    "pools": {"<id>": {"allow": ["10.9.1.0/24"]}}, "nodes": {"egress-1": {"deny": ["10.9.1.7"]}}}
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "base/ids.hpp"
#include "policy/addresses/address_ranges.hpp"
#include "wire/json_value.hpp"

namespace rap::snapshot {

inline constexpr std::string_view kEgressTargetRanges = "egress_target_ranges";
inline constexpr std::size_t kMaxRanges = 256;  // of one list
inline constexpr std::size_t kMaxRangeScopes = 256;  // pools, and nodes, of one value

struct TargetRanges {
  // The ranges of the platform's value, then of the cluster's; each of these is a level.
  struct Value {
    policy::RangeList everywhere = {};
    std::map<EgressPoolId, policy::RangeList> pools = {};
    std::map<std::string, policy::RangeList, std::less<>> nodes = {};  // by name
  };
  std::vector<Value> values = {};

  // Judges for a resource of the pool at the node. `own` is denied by default, beside what always
  // is.
  bool allows(const policy::IpAddress& address, EgressPoolId pool, std::string_view node,
              const policy::RangeList& own = {}) const;
  // Whether some node may allow it: what can be said where the node is not known yet.
  bool may_allow(const policy::IpAddress& address, EgressPoolId pool) const;
};

std::optional<std::string> find_ranges_fault(const nlohmann::json& value);
// Takes values that were checked, widest layer first.
TargetRanges target_ranges_from(const std::vector<wire::JsonValue>& values);

}  // namespace rap::snapshot
