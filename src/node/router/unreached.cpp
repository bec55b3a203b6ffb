#include "node/router/unreached.hpp"

#include <algorithm>

namespace rap::router {

bool Unreached::avoids(NodeId egress, ResourceId resource, MonoTime now) const {
  const auto it = until_.find({egress, resource});
  return it != until_.end() && now < it->second;
}

void Unreached::note(NodeId egress, ResourceId resource, MonoTime now) {
  const std::pair key{egress, resource};
  if (until_.size() >= kMaxUnreached && !until_.contains(key)) {
    until_.erase(std::ranges::min_element(until_, {}, [](const auto& row) { return row.second; }));
  }
  until_[key] = now + kUnreachedMemory;
}

void Unreached::probe(NodeId egress, ResourceId resource, MonoTime now) {
  const auto it = until_.find({egress, resource});
  if (it != until_.end()) it->second = std::max(it->second, now + kProbeInterval);
}

void Unreached::forget_old(MonoTime now) {
  std::erase_if(until_, [&](const auto& row) { return now - row.second >= kUnreachedMemory; });
}

}  // namespace rap::router
