#include "node/channel/lifecycle.hpp"

#include <algorithm>

namespace rap::channel {
namespace {

std::uint64_t micros(Duration d) {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(d).count());
}

// Channels that began together are not judged again together: up to a tenth earlier, by their id.
Duration revalidation_interval(ChannelId id) {
  return kRevalidateInterval - kRevalidateInterval / 10 * id.bytes()[0] / 256;
}

}  // namespace

std::vector<Action> Lifecycle::step(MonoTime now, const Event& event, const Context& context) {
  now_ = now;
  context_ = &context;
  out_.clear();
  const auto classes_before = classes_;
  const bool new_flows_before = takes_new_flows();
  const bool was_up = carries_traffic();
  carry_out(transition_of(state_, kind_of(event)), event);
  settle();
  if (was_up && carries_traffic() &&
      (classes_before != classes_ || new_flows_before != takes_new_flows())) {
    out_.emplace_back(action::PolicyChanged{});
  }
  return std::move(out_);
}

void Lifecycle::carry_out(Transition outcome, const Event& event) {
  switch (outcome) {
    case Transition::ignore:
    case Transition::impossible: return;
    case Transition::refuse: return fail(FailureReason::policy_denied);
    case Transition::dial:
      state_ = State::connecting;
      deadline_ = now_ + kEstablishTimeout;
      out_.emplace_back(action::Dial{});
      return;
    case Transition::listen:
      state_ = State::handshaking;
      deadline_ = now_ + kEstablishTimeout;
      return;
    case Transition::handshake: state_ = State::handshaking; return;
    case Transition::authenticate: return authenticate(std::get<event::Proven>(event).verdict);
    case Transition::lose: return fail(std::get<event::Lost>(event).reason);
    case Transition::greet: return greet(std::get<event::HelloReceived>(event).hello);
    case Transition::greet_again: return greet_again(std::get<event::HelloReceived>(event).hello);
    case Transition::answer: return answer(std::get<event::HeartbeatReceived>(event));
    case Transition::measure: return measure(std::get<event::AckReceived>(event));
    case Transition::part: {
      const auto reason = std::get<event::GoodbyeReceived>(event).reason;
      refused_by_peer_ = reason != FailureReason::none;
      reason_ = reason;
      return begin_closing(reason);
    }
    case Transition::reconsider: return reconsider();
    case Transition::conclude: return conclude(std::get<event::Revalidated>(event).verdict);
    case Transition::join:
      bulk_ = true;
      monitor(LaneKind::bulk) = HeartbeatMonitor{};
      emptied_.reset();
      return send_heartbeat(LaneKind::bulk);
    case Transition::unjoin:
      bulk_ = false;
      emptied_.reset();
      return;
    case Transition::finish: return finish(std::get<event::Idle>(event).carried);
    case Transition::expire: return expire();
    case Transition::stop: return begin_closing(FailureReason::none);
    case Transition::gone:
      end(State::closed);
      out_.emplace_back(action::Close{false});
      return;
  }
}

void Lifecycle::authenticate(const Verdict& verdict) {
  state_ = State::authenticating;
  if (!verdict) return fail(verdict.error().reason);
  const auto identity =
      check_identity(*context_, verdict->identity, expected_ ? &*expected_ : nullptr);
  if (identity != FailureReason::none) return fail(identity);
  peer_ = verdict->identity.node();
  state_ = State::authorizing;
  schedule_revalidation(verdict->valid_for);
  const auto allowed = authorize_peer(*context_, *peer_, Stage::opening);
  if (!allowed) return fail(allowed.error());
  // The dialler speaks first: the listener learns from it which channel and lane this is.
  if (dialled()) announce();
}

std::expected<wire::TrafficClassSet, FailureReason> Lifecycle::judge(const wire::Hello& hello,
                                                                     Stage stage) const {
  auto classes = authorize_hello(*context_, *peer_, stage, hello);
  if (!classes) return classes;
  if (opened_degraded_) classes = classes->intersect(context_->degraded_classes);
  // CH-14: a class that a live channel takes up without the control plane is as new as a channel.
  if (stage == Stage::continuing && is_cut_off(hello)) {
    classes = classes->intersect(classes_.join(context_->degraded_classes));
  }
  if (classes->empty()) return std::unexpected(FailureReason::channel_class_denied);
  return classes;
}

