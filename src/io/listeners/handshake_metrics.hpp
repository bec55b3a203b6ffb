// What listeners count, as metrics.
#pragma once

#include <initializer_list>
#include <string_view>
#include <utility>

#include "base/metrics_text.hpp"
#include "io/listeners/tls_listener.hpp"
#include "policy/slot_table.hpp"

namespace rap::io {

// Families "handshakes_…" with the listener as a label; one that is null is left out.
void write_handshakes(
    MetricsText& text,
    std::initializer_list<std::pair<std::string_view, const TlsListenerCounters*>> listeners);

struct ListenerSlots {
  const policy::SlotCounters* connections = nullptr;
  const policy::SlotCounters* held_bytes = nullptr;
};
// Families "connections_…" and "held_bytes…", in the same way.
void write_slots(MetricsText& text,
                 std::initializer_list<std::pair<std::string_view, ListenerSlots>> listeners);

}  // namespace rap::io
