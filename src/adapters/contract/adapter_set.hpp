// The adapters of an egress, found by the column of the table of protocols.
#pragma once

#include <array>
#include <initializer_list>
#include <utility>

#include "adapters/contract/adapter.hpp"

namespace rap::adapters {

class AdapterSet {
 public:
  AdapterSet() = default;
  AdapterSet(std::initializer_list<std::pair<policy::AdapterKind, Adapter*>> adapters) {
    for (const auto& [kind, adapter] : adapters)
      adapters_[static_cast<std::size_t>(kind)] = adapter;
  }

  void attach(TargetEvents& events) {
    for (Adapter* adapter : adapters_) {
      if (adapter != nullptr) adapter->attach(events);
    }
  }
  // nullptr: this egress has none of this kind.
  Adapter* find(policy::Protocol protocol) const {
    return adapters_[static_cast<std::size_t>(policy::kind_of(protocol).adapter)];
  }

 private:
  std::array<Adapter*, policy::kAdapterKindCount> adapters_{};
};

}  // namespace rap::adapters
