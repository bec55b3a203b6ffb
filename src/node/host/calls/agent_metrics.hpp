// What the agent itself has been through, for Prometheus (OB-1), on an address of its own. That its
// rap-fabric answers on another one tells nothing of the agent: it may be away, and its fabric go
// on.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/log/log.hpp"
#include "base/time.hpp"
#include "io/http/server/metrics_endpoint.hpp"
#include "io/loop/event_loop.hpp"
#include "io/system/process_usage.hpp"
#include "node/agent/link/calls/link_actions.hpp"
#include "node/agent/node_files.hpp"
#include "wire/url.hpp"

namespace rap::host {

inline constexpr Duration kAgentMetricsEvery = std::chrono::seconds{1};
inline constexpr std::size_t kControlCalls =
    static_cast<std::size_t>(agent::ControlCall::renew_worker) + 1;

// How a call to the control plane went.
enum class CallOutcome : std::uint8_t { ok, refused, failed };
inline constexpr std::size_t kCallOutcomes = 3;

// What the shell of the control link counts.
struct LinkCounters {
  std::array<std::array<std::uint64_t, kCallOutcomes>, kControlCalls> calls{};
  std::optional<WallTime> checked_in_at;  // when it last went well
  bool event_stream_up = false;
  std::uint64_t event_streams_opened = 0;
  std::uint64_t hints = 0;
  bool fabric_connected = false;
  std::uint64_t fabric_connections = 0;
  std::uint64_t fabric_starts = 0;
  bool held = false;

  void count(agent::ControlCall call, const agent::Answer& answer, WallTime now);
};

struct AgentFigures {
  LinkCounters link;
  std::optional<WallTime> certificate_until;  // of the node; none: it is not a node yet
  std::optional<WallTime> worker_until;
  std::optional<agent::DiskFault> disk;
  io::ProcessUsage usage;
};
std::string metrics_text(const AgentFigures& figures);

// Answers on an address with what `text` says each second. What cannot be opened is tried again.
class AgentMetrics {
 public:
  AgentMetrics(io::EventLoop& loop, wire::HostPort at, Log& log, std::function<std::string()> text);
  std::uint16_t port() const { return endpoint_ ? endpoint_->port() : 0; }

 private:
  void tick();

  io::EventLoop& loop_;
  const wire::HostPort at_;
  Log& log_;
  const std::function<std::string()> text_;
  std::unique_ptr<io::MetricsEndpoint> endpoint_;
  bool said_ = false;
  io::Timer ticker_;
};

}  // namespace rap::host
