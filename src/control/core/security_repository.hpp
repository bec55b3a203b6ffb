// The port to the delta channel's tables (CP-4): auth epochs and the blocklist, numbered in the
// order of commits. Under the platform's scope.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "policy/blocklist.hpp"
#include "snapshot/security_delta.hpp"

namespace rap::control {

struct BlocklistEntry {
  policy::BlocklistKind kind = policy::BlocklistKind::ip;
  std::string value;  // policy::blocklist_value
  std::optional<WallTime> expires_at;
  std::string reason;
  WallTime changed_at{};
};

// Entries that are listed at a time; of the removed ones as many are remembered.
inline constexpr std::size_t kMaxBlocklisted = snapshot::kMaxSecurityKeys;
// A node that was away longer than a removal is remembered builds its list anew.
inline constexpr std::chrono::hours kRemovalMemory{24 * 90};
// Nodes forget what has expired on their own.
inline constexpr std::chrono::hours kExpiredMemory{24};

// Who asks for a session, as the blocklist sees it.
struct Visitor {
  UserId user;
  std::optional<DeviceId> device;
  std::string ip;  // of the person, as the listener saw it; "" when it is no IP address
};

// How far a stream goes; a cursor above `seq` or between 0 and `forgotten` is of no use.
struct DeltaExtent {
  std::uint64_t seq = 0;
  std::uint64_t forgotten = 0;
};

class SecurityRepository {
 public:
  virtual ~SecurityRepository() = default;
  virtual std::uint64_t auth_epoch(UserId user) = 0;  // 0 when it was never bumped
  // Also ends the user's bearers. Yields the new epoch.
  virtual std::uint64_t bump_auth_epoch(UserId user, WallTime now) = 0;

  // Replaces an entry of the same key. False: there are kMaxBlocklisted others.
  virtual bool add_to_blocklist(const BlocklistEntry& entry) = 0;
  // False: it was not listed.
  virtual bool remove_from_blocklist(policy::BlocklistKind kind, std::string_view value,
                                     WallTime now) = 0;
  virtual std::vector<BlocklistEntry> blocklist(WallTime now) = 0;  // newest first
  virtual std::optional<policy::BlocklistKind> find_blocklisted(const Visitor& visitor,
                                                                WallTime now) = 0;
  virtual void forget_old_changes(WallTime now) = 0;

  // In order, all above `since`.
  virtual std::vector<snapshot::EpochChange> epoch_changes(std::uint64_t since,
                                                           std::size_t limit) = 0;
  virtual std::vector<snapshot::BlocklistChange> blocklist_changes(std::uint64_t since,
                                                                   std::size_t limit) = 0;
  // Read after the changes, so that nothing is forgotten unseen between the two.
  virtual DeltaExtent extent(snapshot::DeltaStream stream) = 0;
};

}  // namespace rap::control
