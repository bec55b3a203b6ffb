// The blocklist (CP-4): who and what may not use the data plane, as the control plane keeps it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "control/core/database.hpp"
#include "control/core/problem.hpp"
#include "control/http/call.hpp"
#include "control/http/schema.hpp"
#include "policy/addresses/blocklist_kind.hpp"
#include "snapshot/security_delta.hpp"

namespace rap::control {

// Entries that are listed at a time; of the removed ones as many are remembered.
inline constexpr std::size_t kMaxBlocklisted = snapshot::kMaxSecurityKeys;
inline constexpr std::int64_t kMaxBlocklistReason = 256;

struct BlocklistEntry {
  policy::BlocklistKind kind = policy::BlocklistKind::ip;
  std::string value;  // policy::blocklist_value
  std::optional<WallTime> expires_at;
  std::string reason;
  WallTime changed_at{};
};

Fields blocklist_fields();
nlohmann::json to_json(const BlocklistEntry& entry);

// Who asks for a session, as the blocklist sees it.
struct Visitor {
  UserId user;
  std::optional<DeviceId> device;
  std::string ip;  // of the person, as the listener saw it; "" when it is no IP address
};

// Its transactions act for the platform.
class BlocklistRepository {
 public:
  virtual ~BlocklistRepository() = default;
  // Replaces an entry of the same key. False: there are kMaxBlocklisted others.
  virtual bool add(const BlocklistEntry& entry) = 0;
  // False: it was not listed.
  virtual bool remove(policy::BlocklistKind kind, std::string_view value, WallTime now) = 0;
  virtual std::vector<BlocklistEntry> list(WallTime now) = 0;  // newest first
  virtual std::optional<policy::BlocklistKind> find(const Visitor& visitor, WallTime now) = 0;
};

// Lists it; the sign-ins of a device end too. Under the platform's scope, in a cluster.
Outcome<void> list_entry(Transaction& tx, const BlocklistEntry& entry);

// Refuses a caller who, whose address or whose device is listed. Under the platform's scope.
Outcome<void> check_blocklist(Transaction& tx, const Call& call);

}  // namespace rap::control
