// The figures that a check-in carries (CP-2): what is connected, how much happens and how much of
// it goes wrong, and what the two programs use of their host. Rates are over the last half minute
// or so, so that one check-in tells what is going on now.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>

#include <nlohmann/json_fwd.hpp>

#include "base/time.hpp"
#include "policy/roles.hpp"
#include "wire/agent/observations.hpp"

namespace rap::agent {

inline constexpr Duration kRatesOver = std::chrono::seconds{30};

// What one program uses.
struct ProgramUse {
  Duration cpu{};  // since it started
  std::uint64_t resident_bytes = 0;
  std::uint64_t open_files = 0;
};
struct HostUse {
  ProgramUse agent;
  std::optional<ProgramUse> fabric;  // none: it is away, or the host does not tell
  std::int64_t load_percent = 0;     // of the host's processors, over a minute
};
// Asks the host, by the process of rap-fabric; 0: there is none.
using AskHostUse = std::function<HostUse(std::int64_t fabric_pid)>;

class CheckInMetrics {
 public:
  // A call of the control plane ended.
  void count_call(bool failed) {
    ++calls_;
    if (failed) ++failed_calls_;
  }
  // The figures of now, as members of "metrics".
  void write(nlohmann::json& metrics, MonoTime now,
             const std::optional<wire::Observations>& observations, const HostUse& use);

 private:
  // Counts and times that only grow while the same rap-fabric runs.
  struct Sample {
    MonoTime at{};
    std::int64_t pid = 0;
    std::uint64_t calls = 0;
    std::uint64_t failed_calls = 0;
    std::uint64_t attempts = 0;
    std::uint64_t established = 0;
    std::uint64_t failed_handshakes = 0;
    std::uint64_t unauthorized = 0;
    std::uint64_t refused_flows = 0;
    std::array<std::uint64_t, policy::kNodeRoleNames.size()> opened_flows{};  // by role
    std::uint64_t bytes_in = 0;
    std::uint64_t bytes_out = 0;
    Duration agent_cpu{};
    Duration fabric_cpu{};
  };
  Sample sample_of(MonoTime now, const std::optional<wire::Observations>& observations,
                   const HostUse& use) const;

  std::uint64_t calls_ = 0;
  std::uint64_t failed_calls_ = 0;
  std::optional<Sample> base_;   // what rates begin at
  std::optional<Sample> newer_;  // takes its place when that is old
};

}  // namespace rap::agent
