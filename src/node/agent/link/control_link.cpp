#include "node/agent/link/control_link.hpp"

#include <utility>

#include <nlohmann/json.hpp>

#include "node/agent/control_problem.hpp"
#include "wire/http/hints.hpp"

namespace rap::agent {

ControlLink::ControlLink(ControlLinkOptions options, LinkState state, NodeFiles& directory,
                         SecurityStore& security, RandomSource& rng)
    : options_(std::move(options)),
      state_(state),
      rng_(rng),
      configs_(options_.scope, directory, state_, rng),
      commands_(options_.scope.node, directory, state_, rng),
      deltas_(options_.scope.node, security, rng),
      renewal_(options_.scope.node, kNodeCertificate, options_.certificate.names(),
               options_.certificate, directory, rng),
      worker_(options_.scope.node, kWorkerCertificate, options_.worker_names, options_.worker,
              directory, rng),
      events_(options_.scope.node, rng),
      audit_heads_(options_.scope, directory),
      checkin_(std::min(options_.checkin_interval, kDegradedCheckinInterval)) {}

MonoTime ControlLink::next_wakeup() const {
  if (held_) return checkin_.next();
  return std::min({checkin_.next(), configs_.next_wakeup(), commands_.next_wakeup(),
                   deltas_.next_wakeup(), renewal_.next_wakeup(), worker_.next_wakeup(),
                   events_.next_wakeup()});
}

LinkActions ControlLink::step(Now now, const LinkEvent& event) {
  const std::uint64_t version = configs_.version();
  LinkActions actions = handle(now, event);
  // A history began: the control plane may not know the certificate that clients are shown. That of
  // the node it adopts.
  if (version > 0 && configs_.version() > version + kMaxVersionJump) worker_.asked_to(now.mono);
  follow_runtime(now.mono);
  // Whatever the event was, it may have made a call due.
  if (checkin_.due(now.mono)) {
    checkin_.begin();
    renewals_at_checkin_ = renewal_.renewals();
    checkin_sent_ = now;
    actions.push_back(SendToControl{ControlCall::checkin, checkin(now.mono)});
  }
  if (held_) return actions;
  append(actions, configs_.poll(now));
  append(actions, commands_.poll(now.mono));
  append(actions, deltas_.poll(now.mono));
  append(actions, renewal_.poll(now));
  worker_.need(configs_.is_entry(), now.mono);
  append(actions, worker_.poll(now));
  append(actions, events_.poll(now.mono));
  return actions;
}

Duration ControlLink::checkin_interval() const {
  const Duration calm =
      runtime_.checkin_interval ? Duration{*runtime_.checkin_interval} : options_.checkin_interval;
  return events_.up() ? calm : std::min(calm, Duration{runtime_.degraded_checkin});
}

void ControlLink::follow_runtime(MonoTime now) {
  if (configs_.runtime() == runtime_) return;
  runtime_ = configs_.runtime();
  checkin_.set_interval(checkin_interval(), now, rng_);
}

LinkActions ControlLink::handle(Now now, const LinkEvent& event) {
  if (const auto* answered = std::get_if<ControlAnswered>(&event)) {
    metrics_.count_call(!answered->answer || answered->answer->status >= 400);
    if (answered->call == ControlCall::checkin) return on_checkin(now, answered->answer);
    if (answered->call == ControlCall::renew_certificate) {
      const std::uint64_t before = renewal_.renewals();
      LinkActions actions = renewal_.on_answer(now, answered->answer, configs_.roots());
      // Another root may issue now, which clients will soon be asked to trust alone.
      if (renewal_.renewals() != before) worker_.asked_to(now.mono);
      return actions;
    }
    if (answered->call == ControlCall::renew_worker) {
      return worker_.on_answer(now, answered->answer, configs_.roots());
    }
    LinkActions actions = configs_.on_answer(now, answered->call, answered->answer);
    append(actions, commands_.on_answer(now.mono, answered->call, answered->answer));
    append(actions, deltas_.on_answer(now, answered->call, answered->answer));
    return actions;
  }
  if (std::holds_alternative<FabricConnected>(event)) {
    fabric_up_ = true;
    return held_ ? LinkActions{} : tell_fabric_all(now);
  }
  if (std::holds_alternative<FabricDisconnected>(event)) {
    fabric_up_ = false;
    observations_.reset();
    commands_.fabric_disconnected();
    deltas_.fabric_disconnected();
    return {};
  }
  if (const auto* said = std::get_if<FabricSaid>(&event)) {
    return on_fabric_message(now.mono, said->message);
  }
  if (std::holds_alternative<FabricStarted>(event)) ++fabric_starts_;
  return on_events(now, event);
}

LinkActions ControlLink::on_hint(Now now, const HintCame& hint) {
  if (hint.type == wire::kConfigPending) {
    if (!hint.data.empty()) return configs_.on_pushed(now, hint.data);
    configs_.hinted(now.mono);
  }
  if (hint.type == wire::kCommandPending) commands_.hinted(now.mono);
  if (hint.type == wire::kEpochBumped) deltas_.hinted(now.mono, snapshot::DeltaStream::epochs);
  if (hint.type == wire::kBlocklistChanged) {
    deltas_.hinted(now.mono, snapshot::DeltaStream::blocklist);
  }
  return {};
}

LinkActions ControlLink::on_events(Now now, const LinkEvent& event) {
  if (std::holds_alternative<EventsOpened>(event)) {
    LinkActions actions = events_.opened(now.mono);
    checkin_.set_interval(checkin_interval(), now.mono, rng_);
    checkin_.hurry(now.mono);  // for the hints that were missed
    deltas_.hints_came_up(now.mono);
    return actions;
  }
  if (const auto* hint = std::get_if<HintCame>(&event)) return on_hint(now, *hint);
  if (const auto* ended = std::get_if<EventsEnded>(&event)) {
    const bool was_up = events_.up();
    LinkActions actions = events_.ended(now.mono, ended->answer);
    if (was_up) {
      checkin_.set_interval(checkin_interval(), now.mono, rng_);
      deltas_.hints_went_down(now.mono);
    }
    return actions;
  }
  return {};
}

LinkActions ControlLink::on_checkin(Now now, const Answer& answer) {
  const auto parsed = answer ? parse_checkin(*answer) : std::nullopt;
  if (!parsed) {
    checkin_.failed(now.mono, rng_);
    if (!answer) return control_reached(false, answer.error());
    const std::string why = parse_problem(*answer).detail;
    LinkActions actions = control_reached(false, why);
    append(actions, refused(*answer, why));
    return actions;
  }
  checkin_.succeeded(now.mono, rng_);
  if (options_.public_credential != nullptr) {
    options_.public_credential->check_in_succeeded(now.mono);
  }
  refusal_said_.clear();
  if (parsed->kept_out) return hold(now, true);
  configs_.announced(now.mono, parsed->config_version);
  commands_.announced(now.mono, parsed->commands_seq);
  // Not when it was asked of the certificate before.
  if (parsed->renew_certificate && renewals_at_checkin_ == renewal_.renewals()) {
    renewal_.asked_to(now.mono);
  }
  LinkActions actions = control_reached(true, {});
  append(actions, hold(now, false));
  if (parsed->server_time) {
    append(actions, clock_.answered(checkin_sent_, now, *parsed->server_time));
    append(actions, tell_clock());
  }
  if (!parsed->audit_head.empty()) append(actions, audit_heads_.take(parsed->audit_head));
  if (parsed->security_events_taken) {
    append(actions, security_events_taken(*parsed->security_events_taken));
  }
  return actions;
}

// A fabric that is away says them again when it comes, and hears it then.
LinkActions ControlLink::security_events_taken(const wire::SecurityEventsTaken& taken) {
  security_reports_.taken(taken);
  if (!fabric_up_) return {};
  return {tell_fabric(taken)};
}

// What a fabric is told that has just come: first who it is, and before any configuration what it
// must never dial.
LinkActions ControlLink::tell_fabric_all(Now now) {
  LinkActions actions = {TellIdentity{}, tell_fabric(wire::AgentListeners{options_.listeners})};
  append(actions, tell_control());
  clock_told_.reset();
  append(actions, tell_clock());
  append(actions, deltas_.fabric_connected());
  append(actions, configs_.fabric_connected(now.wall));
  append(actions, commands_.fabric_connected());
  return actions;
}

// A fabric that comes while it is held has neither keys nor a configuration, and carries nothing.
LinkActions ControlLink::hold(Now now, bool held) {
  if (held == std::exchange(held_, held)) return {};
  LinkActions actions = {
      HoldFabric{held},
      held ? Say{LogLevel::error, "node.held",
                 "Another agent runs with this node's identity: this state directory is a "
                 "copy, or was copied. rap-fabric is stopped here, and stays so while the "
                 "other one is there. Stop this agent, and enrol its host as a node of its "
                 "own, with an empty state directory."}
           : Say{LogLevel::warn, "node.released",
                 "The other agent with this node's identity is gone; this one takes over."}};
  if (!held && fabric_up_) append(actions, tell_fabric_all(now));
  return actions;
}

LinkActions ControlLink::on_fabric_message(MonoTime now, const std::string& text) {
  auto message = wire::decode_to_agent(text);
  if (!message) {
    return {Say{LogLevel::warn, "fabric.message_ignored",
                "A message makes no sense: " + message.error().detail + "."}};
  }
  if (auto* result = std::get_if<wire::CommandResult>(&*message)) {
    commands_.fabric_answered(now, *result);
    return {};
  }
  if (auto* events = std::get_if<wire::SecurityEvents>(&*message)) {
    return security_reports_.said(std::move(*events));
  }
  observations_ = std::get<wire::Observations>(std::move(*message));
  configs_.fabric_runs(now, observations_->config_version);
  return {};
}

LinkActions ControlLink::control_reached(bool reached, const std::string& why) {
  const bool was_known = std::exchange(control_known_, true);
  if (reached == control_up_) return was_known ? LinkActions{} : tell_control();
  control_up_ = reached;
  LinkActions actions = tell_control();
  actions.push_back(reached
                        ? Say{LogLevel::info, "control.reached", "The control plane answers again."}
                        : Say{LogLevel::warn, "control.away",
                              why + " The last configuration stays in force; it is tried again."});
  return actions;
}

// That the control plane does not want this node is said also when it was away before, and with
// each new reason once.
LinkActions ControlLink::refused(const wire::HttpResponse& answer, const std::string& why) {
  if (is_transient(answer.status) || why == std::exchange(refusal_said_, why)) return {};
  return {Say{LogLevel::error, "control.refused", why}};
}

// Nothing while it is not known: a guess would make a fabric that runs degrade for a moment.
LinkActions ControlLink::tell_control() const {
  if (!fabric_up_ || !control_known_) return {};
  return {tell_fabric(wire::ControlReachable{control_up_})};
}

// What is measured in whole seconds goes up and down by one.
LinkActions ControlLink::tell_clock() {
  constexpr std::chrono::seconds kJitter{1};
  const auto skew = clock_.skew();
  if (!fabric_up_ || held_ || !skew) return {};
  if (clock_told_ && std::chrono::abs(*skew - *clock_told_) <= kJitter) return {};
  clock_told_ = skew;
  return {tell_fabric(
      wire::ClockAhead{std::clamp(*skew, -wire::kMaxClockAhead, wire::kMaxClockAhead)})};
}

wire::HttpRequest ControlLink::checkin(MonoTime now) {
  nlohmann::json figures = nlohmann::json::object();
  const std::int64_t fabric = observations_ ? observations_->pid : 0;
  metrics_.write(figures, now, observations_, options_.use ? options_.use(fabric) : HostUse{});
  const auto since = std::chrono::duration_cast<std::chrono::seconds>(now - options_.made_at);
  return checkin_request(options_.scope.node,
                         {.config_version = state_.config_floor,
                          .commands_seq = state_.commands_seq,
                          .audit_head = audit_heads_.newest(),
                          .incarnation = options_.incarnation,
                          .clock_skew = clock_.skew(),
                          .disk = options_.disk ? options_.disk() : std::nullopt,
                          .host = options_.host,
                          .advertised = options_.advertised,
                          .public_certificate = options_.public_credential != nullptr
                                                    ? options_.public_credential->tell()
                                                    : PublicCredential::Told{},
                          .uptime_s = options_.host_uptime_s + since.count(),
                          .fabric_starts = fabric_starts_,
                          .figures = wire::JsonValue(std::move(figures)),
                          .observations = observations_,
                          .security_events = security_reports_.next()});
}

}  // namespace rap::agent
