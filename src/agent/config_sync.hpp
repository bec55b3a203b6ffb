// Keeps the node's configuration current: pull when a newer one is announced, verify, store, hand
// to rap-fabric, acknowledge once the fabric runs with it. Each step repeats on its own, so a
// failure of one never replays another. The last verified configuration stays in force throughout,
// for as long as it says; before a quarter of that is over it is asked for anew, unchanged or not.
#pragma once

#include <optional>
#include <string>

#include "agent/config_gate.hpp"
#include "agent/link_actions.hpp"
#include "agent/link_state.hpp"
#include "agent/node_api.hpp"
#include "agent/poller.hpp"
#include "agent/state_directory.hpp"

namespace rap::agent {

// "type" on the wire
inline constexpr std::string_view kNodeConfigKind = "node_config";
inline constexpr std::string_view kTrustBundleKind = "trust_bundle";

class ConfigSync {
 public:
  // `state` is shared with the caller and outlives this.
  ConfigSync(ConfigScope scope, StateDirectory& directory, LinkState& state, RandomSource& rng);

  // Takes up the configuration stored by an earlier run; it is verified like a new one.
  LinkActions load(Now now);

  const std::vector<crypto::Certificate>& roots() const { return scope_.roots; }
  std::uint64_t version() const { return current_ ? current_->version : 0; }
  bool is_entry() const { return current_ && current_->is_entry; }
  MonoTime next_wakeup() const;
  LinkActions poll(Now now);

  void announced(MonoTime now, std::uint64_t version);
  void hinted(MonoTime now);  // there may be a newer one
  LinkActions fabric_connected(WallTime now) const;  // the fabric starts from nothing
  void fabric_runs(MonoTime now, std::uint64_t version);
  LinkActions on_answer(Now now, Call call, const Answer& answer);

 private:
  struct Failure {
    std::string type;
    std::uint64_t version;
    std::string text;
  };

  LinkActions on_pulled(Now now, const Answer& answer);
  std::expected<LinkActions, std::string> take(Now now, const PulledConfig& pulled);
  std::expected<LinkActions, std::string> take_bundle(const PulledConfig& pulled);
  std::expected<LinkActions, std::string> accept(Now now, VerifiedConfig config,
                                                 const std::string& envelope);
  void plan_refresh(Now now);

  ConfigScope scope_;
  StateDirectory& directory_;
  LinkState& state_;
  RandomSource& rng_;
  std::optional<VerifiedConfig> current_;
  MonoTime refresh_at_ = Poller::kNever;
  bool refreshing_ = false;  // ask for a configuration although we may have it already
  std::uint64_t acked_ = 0;
  std::uint64_t ack_in_flight_ = 0;
  std::optional<Failure> failure_;    // the latest, not yet sent
  std::optional<Failure> reporting_;  // sent until it arrives
  Poller pull_{Duration::zero()};
  Poller ack_{Duration::zero()};
  Poller error_{Duration::zero()};
};

}  // namespace rap::agent
