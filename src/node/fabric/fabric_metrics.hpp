// What this node's data plane has been through, for Prometheus (CH-16, OB-1).
#pragma once

#include <string>

#include "io/listeners/tls_listener.hpp"
#include "node/channel/table.hpp"
#include "node/fabric/client_session.hpp"
#include "node/fabric/settings.hpp"
#include "node/router/router.hpp"
#include "policy/slot_table.hpp"

namespace rap::fabric {

// The text of one moment. A listener that does not exist is nullptr.
struct ClientSlots {
  const policy::SlotCounters& places;
  const policy::SlotCounters& held_bytes;
};
std::string metrics_text(const channel::Table& table, router::Router& router,
                         const io::TlsListener* nodes, const io::TlsListener* clients,
                         const ClientSlots& slots, const ClientFaults& faults, MonoTime now);

}  // namespace rap::fabric
