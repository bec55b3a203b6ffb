#include "node/host/calls/agent_metrics.hpp"

#include <system_error>

#include "base/metrics_text.hpp"
#include "base/name_table.hpp"

namespace rap::host {
namespace {

constexpr std::array<std::string_view, kControlCalls> kCallNames = {
    "check_in",    "pull_commands",       "report_result", "pull_configs",
    "get_object",  "acknowledge_configs", "report_errors", "renew_certificate",
    "pull_epochs", "pull_blocklist",      "renew_worker"};
constexpr std::array<std::string_view, kCallOutcomes> kOutcomeNames = {"ok", "refused", "failed"};

std::uint64_t seconds_of(WallTime time) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, to_unix(time)));
}

void write_link(MetricsText& t, const LinkCounters& link) {
  t.family("calls_total", "counter", "Calls of the control plane, by how they went.");
  for (std::size_t call = 0; call < kControlCalls; ++call) {
    for (std::size_t outcome = 0; outcome < kCallOutcomes; ++outcome) {
      t.sample(link.calls[call][outcome], metrics_label("call", kCallNames[call]) + "," +
                                              metrics_label("outcome", kOutcomeNames[outcome]));
    }
  }
  t.one("last_check_in_timestamp_seconds", "gauge", "When the last check-in went well; 0: none.",
        link.checked_in_at ? seconds_of(*link.checked_in_at) : 0);
  t.one("event_stream_up", "gauge", "1 while there is a stream of hints.",
        link.event_stream_up ? 1 : 0);
  t.one("event_streams_opened_total", "counter", "Streams of hints that came to be.",
        link.event_streams_opened);
  t.one("hints_total", "counter", "Hints that came.", link.hints);
  t.one("fabric_connected", "gauge", "1 while rap-fabric is there.", link.fabric_connected ? 1 : 0);
  t.one("fabric_connections_total", "counter", "Connections of rap-fabric.",
        link.fabric_connections);
  t.one("fabric_starts_total", "counter", "Starts of rap-fabric that this agent saw.",
        link.fabric_starts);
  t.one("held", "gauge",
        "1 while another agent has this node's identity and is the one that counts.",
        link.held ? 1 : 0);
}

}  // namespace

void LinkCounters::count(agent::ControlCall call, const agent::Answer& answer, WallTime now) {
  const CallOutcome outcome = !answer                 ? CallOutcome::failed
                              : answer->status >= 400 ? CallOutcome::refused
                                                      : CallOutcome::ok;
  ++calls[static_cast<std::size_t>(call)][static_cast<std::size_t>(outcome)];
  if (call == agent::ControlCall::checkin && outcome == CallOutcome::ok) checked_in_at = now;
}

std::string metrics_text(const AgentFigures& figures) {
  MetricsText t("rap_agent_");
  write_link(t, figures.link);
  t.family("certificate_expires_timestamp_seconds", "gauge", "When a certificate expires.");
  if (figures.certificate_until) {
    t.sample(seconds_of(*figures.certificate_until), metrics_label("certificate", "node"));
  }
  if (figures.worker_until) {
    t.sample(seconds_of(*figures.worker_until), metrics_label("certificate", "worker"));
  }
  t.family("disk_failing", "gauge", "1 for what is wrong with the disk of the state directory.");
  for (const std::string_view fault : agent::kDiskFaultNames) {
    const bool holds = figures.disk && to_string(*figures.disk) == fault;
    t.sample(holds ? 1 : 0, metrics_label("fault", fault));
  }
  t.family("process_cpu_seconds_total", "counter", "Processor time of the agent.");
  t.seconds(figures.usage.cpu);
  t.one("process_resident_bytes", "gauge", "Memory of the agent.", figures.usage.resident_bytes);
  t.one("process_open_files", "gauge", "Descriptors of the agent.", figures.usage.open_files);
  return t.take();
}

AgentMetrics::AgentMetrics(io::EventLoop& loop, wire::HostPort at, Log& log,
                           std::function<std::string()> text)
    : loop_(loop), at_(std::move(at)), log_(log), text_(std::move(text)), ticker_(loop) {
  tick();
}

void AgentMetrics::tick() {
  if (!endpoint_) {
    try {
      endpoint_ = std::make_unique<io::MetricsEndpoint>(loop_, at_.host, at_.port, log_);
      log_.info("listener.open", {{"listener", "metrics"}, {"port", endpoint_->port()}});
    } catch (const std::system_error& e) {
      if (!std::exchange(said_, true)) {
        log_.error("listener.failed", {{"listener", "metrics"}, {"detail", e.what()}});
      }
    }
  }
  if (endpoint_) endpoint_->publish(text_());
  ticker_.after(kAgentMetricsEvery, [this] { tick(); });
}

}  // namespace rap::host
