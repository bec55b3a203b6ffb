#include "control/core/history_loss.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "snapshot/history.hpp"

namespace rap::control {

bool tells_of_loss(const History& history, std::uint64_t known, std::uint64_t counted,
                   WallTime now) {
  return known > counted && known <= snapshot::highest_number(now) &&
         now >= history.began + kHistoryPause;
}

void begin_history(Transaction& tx, const AuditEntry& by, HistoryLoss loss, std::uint64_t known,
                   WallTime now) {
  const auto before = tx.cluster().history();
  // Nodes would follow no number beyond.
  known = std::min(known, snapshot::highest_number(now));
  tx.cluster().begin_history(known, now);
  const auto after = tx.cluster().history();
  if (!before || !after) return;
  tx.audit(by.about("database.went_back", "history", std::to_string(after->count), "")
               .with({{"found_by", to_string(loss)},
                      {"known", known},
                      {"config_version_before", before->config_version},
                      {"config_version", after->config_version}}));
}

}  // namespace rap::control