// CH-7: the control plane is out of reach of either side: of us, or of the peer, as it says itself.
bool Lifecycle::is_cut_off(const wire::Hello& hello) const {
  return context_->authority == ConfigAuthority::degraded || hello.degraded;
}

// CH-5: failed reauthorization closes a channel, or degrades it where policy says so.
std::expected<wire::TrafficClassSet, FailureReason> Lifecycle::judge_again(
    const wire::Hello& hello) {
  auto classes = judge(hello, Stage::continuing);
  if (classes) {
    caught_up();
    return classes;
  }
  return tolerate(hello, classes.error());
}

// A peer that is only behind may still catch up: what policy denies, and who is revoked, disabled
// or not who it was, is out at once. Being behind again and again buys no more time.
std::expected<wire::TrafficClassSet, FailureReason> Lifecycle::tolerate(const wire::Hello& hello,
                                                                        FailureReason reason) {
  const auto allowed = authorize_peer(*context_, *peer_, Stage::continuing);
  if (!allowed) return allowed;
  const bool is_behind =
      reason == FailureReason::trust_bundle_stale || reason == FailureReason::route_epoch_stale;
  if (!is_behind || context_->stale_peer <= Duration::zero()) return std::unexpected(reason);
  const MonoTime until = now_ + context_->stale_peer;
  behind_ = Behind{reason, behind_ ? std::min(behind_->until, until) : until};
  if (state_ != State::draining) reason_ = reason;
  const auto classes = classes_.intersect(*allowed).intersect(hello.classes);
  if (classes.empty()) return std::unexpected(reason);
  return classes;
}

void Lifecycle::caught_up() {
  if (!behind_) return;
  if (reason_ == behind_->reason) reason_ = FailureReason::none;
  behind_.reset();
}

void Lifecycle::greet(const wire::Hello& hello) {
  const bool other_channel = dialled() ? hello.channel != id_ : hello.channel.is_nil();
  if (other_channel || hello.lane != LaneKind::interactive)
    return fail(FailureReason::policy_denied);
  opened_degraded_ = is_cut_off(hello);
  const auto classes = judge(hello, Stage::opening);
  if (!classes) return fail(classes.error());
  id_ = hello.channel;
  peer_hello_ = hello;
  classes_ = *classes;
  // Whoever dials has spoken, and what it said may not be so any more.
  if (!dialled() || own_hello() != announced_) announce();
  state_ = State::established;
  established_at_ = now_;
  deadline_.reset();
  out_.emplace_back(action::Established{});
  send_heartbeat(LaneKind::interactive);
}

void Lifecycle::greet_again(const wire::Hello& hello) {
  if (hello.channel != id_ || hello.lane != LaneKind::interactive) {
    return fail(FailureReason::policy_denied);
  }
  if (!is_cut_off(hello)) opened_degraded_ = false;
  const auto classes = leaving() ? classes_.intersect(hello.classes) : judge_again(hello);
  if (!classes) return fail(classes.error());
  peer_hello_ = hello;
  classes_ = *classes;
  if (hello.draining && !draining_) begin_draining(FailureReason::peer_draining, drain_time());
}

void Lifecycle::answer(const event::HeartbeatReceived& e) {
  const wire::Heartbeat& h = e.heartbeat;
  if (h.channel != id_ || h.from != *peer_ || h.to != context_->node) {
    return fail(FailureReason::wrong_node);
  }
  out_.emplace_back(action::SendAck{e.lane, {h.sequence, h.timestamp_us}});
  if (h.draining && !draining_) begin_draining(FailureReason::peer_draining, drain_time());
}

void Lifecycle::measure(const event::AckReceived& e) {
  if (!monitor(e.lane).answered(e.ack, now_)) fail(FailureReason::policy_denied);
}

// The peer was revoked, but without haste: it is nobody's neighbour any more, and what is under way
// may end.
bool Lifecycle::leaving() const {
  return context_->revoked_as(*peer_) == wire::Severity::drain &&
         context_->authority != ConfigAuthority::expired;
}

