#include "io/listeners/handshake_metrics.hpp"

namespace rap::io {

void write_handshakes(
    MetricsText& text,
    std::initializer_list<std::pair<std::string_view, const TlsListenerCounters*>> listeners) {
  using L = TlsListenerCounters;
  const auto each = [&](std::string_view name, std::string_view type, std::string_view help,
                        auto value) {
    text.family(name, type, help);
    for (const auto& [which, counters] : listeners) {
      if (counters != nullptr) text.sample(value(*counters), metrics_label("listener", which));
    }
  };
  each("handshakes_accepted_total", "counter", "Connections taken from the kernel.",
       [](const L& c) -> std::uint64_t { return c.accepted; });
  each("handshakes_completed_total", "counter", "Handshakes that succeeded.",
       [](const L& c) -> std::uint64_t { return c.completed; });
  each("handshakes_failed_total", "counter", "Broken off, or no TLS.",
       [](const L& c) -> std::uint64_t { return c.failed; });
  each("handshakes_timed_out_total", "counter", "Not done in time.",
       [](const L& c) -> std::uint64_t { return c.timed_out; });
  each("handshakes_evicted_total", "counter", "Silent ones that made way for others.",
       [](const L& c) { return c.evicted + c.evicted_by_source; });
  each("handshakes_half_open", "gauge", "Under way now.",
       [](const L& c) -> std::uint64_t { return c.half_open; });
  text.family("handshakes_refused_total", "counter", "Certificates refused, by fault.");
  for (const auto& [which, counters] : listeners) {
    if (counters == nullptr) continue;
    for (std::size_t i = 0; i < counters->refused.size(); ++i) {
      const auto fault = crypto::to_string(static_cast<crypto::CertificateFault>(i));
      text.sample(counters->refused[i],
                  metrics_label("listener", which) + "," + metrics_label("fault", fault));
    }
  }
  text.family("connections_flooded_total", "counter",
              "Connections ended for records of TLS that carry nothing, by what they were.");
  for (const auto& [which, counters] : listeners) {
    if (counters == nullptr) continue;
    for (std::size_t i = 0; i < crypto::kIdleRecordNames.size(); ++i) {
      text.sample(counters->floods->at(i),
                  metrics_label("listener", which) + "," +
                      metrics_label("records", crypto::kIdleRecordNames[i]));
    }
  }
}

void write_slots(MetricsText& text,
                 std::initializer_list<std::pair<std::string_view, ListenerSlots>> listeners) {
  using C = policy::SlotCounters;
  const auto each = [&](std::string_view name, std::string_view type, std::string_view help,
                        auto which, auto value) {
    text.family(name, type, help);
    for (const auto& [listener, slots] : listeners) {
      text.sample(std::uint64_t{value(*(slots.*which))}, metrics_label("listener", listener));
    }
  };
  const auto held = [](const C& c) -> std::uint64_t { return c.held; };
  const auto gone = [](const C& c) -> std::uint64_t {
    return c.made_way_of_share + c.made_way_of_all;
  };
  const auto connections = &ListenerSlots::connections;
  const auto bytes = &ListenerSlots::held_bytes;
  each("connections_open", "gauge", "Behind their handshake, now.", connections, held);
  each("connections_proven", "gauge", "Of these, those whose peer proved who it is.", connections,
       [](const C& c) -> std::uint64_t { return c.proven; });
  text.family("connections_made_way_total", "counter",
              "Strangers' connections that made way for others, by what was short.");
  for (const auto& [listener, slots] : listeners) {
    const std::string label = metrics_label("listener", listener) + ",";
    text.sample(slots.connections->made_way_of_share, label + metrics_label("short", "share"));
    text.sample(slots.connections->made_way_of_all, label + metrics_label("short", "all"));
  }
  each("held_bytes", "gauge", "Of requests and answers that are not whole.", bytes, held);
  each("held_bytes_made_way_total", "counter", "Connections that made way for others' bytes.",
       bytes, gone);
}

}  // namespace rap::io
