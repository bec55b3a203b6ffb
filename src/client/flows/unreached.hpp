// Which egress did not reach the resource of late. Such an egress is asked last: with a firewall or
// a missing route it fails for every flow, while its neighbour serves them all.
//
//   note ──► avoided for kUnreachedMemory ──► one flow in kProbeInterval tries it ──► forget
//                      ▲                                    │
//                      └──────────── note ◄─────────────────┘
//
// What nobody tries again is forgotten after another kUnreachedMemory. At kMaxUnreached the one
// that would be forgotten first makes way.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>

#include "base/ids.hpp"
#include "base/time.hpp"

namespace rap::client {

inline constexpr std::size_t kMaxUnreached = 64;
inline constexpr std::chrono::minutes kUnreachedMemory{5};
inline constexpr std::chrono::seconds kProbeInterval{
    10};  // as long as a flow may take to be set up

class Unreached {
 public:
  bool avoids(NodeId egress, MonoTime now) const;
  // The egress failed to reach the resource.
  void note(NodeId egress, MonoTime now);
  // A flow goes there: others stay away until it is known how that ends.
  void probe(NodeId egress, MonoTime now);
  // The egress reached it.
  void forget(NodeId egress) { until_.erase(egress); }
  std::size_t size() const { return until_.size(); }

 private:
  void forget_old(MonoTime now);

  std::map<NodeId, MonoTime> until_;
};

}  // namespace rap::client