// CH-7, CH-10: policy is judged here and now, the certificate by whoever holds it. What policy no
// longer allows stops at once; what it newly allows begins when the peer agrees.
void Lifecycle::reconsider() {
  const Stage stage = state_ == State::authorizing ? Stage::opening : Stage::continuing;
  if (context_->authority == ConfigAuthority::current && !peer_hello_.degraded) {
    opened_degraded_ = false;
  }
  if (stage == Stage::continuing && leaving()) {
    // What it proves itself with may be denied in greater haste than the node.
    out_.emplace_back(action::Revalidate{});
    return begin_draining(FailureReason::certificate_revoked, kRevokedDrainTimeout);
  }
  const auto allowed =
      stage == Stage::opening ? authorize_peer(*context_, *peer_, stage) : judge_again(peer_hello_);
  if (!allowed) return fail(allowed.error());
  out_.emplace_back(action::Revalidate{});
  if (stage == Stage::opening) return;
  classes_ = *allowed;
  const PeerRule* rule = context_->find(*peer_);
  const bool drain = context_->draining || (rule != nullptr && rule->draining);
  if (drain) begin_draining(FailureReason::peer_draining, drain_time());
  if (state_ != State::draining) {
    state_ = State::revalidating;
    deadline_ = now_ + kRevalidationTimeout;
  }
  if (own_hello() != announced_) announce();
}

void Lifecycle::conclude(const Verdict& verdict) {
  const auto identity =
      verdict ? check_identity(*context_, verdict->identity, &*peer_) : FailureReason::none;
  if (identity != FailureReason::none) return fail(identity);
  if (verdict) {
    schedule_revalidation(verdict->valid_for);
  } else if (verdict.error().severity == wire::Severity::close || state_ == State::authorizing) {
    return fail(verdict.error().reason);
  } else {
    return begin_draining(verdict.error().reason, kRevokedDrainTimeout);
  }
  if (state_ != State::revalidating) return;
  state_ = State::established;  // settle() knows whether that is degraded
  deadline_.reset();
}

// CH-11: the goodbye goes over one lane and may overtake what is under way on the other. So the
// peer is asked on each lane first, behind the last frame of every flow, and the channel closes
// when it has answered and nothing has come since.
void Lifecycle::finish(std::uint64_t carried) {
  constexpr std::array kLanes = {LaneKind::interactive, LaneKind::bulk};
  if (!emptied_ || emptied_->carried != carried) {
    emptied_ = Emptied{carried, {}};
    for (const LaneKind lane : kLanes) {
      if (!has_lane(lane)) continue;
      send_heartbeat(lane);
      emptied_->asked[static_cast<std::size_t>(lane)] = monitor(lane).sequence();
    }
    return;
  }
  for (const LaneKind lane : kLanes) {
    const std::uint64_t asked = emptied_->asked[static_cast<std::size_t>(lane)];
    if (has_lane(lane) && monitor(lane).answered() < asked) return;
  }
  out_.emplace_back(action::Drained{false});
  begin_closing(reason_);
}

void Lifecycle::expire() {
  if (deadline_ && now_ >= *deadline_) {
    switch (state_) {
      case State::connecting: return fail(FailureReason::network_unreachable);
      case State::revalidating: return fail(FailureReason::certificate_invalid);
      case State::draining: out_.emplace_back(action::Drained{true}); return begin_closing(reason_);
      case State::closing:
        end(State::closed);
        out_.emplace_back(action::Close{false});
        return;
      default: return fail(FailureReason::tls_handshake_failed);
    }
  }
  if (!carries_traffic()) return;
  if (behind_ && now_ >= behind_->until) return fail(behind_->reason);
  expire_heartbeat(LaneKind::interactive);
  if (carries_traffic() && bulk_) expire_heartbeat(LaneKind::bulk);
  if (carries_traffic() && revalidate_at_ && now_ >= *revalidate_at_) {
    schedule_revalidation(kRevalidateInterval);
    reconsider();
  }
}

void Lifecycle::expire_heartbeat(LaneKind lane) {
  HeartbeatMonitor& m = monitor(lane);
  if (now_ < m.next()) return;
  const bool hinted = m.hinted();
  if (m.failed()) {
    if (lane == LaneKind::interactive) return fail(FailureReason::heartbeat_timeout);
    bulk_ = false;
    out_.emplace_back(action::DropLane{lane});
    return;
  }
  send_heartbeat(lane);
  if (lane == LaneKind::interactive && !hinted && m.hinted()) {
    out_.emplace_back(action::PeerSilent{});
  }
}

