// When the database went back (docs/decisions/histories.md): it was restored from a backup, or goes
// on elsewhere from an earlier moment, and what it would number next, nodes have seen already. It
// is found out by what somebody knows that the database does not, and then a new history begins:
// all numbers jump, and nodes follow. The owner is told by an audit entry, the metric
// rap_database_histories, and 'rap admin nodes list'.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/name_table.hpp"
#include "control/core/cluster.hpp"
#include "control/core/database.hpp"

namespace rap::control {

// How it was found out.
enum class HistoryLoss : std::uint8_t {
  elsewhere,  // the database is not where its history was counted
  noted_ahead,  // this server has noted a later configuration than the database knows
  node_ahead,  // a node has a later configuration, or command
  unknown_certificate,  // a certificate that our intermediate issued is not in the inventory
  restored,  // 'rap-control restore' says so
};
inline constexpr std::array<std::string_view, 5> kHistoryLossNames = {
    "database_elsewhere", "server_knew_more", "node_knew_more", "unknown_certificate",
    "restored_from_backup"};
constexpr std::string_view to_string(HistoryLoss loss) { return name_in(kHistoryLossNames, loss); }

// A node's word alone begins no history sooner than this after the last one: one that lies costs
// its cluster a fetch of every configuration, and no more often than that.
inline constexpr std::chrono::minutes kHistoryPause{10};

// Says whether a node that knows of this number tells of a lost history. What no history can have
// come to by now is not believed.
bool tells_of_loss(const History& history, std::uint64_t known, std::uint64_t counted,
                   WallTime now);

// `known`: the highest number of the lost history that was seen; 0: none.
void begin_history(Transaction& tx, const AuditEntry& by, HistoryLoss loss, std::uint64_t known,
                   WallTime now);

}  // namespace rap::control
