#include "client/flows/unreached.hpp"

#include <algorithm>

namespace rap::client {

bool Unreached::avoids(NodeId egress, MonoTime now) const {
  const auto it = until_.find(egress);
  return it != until_.end() && now < it->second;
}

void Unreached::note(NodeId egress, MonoTime now) {
  forget_old(now);
  if (until_.size() >= kMaxUnreached && !until_.contains(egress)) {
    until_.erase(std::ranges::min_element(until_, {}, [](const auto& row) { return row.second; }));
  }
  until_[egress] = now + kUnreachedMemory;
}

void Unreached::probe(NodeId egress, MonoTime now) {
  const auto it = until_.find(egress);
  if (it != until_.end()) it->second = std::max(it->second, now + kProbeInterval);
}

void Unreached::forget_old(MonoTime now) {
  std::erase_if(until_, [&](const auto& row) { return now - row.second >= kUnreachedMemory; });
}

}  // namespace rap::client
