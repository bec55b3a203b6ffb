#include "control/housekeeping/outage_entry.hpp"

#include <nlohmann/json.hpp>

#include "control/core/audit.hpp"

namespace rap::control {

void say_outage(const HousekeepingPorts& ports, std::string_view host, WallTime now) {
  const auto outage = ports.outages.take();
  if (!outage) return;
  const auto entry =
      AuditEntry::of_system(now)
          .about(kDatabaseWasAway, "host", "", std::string(host))
          .with({{"from", to_unix(outage->from)},
                 {"until", to_unix(outage->until)},
                 {"seconds", std::chrono::round<std::chrono::seconds>(outage->away).count()},
                 {"times", outage->times},
                 {"cause", to_string(outage->cause)}});
  const auto written = ports.database.run(Scope::platform(), [&](Transaction& tx) {
    tx.audit(entry);
    return Ending::commit;
  });
  if (!written) ports.outages.put_back(*outage);
}

}  // namespace rap::control
