// The node's link to the control plane, as one core: check in at an interval, and let the answers
// drive the pulls of configuration and commands, and the renewal of the certificate. Hints hurry
// the pulls; a lost one costs time only, for what counts is what a check-in says. While the
// control plane is away everything already in force stays in force, and each call is repeated with
// backoff.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "node/agent/link/audit_heads.hpp"
#include "node/agent/link/calls/link_actions.hpp"
#include "node/agent/link/check_in_metrics.hpp"
#include "node/agent/link/clock_watch.hpp"
#include "node/agent/link/command_sync.hpp"
#include "node/agent/link/event_sync.hpp"
#include "node/agent/link/pulls/config_sync.hpp"
#include "node/agent/link/pulls/delta_sync.hpp"
#include "node/agent/link/pulls/security_reports.hpp"
#include "node/agent/link/renewal_sync.hpp"
#include "node/agent/public_credential.hpp"

namespace rap::agent {

struct ControlAnswered {
  ControlCall call;
  Answer answer;
};
struct EventsOpened {};
struct HintCame {
  std::string type;
  std::string data = {};  // the answer to what it would make the node ask; empty: it has to ask
};
struct EventsEnded {
  Answer answer;  // what was said instead of a stream, or how it ended
};
struct FabricConnected {};
struct FabricDisconnected {};
struct FabricSaid {
  std::string message;
};
struct FabricStarted {};  // a process was started, or an earlier one adopted
struct LinkWoken {};  // next_wakeup() has come
using LinkEvent = std::variant<LinkWoken, ControlAnswered, EventsOpened, HintCame, EventsEnded,
                               FabricConnected, FabricDisconnected, FabricSaid, FabricStarted>;

// The time between check-ins while no stream of hints is up, unless the interval is shorter anyway.
inline constexpr Duration kDegradedCheckinInterval = std::chrono::milliseconds{800};

struct ControlLinkOptions {
  ConfigScope scope;
  crypto::Certificate certificate;  // the node's
  // What clients are shown, once the node is an entry.
  std::optional<crypto::Certificate> worker = std::nullopt;
  crypto::SubjectNames worker_names = {};
  HostFacts host;
  AdvertisedTexts advertised = {};
  std::string incarnation = {};  // drawn at each start, so that two agents can be told apart
  Duration checkin_interval = std::chrono::seconds{5};  // while there is a stream of hints
  std::int64_t host_uptime_s = 0;  // when the link is made
  MonoTime made_at;
  // How the disk under the state directory does, asked before each check-in; empty: nobody knows.
  std::function<std::optional<DiskFault>()> disk = nullptr;
  AskHostUse use = nullptr;  // what the programs use of their host; empty: nobody knows
  // What people are shown of a public authority; null: nothing. It outlives the link.
  PublicCredential* public_credential = nullptr;
  std::vector<wire::HostPort> listeners = {};  // the agent's own, which are no targets
};

class ControlLink {
 public:
  // `state` is what load_link_state() returned.
  ControlLink(ControlLinkOptions options, LinkState state, NodeFiles& directory,
              SecurityStore& security, RandomSource& rng);
  ControlLink(const ControlLink&) = delete;  // its parts share state_
  ControlLink& operator=(const ControlLink&) = delete;

  // Takes up what an earlier run stored; it is called before the first step.
  LinkActions load(Now now) {
    renewal_.plan(now);
    worker_.plan(now);
    LinkActions actions = configs_.load(now);
    append(actions, deltas_.load());
    return actions;
  }

  LinkActions step(Now now, const LinkEvent& event);
  // Whom the configuration in force denies, the control plane's own certificates among them; null:
  // there is no configuration yet.
  std::shared_ptr<const crypto::DenyList> denied() const { return configs_.denied(); }
  MonoTime next_wakeup() const;

 private:
  LinkActions handle(Now now, const LinkEvent& event);
  LinkActions on_events(Now now, const LinkEvent& event);
  LinkActions on_hint(Now now, const HintCame& hint);
  LinkActions on_checkin(Now now, const Answer& answer);
  LinkActions security_events_taken(const wire::SecurityEventsTaken& taken);
  LinkActions tell_fabric_all(Now now);
  LinkActions hold(Now now, bool held);
  LinkActions on_fabric_message(MonoTime now, const std::string& text);
  Duration checkin_interval() const;
  void follow_runtime(MonoTime now);
  LinkActions control_reached(bool reached, const std::string& why);
  LinkActions refused(const wire::HttpResponse& answer, const std::string& why);
  LinkActions tell_control() const;
  LinkActions tell_clock();
  wire::HttpRequest checkin(MonoTime now);

  ControlLinkOptions options_;
  LinkState state_;
  RandomSource& rng_;
  ConfigSync configs_;
  CommandSync commands_;
  DeltaSync deltas_;
  RenewalSync renewal_;
  RenewalSync worker_;
  EventSync events_;
  AuditHeads audit_heads_;
  SecurityReports security_reports_;
  CheckInMetrics metrics_;
  ClockWatch clock_;
  std::optional<std::chrono::seconds> clock_told_;  // to the fabric that is there
  Poller checkin_;
  snapshot::AgentRuntime runtime_;  // as it was last followed
  std::optional<wire::Observations> observations_;  // the fabric's latest; empty while it is away
  std::uint64_t fabric_starts_ = 0;
  std::uint64_t renewals_at_checkin_ = 0;
  Now checkin_sent_{};
  bool held_ = false;  // it keeps out of the way of another agent with this identity
  bool control_up_ = true;  // so that the first failure is logged, and then the recovery
  std::string refusal_said_;
  bool control_known_ = false;  // a check-in went well or failed
  bool fabric_up_ = false;
};

}  // namespace rap::agent