std::optional<MonoTime> Lifecycle::next_timeout() const {
  std::optional<MonoTime> next = deadline_;
  const auto sooner = [&](MonoTime t) { next = next ? std::min(*next, t) : t; };
  if (carries_traffic()) {
    sooner(heartbeats(LaneKind::interactive).next());
    if (bulk_) sooner(heartbeats(LaneKind::bulk).next());
    if (revalidate_at_) sooner(*revalidate_at_);
    if (behind_) sooner(behind_->until);
  }
  return next;
}

void Lifecycle::announce() {
  announced_ = own_hello();
  out_.emplace_back(action::SendHello{announced_});
}

wire::Hello Lifecycle::own_hello() const {
  wire::Hello h;
  h.cluster = context_->cluster;
  h.node = context_->node;
  h.channel = dialled() || !id_.is_nil() ? id_ : peer_hello_.channel;
  const auto allowed = authorize_peer(*context_, *peer_, Stage::continuing);
  if (allowed) h.classes = *allowed;
  if (leaving()) h.classes = classes_;
  if (opened_degraded_ || (!established_at_ && context_->authority == ConfigAuthority::degraded)) {
    h.classes = h.classes.intersect(context_->degraded_classes);
  }
  h.config_version = context_->versions.config;
  h.peer_directory_version = context_->versions.peer_directory;
  h.trust_bundle_version = context_->versions.trust_bundle;
  h.route_epoch = context_->versions.route_epoch;
  h.draining = draining_ || context_->draining;
  h.degraded = context_->authority == ConfigAuthority::degraded;
  return h;
}

void Lifecycle::send_heartbeat(LaneKind lane) {
  HeartbeatMonitor& m = monitor(lane);
  wire::Heartbeat h;
  h.sequence = m.send(now_, cadence_of(wire::classes_of(lane, classes_)));
  h.channel = id_;
  h.from = context_->node;
  h.to = *peer_;
  h.timestamp_us = micros(now_.time_since_epoch());
  h.latency_us = static_cast<std::uint32_t>(micros(m.rtt()));
  h.jitter_us = static_cast<std::uint32_t>(micros(m.jitter()));
  h.loss_permille = m.loss_permille();
  h.health =
      state_ == State::degraded ? wire::Heartbeat::Health::degraded : wire::Heartbeat::Health::ok;
  h.draining = draining_;
  h.config_version = context_->versions.config;
  h.route_epoch = context_->versions.route_epoch;
  out_.emplace_back(action::SendHeartbeat{lane, h});
}

void Lifecycle::schedule_revalidation(Duration valid_for) {
  revalidate_at_ = now_ + std::min(valid_for, revalidation_interval(id_));
}

// CH-11. A channel that drains already may only be given less time.
void Lifecycle::begin_draining(FailureReason reason, Duration within) {
  const MonoTime by = now_ + within;
  if (state_ == State::draining && deadline_ && *deadline_ <= by) return;
  state_ = State::draining;
  draining_ = true;
  reason_ = reason;
  deadline_ = by;
}

Duration Lifecycle::drain_time() const {
  if (!context_->drain_by) return kDrainTimeout;
  return std::clamp(*context_->drain_by - now_, Duration::zero(), kDrainTimeout);
}

void Lifecycle::begin_closing(FailureReason reason) {
  if (peer_) out_.emplace_back(action::SendGoodbye{reason});
  state_ = State::closing;
  classes_ = {};
  deadline_ = now_ + kCloseTimeout;
  out_.emplace_back(action::Close{true});
}

void Lifecycle::fail(FailureReason reason) {
  // Only a peer that has proven who it is learns why.
  const bool tell = state_ != State::authenticating && peer_.has_value() &&
                    reason != FailureReason::heartbeat_timeout &&
                    reason != FailureReason::network_unreachable;
  if (tell) out_.emplace_back(action::SendGoodbye{reason});
  reason_ = reason;
  end(State::failed);
  out_.emplace_back(action::Close{tell});
}

void Lifecycle::end(State terminal) {
  state_ = terminal;
  classes_ = {};
  bulk_ = false;
  deadline_.reset();
  revalidate_at_.reset();
}

// Established and degraded are two names for the same life: which one follows from the facts.
void Lifecycle::settle() {
  if (state_ != State::established && state_ != State::degraded) return;
  const bool calm = !suspect() && !behind_ && !peer_hello_.degraded &&
                    context_->authority == ConfigAuthority::current;
  state_ = calm ? State::established : State::degraded;
}

}  // namespace rap::channel
