#include "node/agent/link/check_in_metrics.hpp"

#include <nlohmann/json.hpp>

namespace rap::agent {
namespace {

using nlohmann::json;
using Seconds = std::chrono::duration<double>;

constexpr double kThousandths = 1000;

// The value to the thousandth: more says nothing.
double rounded(double value) {
  return static_cast<double>(static_cast<std::int64_t>(value * kThousandths + 0.5)) / kThousandths;
}

// A figure that went back is of other channels than before.
double rate(std::uint64_t before, std::uint64_t after, double seconds) {
  return after <= before ? 0 : rounded(static_cast<double>(after - before) / seconds);
}

double share(Duration before, Duration after, double seconds) {
  return after <= before ? 0 : rounded(Seconds(after - before).count() / seconds);
}

json connections_of(const wire::Observations& seen) {
  std::uint64_t established = 0;
  std::uint64_t flows = 0;
  for (const auto& channel : seen.channels) established += channel.state == "established" ? 1 : 0;
  for (const auto& session : seen.sessions) flows += session.flows;
  return {{"channels", established},
          {"clients", seen.clients},
          {"sessions", seen.sessions.size()},
          {"flows", flows}};
}

json resources_of(const ProgramUse& use) {
  return {{"resident_bytes", use.resident_bytes}, {"open_files", use.open_files}};
}

}  // namespace

CheckInMetrics::Sample CheckInMetrics::sample_of(
    MonoTime now, const std::optional<wire::Observations>& observations, const HostUse& use) const {
  Sample out{.at = now,
             .calls = calls_,
             .failed_calls = failed_calls_,
             .agent_cpu = use.agent.cpu,
             .fabric_cpu = use.fabric ? use.fabric->cpu : Duration{}};
  if (!observations) return out;
  out.pid = observations->pid;
  out.attempts = observations->counters.attempts;
  out.established = observations->counters.established;
  out.failed_handshakes = observations->counters.handshake_failures;
  out.unauthorized = observations->counters.authorization_failures;
  for (const auto& [reason, count] : observations->refusals) out.refused_flows += count;
  for (std::size_t i = 0; i < out.opened_flows.size(); ++i) {
    const auto opened = observations->opened_flows.find(std::string(policy::kNodeRoleNames[i]));
    if (opened != observations->opened_flows.end()) out.opened_flows[i] = opened->second;
  }
  for (const auto& channel : observations->channels) {
    out.bytes_in += channel.bytes_in;
    out.bytes_out += channel.bytes_out;
  }
  return out;
}

void CheckInMetrics::write(json& metrics, MonoTime now,
                           const std::optional<wire::Observations>& observations,
                           const HostUse& use) {
  if (observations) metrics["connections"] = connections_of(*observations);
  json resources = {{"load_percent", use.load_percent}, {"agent", resources_of(use.agent)}};
  if (use.fabric) resources["fabric"] = resources_of(*use.fabric);

  const Sample after = sample_of(now, observations, use);
  // Another process counts from 0.
  if (base_ && base_->pid != after.pid) base_.reset();
  if (!base_) {
    base_ = newer_ = after;
  } else if (const double s = Seconds(now - base_->at).count(); s > 0) {
    const Sample& before = *base_;
    metrics["rates"] = {{"calls_per_s", rate(before.calls, after.calls, s)},
                        {"dials_per_s", rate(before.attempts, after.attempts, s)},
                        {"channels_per_s", rate(before.established, after.established, s)},
                        {"bytes_in_per_s", rate(before.bytes_in, after.bytes_in, s)},
                        {"bytes_out_per_s", rate(before.bytes_out, after.bytes_out, s)}};
    json& opened = metrics["rates"]["flows_per_s"];
    for (std::size_t i = 0; i < after.opened_flows.size(); ++i) {
      opened[std::string(policy::kNodeRoleNames[i])] =
          rate(before.opened_flows[i], after.opened_flows[i], s);
    }
    metrics["errors"] = {
        {"failed_calls_per_s", rate(before.failed_calls, after.failed_calls, s)},
        {"failed_handshakes_per_s", rate(before.failed_handshakes, after.failed_handshakes, s)},
        {"unauthorized_per_s", rate(before.unauthorized, after.unauthorized, s)},
        {"refused_flows_per_s", rate(before.refused_flows, after.refused_flows, s)}};
    resources["agent"]["cpu"] = share(before.agent_cpu, after.agent_cpu, s);
    if (use.fabric) resources["fabric"]["cpu"] = share(before.fabric_cpu, after.fabric_cpu, s);
    if (now - newer_->at >= kRatesOver) base_ = std::exchange(newer_, after);
  }
  metrics["resources"] = std::move(resources);
}

}  // namespace rap::agent
