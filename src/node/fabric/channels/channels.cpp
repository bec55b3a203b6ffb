#include "node/fabric/channels/channels.hpp"

#include "io/system/system.hpp"
#include "node/fabric/channels/channel_events.hpp"
#include "wire/url.hpp"

namespace rap::fabric {

namespace table_action = channel::table_action;
namespace table_event = channel::table_event;

namespace {

std::string member_of(const Lane& lane) {
  const io::Stream* stream = lane.stream();
  if (stream == nullptr) return {};
  return stream->peer() ? stream->peer()->str() : stream->peer_ip();
}

}  // namespace

Channels::Channels(io::EventLoop& loop, router::Router& router, RandomSource& rng,
                   SetSender set_sender, Log& log)
    : loop_(loop),
      router_(router),
      set_sender_(std::move(set_sender)),
      log_(log),
      table_(rng),
      timer_(loop),
      accepted_({.total = channel::kMaxLanes,
                 .share = kMaxNewLanesOfANode,
                 .proven = channel::kMaxLanes,
                 .proven_share = kLanesOfANode}) {}

Channels::~Channels() = default;

void Channels::set_trust(std::shared_ptr<const crypto::TlsContext> dial, PeerCheck check,
                         crypto::TlsIdentity identity) {
  dial_tls_ = std::move(dial);
  check_ = std::move(check);
  identity_ = std::move(identity);
}

void Channels::set_context(channel::Context context) {
  step(table_event::NewContext{std::move(context)});
}

void Channels::prove_again() {
  for (const auto& [id, lane] : lanes_) prove_again(*lane);
}

void Channels::prove_again(Lane& lane) {
  if (lane.link())
    lane.send(wire::FrameType::reauthentication, lane.stream()->prove_again(*identity_));
}

void Channels::accept(std::unique_ptr<io::Stream> proven) {
  const auto id = table_.accept(io::mono_now());
  if (!id) {
    log_.warn(LogCause::member(proven->peer() ? proven->peer()->str() : proven->peer_ip()),
              "channel.limit_reached", {{"peer_ip", proven->peer_ip()}});
    return;
  }
  Lane& lane = add(*id);
  const std::string node = proven->peer() ? proven->peer()->str() : proven->peer_ip();
  lane.accept(std::move(proven));
  share_lanes(*id, node);
  lane_open(lane);
  step(table_event::TableTimeout{});  // its deadline counts from now
}

void Channels::share_lanes(channel::LaneId newcomer, const std::string& node) {
  for (const auto& gone : accepted_.enter(newcomer, node, io::mono_now())) {
    Lane* old = find(gone.id);
    if (old == nullptr || gone.id == newcomer) continue;
    log_.warn(LogCause::member(node), "channel.limit_reached", {{"peer", node}, {"lane", gone.id}});
    old->close(false);
  }
}

void Channels::tick() {
  std::vector<table_event::LaneIdle> idle;
  for (const auto& channel : table_.channels()) {
    tell_how_far(channel->lifecycle);
    if (channel->lifecycle.state() != channel::State::draining) continue;
    const Load load = load_of(channel->interactive, channel->bulk);
    if (load.flows > 0 || load.unsent > 0) continue;
    idle.push_back({channel->interactive, load.bytes_in});
  }
  for (const auto& event : idle) step(event);
}

void Channels::tell_how_far(const channel::Lifecycle& lifecycle) {
  using std::chrono::microseconds;
  const auto& beats = lifecycle.heartbeats(wire::LaneKind::interactive);
  if (!lifecycle.peer() || beats.rtt() == Duration::zero()) return;
  const auto in_us = [](Duration d) {
    return static_cast<std::uint32_t>(std::chrono::duration_cast<microseconds>(d).count());
  };
  router_.measured(*lifecycle.peer(),
                   {.latency_us = in_us(beats.rtt()),
                    .jitter_us = in_us(beats.jitter()),
                    .loss_permille = beats.loss_permille()},
                   io::mono_now());
}

void Channels::stop(std::function<void()> done) {
  stopped_ = std::move(done);
  step(table_event::NodeStop{});
}

Channels::Load Channels::load_of(channel::LaneId interactive,
                                 std::optional<channel::LaneId> bulk) const {
  Load load;
  for (const auto id : {std::optional(interactive), bulk}) {
    const Lane* l = id ? lane(*id) : nullptr;
    if (l == nullptr || !l->link()) continue;
    const router::Link* link = router_.board().find(*l->link());
    if (link == nullptr) continue;
    load.flows += link->flows.size();
    load.unsent += l->unsent();
    load.bytes_in += link->bytes_in;
  }
  return load;
}

// --- what happens on lanes

void Channels::lane_open(Lane& lane) {
  step(table_event::LaneConnected{lane.id()});
  step(table_event::LaneProven{lane.id(), check_(*lane.stream(), io::wall_now())});
}

bool Channels::lane_control(Lane& lane, const wire::FrameView& frame) {
  accepted_.heard(lane.id(), io::mono_now());
  if (frame.header.type == wire::FrameType::reauthentication)
    return lane_reauthentication(lane, frame.payload);
  const std::uint64_t trust = trust_of_peer(lane.id());
  step(table_event::LaneFrame{lane.id(), frame.header.type, frame.payload});
  // A peer that trusts more than before may take a proof it had to leave aside.
  if (trust > 0 && trust_of_peer(lane.id()) > trust) prove_again();
  return true;
}

std::uint64_t Channels::trust_of_peer(channel::LaneId id) const {
  const auto* channel = table_.channel_of(id);
  return channel != nullptr ? channel->lifecycle.peer_hello().trust_bundle_version : 0;
}

bool Channels::lane_reauthentication(Lane& lane, ByteView payload) {
  if (!lane.link()) return false;
  const auto verdict = check_.reauthentication(*lane.stream(), payload, io::wall_now());
  if (!verdict) return false;
  log_.info(LogCause::member(member_of(lane)), "channel.reauthentication",
            {{"lane", lane.id()}, {"accepted", verdict->has_value()}});
  step(table_event::LaneRevalidated{lane.id(), *verdict});
  return true;
}

void Channels::lane_violation(Lane& lane) { step(table_event::LaneViolation{lane.id()}); }

void Channels::lane_closed(Lane& lane, const io::StreamError& error) {
  if (error.kind != io::StreamError::Kind::none) {
    log_.info(LogCause::member(member_of(lane), io::to_string(error.kind)),
              "channel.transport_closed",
              {{"lane", lane.id()}, {"kind", io::to_string(error.kind)}, {"detail", error.detail}});
  }
  if (lane.link()) set_sender_(*lane.link(), nullptr);
  const channel::LaneId id = lane.id();
  accepted_.leave(id);
  loop_.post([this, id] { lanes_.erase(id); });
  step(table_event::LaneClosed{id, reason_of(error)});
}

// --- what the table decides

void Channels::step(channel::TableEvent event) {
  pending_.push_back(std::move(event));
  if (stepping_) return;
  stepping_ = true;
  while (!pending_.empty()) {
    const auto next = std::move(pending_.front());
    pending_.pop_front();
    for (const auto& action : table_.step(io::mono_now(), next)) perform(action);
  }
  stepping_ = false;
  if (stopped_ && table_.empty()) return stopped_();
  if (const auto at = table_.next_timeout()) {
    timer_.after(std::max(Duration::zero(), *at - io::mono_now()),
                 [this] { step(table_event::TableTimeout{}); });
  } else {
    timer_.cancel();
  }
}

void Channels::perform(const channel::TableAction& action) {
  if (const auto* send = std::get_if<table_action::SendFrame>(&action)) {
    if (Lane* lane = find(send->lane)) lane->send(send->type, send->payload);
  } else if (const auto* to = std::get_if<table_action::DialLane>(&action)) {
    dial(*to);
  } else if (const auto* up = std::get_if<table_action::LinkUp>(&action)) {
    link_up(*up);
  } else if (const auto* policy = std::get_if<table_action::LinkPolicy>(&action)) {
    if (Lane* lane = find(policy->lane)) lane->set_policy(policy->classes, policy->takes_new_flows);
  } else if (const auto* verify_again = std::get_if<table_action::RevalidateLane>(&action)) {
    Lane* lane = find(verify_again->lane);
    if (lane == nullptr) return;
    step(table_event::LaneRevalidated{lane->id(), check_(*lane->stream(), io::wall_now())});
  } else if (const auto* close = std::get_if<table_action::CloseLane>(&action)) {
    if (Lane* lane = find(close->lane)) lane->close(close->linger);
  } else if (const auto* hint = std::get_if<table_action::FailoverHint>(&action)) {
    log_.warn(LogCause::member(hint->peer.str()), "channel.failover_hint",
              {{"peer", hint->peer.str()}});
  } else if (const auto* drained = std::get_if<table_action::ChannelDrained>(&action)) {
    if (!drained->forced) return;
    const Load left = load_of(drained->interactive, drained->bulk);
    log_.warn(LogCause::member(drained->peer.str()), "channel.drain_forced",
              {{"channel", drained->channel.str()},
               {"peer", drained->peer.str()},
               {"flows", left.flows},
               {"unsent_bytes", left.unsent},
               {"detail", "The time to drain was up: what was left was cut."}});
  } else if (const auto* t = std::get_if<table_action::StateChanged>(&action)) {
    if (auto event = security_event_of(*t)) router_.ledger().note(std::move(*event));
    const auto reason = channel::to_string(t->reason);
    log_.info(
        LogCause::member(t->peer ? t->peer->str() : "unproven", channel::to_string(t->to), reason),
        "channel.state",
        {{"channel", t->channel.str()},
         {"peer", t->peer ? t->peer->str() : std::string("unproven")},
         {"from", channel::to_string(t->from)},
         {"to", channel::to_string(t->to)},
         {"reason", channel::to_string(t->reason)}});
  } else if (const auto* changed = std::get_if<table_action::LaneChanged>(&action)) {
    log_.info(LogCause::member(changed->peer.str(), changed->up ? "up" : "down"), "channel.lane",
              {{"channel", changed->channel.str()},
               {"peer", changed->peer.str()},
               {"lane", wire::to_string(changed->lane)},
               {"up", changed->up},
               {"reason", channel::to_string(changed->reason)}});
  }
}

void Channels::dial(const table_action::DialLane& to) {
  Lane& lane = add(to.lane);
  const auto at = wire::parse_host_port(to.endpoint);
  if (!at) {
    log_.error("channel.bad_endpoint", {{"peer", to.peer.str()}, {"endpoint", to.endpoint}});
    return lane.close(false);
  }
  lane.dial(at->host, at->port, {.tls = dial_tls_});
}

void Channels::link_up(const table_action::LinkUp& up) {
  Lane* lane = find(up.lane);
  if (lane == nullptr) return;
  if (const auto link = lane->link_up(up)) {
    accepted_.prove(up.lane, up.peer.str());
    return set_sender_(*link, lane);
  }
  log_.error(LogCause::member(up.peer.str()), "channel.no_room", {{"peer", up.peer.str()}});
  lane->close(false);
}

Lane& Channels::add(channel::LaneId id) {
  LaneOwner& owner = *this;
  auto& lane = lanes_[id];
  lane = std::make_unique<Lane>(loop_, router_, owner, log_, id);
  return *lane;
}

Lane* Channels::find(channel::LaneId id) {
  const auto it = lanes_.find(id);
  return it == lanes_.end() ? nullptr : it->second.get();
}

const Lane* Channels::lane(channel::LaneId id) const {
  const auto it = lanes_.find(id);
  return it == lanes_.end() ? nullptr : it->second.get();
}

}  // namespace rap::fabric
