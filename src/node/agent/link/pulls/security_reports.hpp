// High-risk events of the data plane on their way to the control plane (SE-2): what rap-fabric said
// last of each of its runs, until that is audited. A rap-fabric that runs says them again, so that
// an agent that starts anew has lost nothing; one that died cannot, and the agent goes on for it.
#pragma once

#include <vector>

#include "node/agent/link/calls/link_actions.hpp"
#include "wire/agent/security_events.hpp"

namespace rap::agent {

// The oldest run goes when a rap-fabric dies again and again.
inline constexpr std::size_t kMaxSecurityRuns = 4;

class SecurityReports {
 public:
  LinkActions said(wire::SecurityEvents events);
  // What the next check-in carries; nullptr: nothing.
  const wire::SecurityEvents* next() const { return runs_.empty() ? nullptr : &runs_.front(); }
  void taken(const wire::SecurityEventsTaken& taken);

 private:
  std::vector<wire::SecurityEvents> runs_;  // none without events, the oldest first
};

}  // namespace rap::agent
