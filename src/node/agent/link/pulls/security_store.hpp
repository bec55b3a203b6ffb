// The node's local security store (CP-4, SN-3) as the agent sees it: auth epochs and the blocklist,
// and how far the node has pulled each. Nothing in it is a source of truth: lost or damaged it is
// built anew from cursor 0.
#pragma once

#include <cstdint>
#include <expected>
#include <string>

#include "base/time.hpp"
#include "snapshot/security_delta.hpp"

namespace rap::agent {

// Rows of either list. The control plane hands out half as many at most, but what expired here is
// kept a day longer than there.
inline constexpr std::size_t kMaxStoredKeys = 2 * snapshot::kMaxSecurityKeys;

enum class StoreFault : std::uint8_t {
  full,  // beyond kMaxStoredKeys
  damaged,  // or gone: build it anew
  unavailable,  // the disk does not take it now
};

struct StoreRefusal {
  StoreFault fault = StoreFault::unavailable;
  std::string detail;
};
template <class T>
using StoreOutcome = std::expected<T, StoreRefusal>;

struct StreamState {
  std::uint64_t cursor = 0;
  bool complete = false;  // since it was built it has once been all that the control plane had
  std::uint64_t began = 0;  // the newest number there was when it was begun from cursor 0

  bool operator==(const StreamState&) const = default;
};

class SecurityStore {
 public:
  virtual ~SecurityStore() = default;
  virtual StoreOutcome<StreamState> state(snapshot::DeltaStream stream) = 0;
  // Rows and state, all of it on disk or nothing. A change that is not newer than what is stored of
  // its key changes nothing; a removal leaves no row. What expired more than a day ago goes.
  virtual StoreOutcome<void> apply(snapshot::DeltaStream stream,
                                   const snapshot::SecurityChanges& changes, StreamState next,
                                   WallTime now) = 0;
  // Every row.
  virtual StoreOutcome<snapshot::SecurityChanges> load() = 0;
  virtual StoreOutcome<void> clear(snapshot::DeltaStream stream) = 0;
  // Replaces all of it, whatever is there, by an empty one.
  virtual StoreOutcome<void> rebuild() = 0;
};

}  // namespace rap::agent
