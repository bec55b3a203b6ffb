// Changes of security data as nodes are told of them (CP-4): the auth epoch of a user, an entry of
// the blocklist. Each names its key whole and has the number of its commit, so a later one of the
// same key replaces an earlier one, whatever the order they come in.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "base/ids.hpp"
#include "base/name_table.hpp"
#include "base/time.hpp"
#include "policy/addresses/blocklist_kind.hpp"
#include "wire/agent/agent_messages.hpp"

namespace rap::snapshot {

// The deltas of one answer of the control plane; the rest follows with the next.
inline constexpr std::size_t kMaxDeltasAPull = 1024;
// Entries of the blocklist at a time. Of epochs there are at most as many as users were signed out
// within kEpochMemory.
inline constexpr std::size_t kMaxSecurityKeys = 65536;
inline constexpr std::size_t kMaxBlocklistValueBytes = 64;
// How long the change of an epoch matters. Tokens of a lower one are good for a minute; a flow that
// was admitted with one goes on where nobody heard of the change, and there no longer than the
// configuration holds, which is 30 days at most (kMaxValidForS). A day more for clocks.
inline constexpr std::chrono::hours kEpochMemory{31 * 24};

// Tokens of this user with a lower epoch are not good any more.
struct EpochChange {
  UserId user;
  std::uint64_t epoch = 0;
  std::uint64_t seq = 0;

  bool operator==(const EpochChange&) const = default;
};

struct BlocklistChange {
  policy::BlocklistKind kind = policy::BlocklistKind::ip;
  std::string value;  // policy::blocklist_value
  bool listed = false;
  std::optional<WallTime> expires_at;  // of a listed one; it is listed until then
  std::uint64_t seq = 0;

  bool operator==(const BlocklistChange&) const = default;
};

struct SecurityChanges {
  std::vector<EpochChange> epochs;
  std::vector<BlocklistChange> blocklist;

  bool empty() const { return epochs.empty() && blocklist.empty(); }
  std::size_t size() const { return epochs.size() + blocklist.size(); }
  bool operator==(const SecurityChanges&) const = default;
};

// The two lists, which are numbered, pulled and stored apart.
enum class DeltaStream : std::uint8_t { epochs, blocklist };
inline constexpr std::array<std::string_view, 2> kDeltaStreamNames = {"epochs", "blocklist"};
constexpr std::string_view to_string(DeltaStream stream) {
  return name_in(kDeltaStreamNames, stream);
}

// What a change of the blocklist does.
inline constexpr std::string_view kAddAction = "add";
inline constexpr std::string_view kRemoveAction = "remove";
inline constexpr std::array<std::string_view, 2> kBlocklistActions = {kAddAction, kRemoveAction};

nlohmann::json to_json(const EpochChange& change);
nlohmann::json to_json(const BlocklistChange& change);
nlohmann::json to_json(const SecurityChanges& changes);  // {"epochs": […], "blocklist": […]}
// nullopt when anything of it makes no sense, or a list is longer than `max`. Other members of the
// object are the caller's.
std::optional<SecurityChanges> parse_security_changes(const nlohmann::json& object,
                                                      std::size_t max);

// The same as the rows of a message to rap-fabric, which bounds them itself.
wire::SecurityRows to_rows(const SecurityChanges& changes);
std::optional<SecurityChanges> read_rows(const wire::SecurityRows& rows);

}  // namespace rap::snapshot
