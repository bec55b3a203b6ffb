#include "control/server/server_metrics.hpp"

#include <array>
#include <utility>

#include "io/listeners/handshake_metrics.hpp"

namespace rap::control::server {
namespace {

void write_events(MetricsText& text, const io::EventStreamCounters& c) {
  text.one("event_streams", "gauge", "Nodes that hear of changes at once.", c.open);
  text.one("event_streams_opened_total", "counter", "Streams that nodes opened.", c.opened);
  text.one("event_streams_replaced_total", "counter", "By a newer one of the same node.",
           c.replaced);
  text.one("event_streams_cut_total", "counter", "Streams whose node took nothing.", c.cut);
  text.one("events_dropped_total", "counter", "Hints that a full stream had no room for.",
           c.dropped);
}

}  // namespace

void write_executor_metrics(MetricsText& text, const Listeners& listeners) {
  const std::array all = {std::pair("api", &listeners.api), std::pair("node", &listeners.node),
                          std::pair("ocsp", &listeners.ocsp)};
  const auto each = [&](std::string_view name, std::string_view type, std::string_view help,
                        auto value) {
    text.family(name, type, help);
    for (const auto& [listener, server] : all) {
      for (const auto& executor : server->executors()) {
        text.sample(std::uint64_t{value(executor)}, metrics_label("listener", listener) + "," +
                                                        metrics_label("executor", executor.name));
      }
    }
  };
  using Figures = io::HttpServer::ExecutorCounters;
  each("requests_waiting", "gauge", "Requests that wait for a thread.",
       [](const Figures& f) { return f.waiting; });
  each("requests_refused_total", "counter", "Answered 503, too many waiting.",
       [](const Figures& f) { return f.refused; });
  write_events(text, listeners.node.event_counters());
  io::write_handshakes(text, {{"api", &listeners.api.handshakes()},
                              {"node", &listeners.node.handshakes()},
                              {"ocsp", &listeners.ocsp.handshakes()}});
  const auto slots = [](const io::HttpServer& server) {
    return io::ListenerSlots{&server.connections(), &server.held_bytes()};
  };
  io::write_slots(text, {{"api", slots(listeners.api)},
                         {"node", slots(listeners.node)},
                         {"ocsp", slots(listeners.ocsp)}});
}

void write_database_metrics(MetricsText& text, std::uint64_t changes_refused,
                            const control::StandingFigures& standing) {
  text.one("database_up", "gauge", "1 when the last call reached the database.",
           standing.up ? 1 : 0);
  text.family("database_away_seconds_total", "counter", "How long the database was away.");
  text.seconds(standing.away);
  text.one("database_outages_total", "counter", "How often the database went away.",
           standing.outages);
  text.one("database_changes_refused_total", "counter",
           "Changes that the database did not take: it is read-only, or its disk is full.",
           changes_refused);
}

void write_root_key_metric(MetricsText& text, std::size_t keys) {
  text.one("root_keys_online", "gauge", "Keys of roots in the state directory: 0 is right.", keys);
}

void write_last_backup_metric(MetricsText& text, std::uint64_t at) {
  text.one("last_backup_timestamp_seconds", "gauge",
           "When the last backup was made, in seconds since 1970; 0: none is known.", at);
}

void write_kept_ocsp_metrics(MetricsText& text, const control::KeptOcspFigures& figures) {
  text.one("ocsp_kept_answers", "gauge", "Signed OCSP answers that are kept.", figures.answers);
  text.one("ocsp_kept_bytes", "gauge", "Their size.", figures.bytes);
  text.one("ocsp_answers_from_memory_total", "counter", "Requests that one of them answered.",
           figures.used);
}

}  // namespace rap::control::server
