#include "control/housekeeping/last_backup.hpp"

#include "control/core/audit.hpp"

namespace rap::control {
namespace {

struct Looked {
  std::uint64_t newest = 0;  // entry
  std::uint64_t at = 0;      // of the newest backup; 0: none
  bool went_back = false;    // the log has fewer entries than were seen
};

// Reads from the newest entry down to the first backup, or to what was seen.
Looked look_through(AuditRepository& log, std::uint64_t seen) {
  Looked out;
  AuditFilter filter;
  filter.platform_only = true;
  filter.limit = kEntriesAtOnce;
  for (std::size_t read = 0; read < kBackupSoughtIn; read += kEntriesAtOnce) {
    const auto entries = log.list(filter);
    if (read == 0) {
      out.newest = entries.empty() ? 0 : entries.front().seq;
      out.went_back = out.newest < seen;
      if (out.went_back) seen = 0;
    }
    for (const AuditEntry& entry : entries) {
      if (entry.seq <= seen) return out;
      if (entry.action != kBackupMade) continue;
      out.at = static_cast<std::uint64_t>(to_unix(entry.at));
      return out;
    }
    if (entries.size() < kEntriesAtOnce) break;
    filter.before = entries.back().seq;
  }
  return out;
}

}  // namespace

void LastBackup::look(Database& database) {
  const auto looked = transact(database, Scope::platform(), [&](Transaction& tx) {
    return Outcome<Looked>(look_through(tx.audit_log(), seen_));
  });
  if (!looked) return;
  seen_ = looked->newest;
  if (looked->at > 0 || looked->went_back) at_.store(looked->at, std::memory_order_relaxed);
}

}  // namespace rap::control
