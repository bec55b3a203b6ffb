// Keeps the node's configuration current: pull when a newer one is announced, verify, store, hand
// to rap-fabric, acknowledge once the fabric runs with it. Each step repeats on its own, so a
// failure of one never replays another. The last verified configuration stays in force throughout,
// for as long as it says; before a quarter of that is over it is asked for anew, unchanged or not.
//
// A configuration lists documents of other types by hash. It takes effect together with all of
// them: those that are large are fetched as objects first, and until then the one before it stays.
#pragma once

#include <deque>
#include <optional>
#include <set>
#include <string>

#include "node/agent/configuration/config_gate.hpp"
#include "node/agent/configuration/document_store.hpp"
#include "node/agent/link/calls/link_actions.hpp"
#include "node/agent/link/calls/link_state.hpp"
#include "node/agent/link/calls/node_api.hpp"
#include "node/agent/link/pulls/object_fetch.hpp"
#include "node/agent/node_files.hpp"
#include "node/agent/poller.hpp"

namespace rap::agent {

// "type" on the wire
inline constexpr std::string_view kNodeConfigKind = "node_config";
inline constexpr std::string_view kTrustBundleKind = "trust_bundle";
inline constexpr std::size_t kMaxConfigReports = 16;  // waiting to be sent; then the oldest goes

class ConfigSync {
 public:
  // `state` is shared with the caller and outlives this.
  ConfigSync(ConfigScope scope, NodeFiles& directory, LinkState& state, RandomSource& rng);

  // Takes up the configuration stored by an earlier run; it is verified like a new one.
  LinkActions load(Now now);

  const std::vector<crypto::Certificate>& roots() const { return scope_.roots; }
  std::uint64_t version() const { return current_ ? current_->version : 0; }
  // What the configuration denies; null: there is none yet.
  std::shared_ptr<const crypto::DenyList> denied() const {
    return current_ ? current_->denied : nullptr;
  }
  bool is_entry() const { return current_ && current_->is_entry; }
  const snapshot::AgentRuntime& runtime() const { return runtime_; }
  MonoTime next_wakeup() const;
  LinkActions poll(Now now);

  void announced(MonoTime now, std::uint64_t version);
  void hinted(MonoTime now);  // there may be a newer one
  // It came unasked, with a hint: what a pull would be answered. What does not simply go on from
  // what is here is pulled.
  LinkActions on_pushed(Now now, const std::string& answer);
  LinkActions fabric_connected(WallTime now) const;  // the fabric starts from nothing
  void fabric_runs(MonoTime now, std::uint64_t version);
  LinkActions on_answer(Now now, ControlCall call, const Answer& answer);

 private:
  // A configuration on its way to be in force, until its documents are there.
  struct Candidate {
    VerifiedConfig config;
    std::string envelope;
  };

  LinkActions on_pulled(Now now, const Answer& answer);
  LinkActions on_object(Now now, const Answer& answer);
  void on_delivered(MonoTime now, ControlCall call, bool delivered);
  HaveConfigs have() const;
  LinkActions give_up(MonoTime now, ConfigReport report);
  std::expected<LinkActions, std::string> take_bundle(const PulledConfig& pulled);
  // Takes the documents of the candidate that came with it; yields those to fetch.
  std::expected<std::vector<ObjectName>, ConfigReport> stage(
      const std::vector<PulledConfig>& pulled);
  std::expected<Candidate, ConfigRefusal> candidate_of(const PulledConfig& pulled,
                                                       WallTime now) const;
  LinkActions finish(Now now);
  std::expected<LinkActions, std::string> accept(Now now, Candidate candidate);
  std::vector<ConfigAck> acks_due() const;
  Duration random_part(Duration whole);
  void report(MonoTime now, ConfigReport report);
  void plan_refresh(Now now);

  ConfigScope scope_;
  NodeFiles& directory_;
  LinkState& state_;
  RandomSource& rng_;
  DocumentStore documents_;
  ObjectFetch fetch_;
  std::optional<VerifiedConfig> current_;
  std::optional<Candidate> candidate_;
  snapshot::AgentRuntime runtime_;
  MonoTime refresh_at_ = Poller::kNever;
  bool resync_ = false;  // after something went wrong: the next one whole
  bool refreshing_ = false;  // ask for a configuration although we may have it already
  std::uint64_t acked_ = 0;
  std::set<crypto::Sha256> acked_documents_;
  std::vector<ConfigAck> acks_in_flight_;
  Duration ack_within_ = Duration::zero();  // as the control plane wants it
  std::uint64_t ack_planned_ = 0;  // for this version
  std::deque<ConfigReport> failures_;     // not yet sent
  std::vector<ConfigReport> reporting_;   // sent until they arrive
  Poller pull_{Duration::zero()};
  Poller ack_{Duration::zero()};
  Poller error_{Duration::zero()};
};

}  // namespace rap::agent
