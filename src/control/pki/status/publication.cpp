#include "control/pki/status/publication.hpp"

#include <algorithm>

#include "control/core/cluster.hpp"

namespace rap::control {

std::optional<Publication> newest(Transaction& tx, const PublicationRules& rules, WallTime now,
                                  std::uint64_t but_not) {
  // Counted before what is counted is read: what comes in between is seen next time.
  const auto admissions = tx.cluster().admissions();
  if (!admissions) return std::nullopt;
  const auto young = [&](const Publication& p) { return now < p.issued_at + rules.refresh; };
  const auto holds = [&](const Publication& p) {
    return p.version > 0 && p.admissions == *admissions && young(p);
  };
  if (auto stored = tx.publications().find(rules.name, but_not); stored && holds(*stored)) {
    return stored;
  }
  Publication next = tx.publications().lock(rules.name);
  if (holds(next)) return next;  // another server was quicker
  const auto edition = rules.edit(tx);
  if (!edition) return std::nullopt;
  const bool says_the_same = next.version > 0 && next.digest == edition->digest && young(next);
  next.admissions = *admissions;
  if (!says_the_same) {
    // Never below the clock: a database restored from a backup does not go back.
    next.version = std::max(next.version + 1, static_cast<std::uint64_t>(to_unix(now)));
    next.digest = edition->digest;
    next.issued_at = now;
    next.body = edition->sign(next.version);
  }
  tx.publications().put(next);
  return next;
}

}  // namespace rap::control
