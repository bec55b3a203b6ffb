#include "channel/lifecycle.hpp"

namespace rap::channel {
namespace {

std::uint64_t micros(Duration d) {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(d).count());
}

}  // namespace

Lifecycle::Lifecycle(ChannelId id, Local local, std::optional<NodeId> expected)
    : id_(id), local_(local), expected_(expected) {}

std::vector<Action> Lifecycle::step(MonoTime now, const Event& event) {
  if (is_terminal(state_)) return {};  // closed and failed never come back
  return std::visit([&](const auto& e) { return on(now, e); }, event);
}

Lifecycle::Actions Lifecycle::fail(FailureReason reason) {
  state_ = State::failed;
  reason_ = reason;
  classes_ = {};
  deadline_.reset();
  return {action::CloseTransport{}};
}

Lifecycle::Actions Lifecycle::close() {
  state_ = State::closed;
  classes_ = {};
  deadline_.reset();
  return {action::CloseTransport{}};
}

Lifecycle::Actions Lifecycle::on(MonoTime now, const event::Start&) {
  if (state_ != State::idle) return {};
  state_ = State::connecting;
  deadline_ = now + kEstablishTimeout;
  return {action::Dial{}};
}

Lifecycle::Actions Lifecycle::on(MonoTime now, const event::Accepted&) {
  if (state_ != State::idle) return {};
  state_ = State::handshaking;
  deadline_ = now + kEstablishTimeout;
  return {};
}

Lifecycle::Actions Lifecycle::on(MonoTime, const event::Connected&) {
  if (state_ == State::connecting) state_ = State::handshaking;
  return {};
}

Lifecycle::Actions Lifecycle::on(MonoTime, const event::Proven& e) {
  if (state_ != State::connecting && state_ != State::handshaking) return {};
  state_ = State::authenticating;
  if (e.identity.kind != wire::SpiffeId::Kind::node) return fail(FailureReason::wrong_node);
  if (e.identity.cluster != local_.cluster) return fail(FailureReason::wrong_cluster);
  const NodeId peer = e.identity.node();
  if (peer == local_.node || (expected_ && peer != *expected_)) {
    return fail(FailureReason::wrong_node);
  }
  if (!e.policy.permitted) return fail(FailureReason::policy_denied);
  peer_ = peer;
  policy_ = e.policy;
  state_ = State::authorizing;
  wire::Hello hello;
  hello.cluster = local_.cluster;
  hello.node = local_.node;
  hello.classes = policy_.classes;
  hello.config_version = local_.config_version;
  return {action::SendHello{hello}};
}

Lifecycle::Actions Lifecycle::on(MonoTime, const event::TransportFailed& e) {
  return fail(e.reason);
}

Lifecycle::Actions Lifecycle::on(MonoTime now, const event::HelloReceived& e) {
  if (state_ != State::authorizing) return fail(FailureReason::policy_denied);
  // The hello repeats what the certificate proved; where they differ the peer is confused or lies.
  if (e.hello.cluster != local_.cluster) return fail(FailureReason::wrong_cluster);
  if (e.hello.node != *peer_) return fail(FailureReason::wrong_node);
  if (e.hello.protocol_version != wire::kProtocolVersion) {
    return fail(FailureReason::policy_denied);
  }
  if (e.hello.draining) return fail(FailureReason::peer_draining);
  peer_classes_ = e.hello.classes;
  classes_ = policy_.classes.intersect(peer_classes_);
  if (classes_.empty()) return fail(FailureReason::channel_class_denied);
  state_ = State::established;
  established_at_ = now;
  Actions out = {action::Established{*peer_, classes_}, next_heartbeat(now)};
  return out;
}

action::SendHeartbeat Lifecycle::next_heartbeat(MonoTime now) {
  ++sequence_;
  ++unanswered_;
  deadline_ = now + (state_ == State::degraded ? kHeartbeatRetry : kHeartbeatInterval);
  wire::Heartbeat h;
  h.channel = id_;
  h.from = local_.node;
  h.to = *peer_;
  h.sequence = sequence_;
  h.timestamp_us = micros(now.time_since_epoch());
  h.latency_us = static_cast<std::uint32_t>(micros(rtt_));
  h.jitter_us = static_cast<std::uint32_t>(micros(jitter_));
  h.config_version = local_.config_version;
  return {h};
}

Lifecycle::Actions Lifecycle::on(MonoTime, const event::HeartbeatReceived& e) {
  if (!exchanging()) return fail(FailureReason::policy_denied);
  if (e.heartbeat.from != *peer_ || e.heartbeat.to != local_.node) {
    return fail(FailureReason::wrong_node);
  }
  return {action::SendAck{{e.heartbeat.sequence, e.heartbeat.timestamp_us}}};
}

Lifecycle::Actions Lifecycle::on(MonoTime now, const event::AckReceived& e) {
  if (!exchanging()) return fail(FailureReason::policy_denied);
  if (e.ack.sequence == 0 || e.ack.sequence > sequence_) return fail(FailureReason::policy_denied);
  unanswered_ = 0;
  const Duration sample = now.time_since_epoch() - std::chrono::microseconds(e.ack.timestamp_us);
  if (sample >= Duration::zero() && sample < kEstablishTimeout) {
    // RFC 6298 §2: smoothed by 1/8, its variation by 1/4.
    const Duration delta = sample > rtt_ ? sample - rtt_ : rtt_ - sample;
    jitter_ = rtt_ == Duration::zero() ? sample / 2 : jitter_ + (delta - jitter_) / 4;
    rtt_ = rtt_ == Duration::zero() ? sample : rtt_ + (sample - rtt_) / 8;
  }
  if (state_ == State::degraded) state_ = State::established;
  return {};
}

Lifecycle::Actions Lifecycle::on(MonoTime, const event::GoodbyeReceived&) { return close(); }

Lifecycle::Actions Lifecycle::on(MonoTime, const event::PolicyChanged& e) {
  local_.config_version = e.config_version;
  if (!peer_) return {};
  policy_ = e.policy;
  if (!policy_.permitted) return fail(FailureReason::policy_denied);
  if (!exchanging()) return {};
  const auto before = classes_;
  classes_ = policy_.classes.intersect(peer_classes_);
  if (classes_.empty()) return fail(FailureReason::channel_class_denied);
  if (classes_ == before) return {};
  return {action::ClassesChanged{classes_}};
}

Lifecycle::Actions Lifecycle::on(MonoTime, const event::ProtocolViolation&) {
  return fail(FailureReason::policy_denied);
}

Lifecycle::Actions Lifecycle::on(MonoTime now, const event::Timeout&) {
  if (!deadline_ || now < *deadline_) return {};
  if (!exchanging()) {
    return fail(state_ == State::connecting ? FailureReason::network_unreachable
                                            : FailureReason::tls_handshake_failed);
  }
  if (unanswered_ >= kMissedUntilFailed) return fail(FailureReason::heartbeat_timeout);
  if (unanswered_ >= kMissedUntilDegraded && state_ == State::established) {
    state_ = State::degraded;
  }
  return {next_heartbeat(now)};
}

Lifecycle::Actions Lifecycle::on(MonoTime, const event::Stop&) {
  if (!exchanging()) return close();
  Actions out = {action::SendGoodbye{}};
  out.push_back(close().front());
  return out;
}

}  // namespace rap::channel
