#include "node/channel/table.hpp"

#include <algorithm>
#include <utility>

#include "base/backoff.hpp"

namespace rap::channel {

using wire::FrameType;

namespace {

bool is_opening(State s) {
  return s == State::connecting || s == State::handshaking || s == State::authenticating ||
         s == State::authorizing;
}

}  // namespace

// --- reports from outside

std::optional<LaneId> Table::accept(MonoTime now) {
  if (stopping_ || lanes_.size() >= kMaxLanes) return std::nullopt;
  const LaneId lane = next_lane_++;
  auto& channel = *channels_.emplace_back(std::make_unique<Channel>(Lifecycle::accepting()));
  channel.interactive = lane;
  lanes_.emplace(lane, LaneRecord{&channel, LaneKind::interactive, {}});
  (void)channel.lifecycle.step(now, event::Accepted{}, context_);
  return lane;
}

std::vector<TableAction> Table::step(MonoTime now, const TableEvent& event) {
  now_ = now;
  out_.clear();
  std::visit([this](const auto& e) { on(e); }, event);
  bury();
  dial_what_is_due();
  return std::move(out_);
}

void Table::on(const table_event::NewContext& e) {
  if (e.context == context_) return;
  context_ = e.context;
  reconnector_.context_changed(now_, context_, rng_);
  for (std::size_t i = 0; i < channels_.size(); ++i) drive(*channels_[i], event::ContextChanged{});
}

void Table::on(const table_event::LaneConnected& e) {
  LaneRecord* record = find(e.lane);
  if (record != nullptr && record->kind == LaneKind::interactive) {
    drive(*record->channel, event::Connected{});
  }
}

void Table::on(const table_event::LaneProven& e) {
  LaneRecord* record = find(e.lane);
  if (record == nullptr) return;
  if (record->kind == LaneKind::bulk) return bulk_proven(e.lane, *record, e.verdict);
  drive(*record->channel, event::Proven{e.verdict});
}

void Table::on(const table_event::LaneClosed& e) {
  LaneRecord* record = find(e.lane);
  if (record == nullptr) return;
  if (record->kind == LaneKind::bulk) return bulk_gone(e.lane, e.reason);
  drive(*record->channel, event::Lost{e.reason});
}

void Table::on(const table_event::LaneFrame& e) {
  LaneRecord* record = find(e.lane);
  if (record == nullptr) return;
  if (!decode_and_drive(e.lane, *record, e)) violation(e.lane, *record);
}

bool Table::decode_and_drive(LaneId lane, LaneRecord& record, const table_event::LaneFrame& e) {
  Channel& channel = *record.channel;
  switch (e.type) {
    case FrameType::hello: {
      const auto decoded = wire::Hello::decode(e.payload);
      if (decoded) hello(lane, record, *decoded);
      return decoded.has_value();
    }
    case FrameType::heartbeat: {
      const auto heartbeat = wire::Heartbeat::decode(e.payload);
      if (!heartbeat || record.join_by) return false;
      drive(channel, event::HeartbeatReceived{record.kind, *heartbeat});
      return true;
    }
    case FrameType::heartbeat_ack: {
      const auto ack = wire::HeartbeatAck::decode(e.payload);
      if (!ack || record.join_by) return false;
      drive(channel, event::AckReceived{record.kind, *ack});
      return true;
    }
    case FrameType::goodbye: {
      const auto goodbye = wire::Goodbye::decode(e.payload);
      const auto reason = goodbye ? failure_reason_from(goodbye->reason) : std::nullopt;
      if (!reason) return false;
      // The bulk lane alone was lost; the channel stays.
      if (record.kind == LaneKind::bulk) {
        bulk_gone(lane, *reason);
      } else {
        drive(channel, event::GoodbyeReceived{*reason});
      }
      return true;
    }
    default: return false;
  }
}

void Table::on(const table_event::LaneViolation& e) {
  if (LaneRecord* record = find(e.lane)) violation(e.lane, *record);
}

// Whoever breaks the protocol on one lane loses the channel.
void Table::violation(LaneId lane, LaneRecord& record) {
  Channel& channel = *record.channel;
  if (record.join_by) return bulk_gone(lane, FailureReason::policy_denied);
  drive(channel, event::Violation{});
}

void Table::on(const table_event::LaneRevalidated& e) {
  LaneRecord* record = find(e.lane);
  if (record == nullptr) return;
  if (record->kind == LaneKind::interactive)
    return drive(*record->channel, event::Revalidated{e.verdict});
  const bool fits = e.verdict && e.verdict->identity.node() == record->channel->lifecycle.peer();
  if (!fits) bulk_gone(e.lane, e.verdict ? FailureReason::wrong_node : e.verdict.error().reason);
}

void Table::on(const table_event::LaneIdle& e) {
  if (LaneRecord* record = find(e.lane)) drive(*record->channel, event::Idle{e.carried});
}

void Table::on(const table_event::TableTimeout&) {
  for (std::size_t i = 0; i < channels_.size(); ++i) {
    Channel& channel = *channels_[i];
    const auto due = channel.lifecycle.next_timeout();
    if (due && *due <= now_) drive(channel, event::Timeout{});
    if (channel.bulk_retry && *channel.bulk_retry <= now_) dial_bulk(channel);
  }
  std::vector<LaneId> late;
  for (const auto& [lane, record] : lanes_) {
    if (record.join_by && *record.join_by <= now_) late.push_back(lane);
  }
  for (LaneId lane : late) bulk_gone(lane, FailureReason::tls_handshake_failed);
}

void Table::on(const table_event::NodeStop&) {
  stopping_ = true;
  for (std::size_t i = 0; i < channels_.size(); ++i) drive(*channels_[i], event::Stop{});
}

std::optional<MonoTime> Table::next_timeout() const {
  std::optional<MonoTime> next;
  const auto sooner = [&](std::optional<MonoTime> t) {
    if (t) next = next ? std::min(*next, *t) : *t;
  };
  for (const auto& channel : channels_) {
    sooner(channel->lifecycle.next_timeout());
    sooner(channel->bulk_retry);
  }
  for (const auto& [lane, record] : lanes_) sooner(record.join_by);
  // The end of one dial lets the next begin, at the limit of dials.
  const bool may_dial = !stopping_ && lanes_.size() < kMaxLanes;
  if (may_dial && dials_under_way() < kMaxConcurrentDials) {
    sooner(reconnector_.next_timeout(context_));
  }
  return next;
}

// --- channels

void Table::drive(Channel& channel, const Event& event) {
  const State before = channel.lifecycle.state();
  const auto actions = channel.lifecycle.step(now_, event, context_);
  note(channel, before);
  for (const Action& action : actions) perform(channel, action);
}

void Table::note(Channel& channel, State before) {
  const Lifecycle& l = channel.lifecycle;
  const State after = l.state();
  if (before == after) return;
  const auto shown = l.peer() ? l.peer() : l.expected();
  out_.emplace_back(
      table_action::StateChanged{l.id(), shown, before, after, l.reason(), l.refused_by_peer()});
  if (after == State::revalidating) ++counters_.revalidations;
  if (after == State::draining) ++counters_.drains;
  const bool revoked = l.reason() == FailureReason::certificate_revoked && !l.refused_by_peer();
  if (revoked && (after == State::draining || (is_terminal(after) && before != State::closing))) {
    ++counters_.revocations;
  }
  if (after == State::draining) release(channel);
  if (!is_terminal(after)) return;
  ++counters_.ended_by_reason[static_cast<std::size_t>(l.reason())];
  if (after == State::failed) {
    if (before == State::revalidating) ++counters_.revalidation_failures;
    if (before == State::authorizing) ++counters_.authorization_failures;
    if (before == State::handshaking) ++counters_.handshake_failures;
  }
  release(channel);
}

// This channel no longer keeps its peer from being dialled.
void Table::release(Channel& channel) {
  const Lifecycle& l = channel.lifecycle;
  if (!l.dialled() || std::exchange(channel.released, true)) return;
  reconnector_.ended(*l.expected(), now_, l.reason(), l.refused_by_peer(), context_, rng_);
}

void Table::perform(Channel& channel, const Action& action) {
  const auto lane_id = [&](LaneKind lane) {
    return lane == LaneKind::bulk ? channel.bulk.value_or(0) : channel.interactive;
  };
  if (const auto* hello = std::get_if<action::SendHello>(&action)) {
    out_.emplace_back(
        table_action::SendFrame{channel.interactive, FrameType::hello, hello->hello.encode()});
  } else if (const auto* heartbeat = std::get_if<action::SendHeartbeat>(&action)) {
    out_.emplace_back(table_action::SendFrame{lane_id(heartbeat->lane), FrameType::heartbeat,
                                              heartbeat->heartbeat.encode()});
  } else if (const auto* ack = std::get_if<action::SendAck>(&action)) {
    out_.emplace_back(
        table_action::SendFrame{lane_id(ack->lane), FrameType::heartbeat_ack, ack->ack.encode()});
  } else if (const auto* goodbye = std::get_if<action::SendGoodbye>(&action)) {
    const wire::Goodbye payload{static_cast<std::uint8_t>(goodbye->reason)};
    out_.emplace_back(
        table_action::SendFrame{channel.interactive, FrameType::goodbye, payload.encode()});
  } else if (std::holds_alternative<action::Established>(action)) {
    established(channel);
  } else if (std::holds_alternative<action::PolicyChanged>(action)) {
    link_policy(channel);
  } else if (std::holds_alternative<action::Revalidate>(action)) {
    out_.emplace_back(table_action::RevalidateLane{channel.interactive});
    if (channel.bulk) out_.emplace_back(table_action::RevalidateLane{*channel.bulk});
  } else if (std::holds_alternative<action::PeerSilent>(action)) {
    ++counters_.failover_hints;
    out_.emplace_back(table_action::FailoverHint{*channel.lifecycle.peer()});
  } else if (const auto* drained = std::get_if<action::Drained>(&action)) {
    if (drained->forced) ++counters_.drains_forced;
    const Lifecycle& l = channel.lifecycle;
    out_.emplace_back(table_action::ChannelDrained{l.id(), *l.peer(), channel.interactive,
                                                   channel.bulk, drained->forced});
  } else if (std::holds_alternative<action::DropLane>(action)) {
    if (channel.bulk) bulk_gone(*channel.bulk, FailureReason::heartbeat_timeout);
  } else if (const auto* close = std::get_if<action::Close>(&action)) {
    close_lane(channel.interactive, close->linger);
    for (const auto& [lane, record] : lanes_) {
      if (record.channel != &channel || record.kind != LaneKind::bulk) continue;
      close_lane(lane, close->linger && channel.bulk == lane);
    }
  }
}

void Table::established(Channel& channel) {
  const Lifecycle& l = channel.lifecycle;
  ++counters_.established;
  channel.linked = true;
  if (l.dialled()) reconnector_.established(*l.peer(), now_);
  out_.emplace_back(table_action::LinkUp{channel.interactive, *l.peer(), LaneKind::interactive,
                                         l.dialled(), l.classes(), l.takes_new_flows()});
  // The peer came back before we noticed that its old channel is dead. One that drains may finish.
  for (std::size_t i = 0; i < channels_.size(); ++i) {
    Channel& other = *channels_[i];
    if (&other == &channel || other.lifecycle.peer() != l.peer() || !other.linked) continue;
    if (!other.lifecycle.carries_traffic() || other.lifecycle.state() == State::draining) continue;
    ++counters_.replaced;
    drive(other, event::Stop{});
  }
  if (l.dialled()) dial_bulk(channel);
}

void Table::link_policy(const Channel& channel) {
  if (!channel.linked) return;
  const bool new_flows = channel.lifecycle.takes_new_flows();
  out_.emplace_back(table_action::LinkPolicy{
      channel.interactive, classes_on(channel, LaneKind::interactive), new_flows});
  if (channel.bulk) {
    out_.emplace_back(
        table_action::LinkPolicy{*channel.bulk, classes_on(channel, LaneKind::bulk), new_flows});
  }
}

wire::TrafficClassSet Table::classes_on(const Channel& channel, LaneKind lane) const {
  return wire::classes_of(lane, channel.lifecycle.classes());
}

bool Table::may_carry(LaneId lane, wire::TrafficClass c) const {
  const auto it = lanes_.find(lane);
  if (it == lanes_.end() || it->second.join_by) return false;
  const Channel& channel = *it->second.channel;
  return channel.linked && channel.lifecycle.carries_traffic() &&
         classes_on(channel, it->second.kind).contains(c);
}

// --- lanes

void Table::hello(LaneId lane, LaneRecord& record, const wire::Hello& hello) {
  if (record.kind == LaneKind::bulk) {
    const Lifecycle& l = record.channel->lifecycle;
    const bool fits = record.join_by && record.proven && hello.lane == LaneKind::bulk &&
                      hello.channel == l.id() && hello.node == *l.peer() &&
                      hello.cluster == context_.cluster;
    if (!fits) return violation(lane, record);
    return join_bulk(lane, record);
  }
  const bool may_become_bulk = record.channel->lifecycle.state() == State::authorizing &&
                               !record.channel->lifecycle.dialled();
  if (hello.lane == LaneKind::bulk && may_become_bulk) return become_bulk(lane, record, hello);
  drive(*record.channel, event::HelloReceived{hello});
}

// We accepted a connection that turns out to be the second one of a channel that stands: only of
// the same peer, and only if the peer dialled that one too.
void Table::become_bulk(LaneId lane, LaneRecord& record, const wire::Hello& hello) {
  Channel& opening = *record.channel;
  const auto peer = opening.lifecycle.peer();
  const auto fits = [&](const std::unique_ptr<Channel>& c) {
    const Lifecycle& l = c->lifecycle;
    return c.get() != &opening && l.peer() == peer && l.id() == hello.channel && !l.dialled() &&
           l.carries_traffic() && l.state() != State::draining && hello.node == *peer &&
           hello.cluster == context_.cluster;
  };
  const auto it = std::ranges::find_if(channels_, fits);
  // The channel ended meanwhile, or never was: the same goodbye for both.
  if (it == channels_.end()) return drive(opening, event::Stop{});
  Channel& channel = **it;
  if (channel.bulk) bulk_gone(*channel.bulk, FailureReason::none);
  std::erase_if(channels_, [&](const auto& c) { return c.get() == &opening; });
  record.channel = &channel;
  record.kind = LaneKind::bulk;
  record.proven = true;
  send_bulk_hello(lane, channel);
  join_bulk(lane, record);
}

void Table::join_bulk(LaneId lane, LaneRecord& record) {
  Channel& channel = *record.channel;
  record.join_by.reset();
  channel.bulk = lane;
  channel.bulk_since = now_;
  const Lifecycle& l = channel.lifecycle;
  out_.emplace_back(
      table_action::LaneChanged{l.id(), *l.peer(), LaneKind::bulk, true, FailureReason::none});
  out_.emplace_back(table_action::LinkUp{lane, *l.peer(), LaneKind::bulk, l.dialled(),
                                         classes_on(channel, LaneKind::bulk), l.takes_new_flows()});
  drive(channel, event::LaneJoined{});
}

void Table::bulk_proven(LaneId lane, LaneRecord& record, const Verdict& verdict) {
  const Lifecycle& l = record.channel->lifecycle;
  if (!verdict) return bulk_gone(lane, verdict.error().reason);
  const auto identity = check_identity(context_, verdict->identity, &*l.peer());
  if (identity != FailureReason::none) return bulk_gone(lane, identity);
  record.proven = true;
  send_bulk_hello(lane, *record.channel);
}

void Table::send_bulk_hello(LaneId lane, const Channel& channel) {
  wire::Hello h;
  h.cluster = context_.cluster;
  h.node = context_.node;
  h.channel = channel.lifecycle.id();
  h.lane = LaneKind::bulk;
  h.classes = classes_on(channel, LaneKind::bulk);
  h.config_version = context_.versions.config;
  h.peer_directory_version = context_.versions.peer_directory;
  h.trust_bundle_version = context_.versions.trust_bundle;
  h.route_epoch = context_.versions.route_epoch;
  h.degraded = context_.authority == ConfigAuthority::degraded;
  out_.emplace_back(table_action::SendFrame{lane, FrameType::hello, h.encode()});
}

// The bulk lane is over, or never came to be; the channel goes on without it, and its dialler
// tries again.
void Table::bulk_gone(LaneId lane, FailureReason reason) {
  const auto it = lanes_.find(lane);
  if (it == lanes_.end()) return;
  Channel& channel = *it->second.channel;
  const bool joined = channel.bulk == lane;
  lanes_.erase(it);
  out_.emplace_back(table_action::CloseLane{lane, false});
  if (joined) {
    ++counters_.bulk_lanes_lost;
    channel.bulk.reset();
    const Lifecycle& l = channel.lifecycle;
    out_.emplace_back(table_action::LaneChanged{l.id(), *l.peer(), LaneKind::bulk, false, reason});
    drive(channel, event::LaneLost{reason});
  }
  if (!channel.lifecycle.dialled() || !channel.lifecycle.carries_traffic()) return;
  if (joined && now_ - *channel.bulk_since >= kStableAfter) channel.bulk_failures = 0;
  channel.bulk_retry =
      now_ + full_jitter(kBulkRetryFirst, kBulkRetryCap, channel.bulk_failures++, rng_);
}

void Table::dial_bulk(Channel& channel) {
  channel.bulk_retry.reset();
  const Lifecycle& l = channel.lifecycle;
  const PeerRule* rule = context_.find(*l.expected());
  const bool wanted = l.carries_traffic() && l.state() != State::draining && !channel.bulk &&
                      !classes_on(channel, LaneKind::bulk).empty() && rule != nullptr &&
                      !rule->endpoints.empty() && lanes_.size() < kMaxLanes && !stopping_;
  if (!wanted) return;
  const LaneId lane = next_lane_++;
  lanes_.emplace(lane, LaneRecord{&channel, LaneKind::bulk, now_ + kEstablishTimeout});
  // The bulk lane goes where the interactive lane was found.
  const auto& peer = reconnector_.peers().at(rule->node);
  const std::size_t n = rule->endpoints.size();
  out_.emplace_back(
      table_action::DialLane{lane, rule->node, rule->endpoints[(peer.next_endpoint + n - 1) % n]});
}

void Table::dial_what_is_due() {
  if (stopping_) return;
  std::size_t under_way = dials_under_way();
  for (NodeId peer : reconnector_.due(now_, context_)) {
    if (under_way >= kMaxConcurrentDials || lanes_.size() >= kMaxLanes) return;
    dial(peer);
    ++under_way;
  }
}

void Table::dial(NodeId peer) {
  const PeerRule& rule = *context_.find(peer);
  const std::size_t endpoint = reconnector_.begin(peer, rule.endpoints.size());
  if (reconnector_.peers().at(peer).established_at) ++counters_.reconnects;
  ++counters_.attempts;
  const LaneId lane = next_lane_++;
  auto& channel = *channels_.emplace_back(
      std::make_unique<Channel>(Lifecycle::dialling(ChannelId::random(rng_), peer)));
  channel.interactive = lane;
  lanes_.emplace(lane, LaneRecord{&channel, LaneKind::interactive, {}});
  out_.emplace_back(table_action::DialLane{lane, peer, rule.endpoints[endpoint]});
  drive(channel, event::Start{});
}

std::size_t Table::dials_under_way() const {
  return static_cast<std::size_t>(std::ranges::count_if(channels_, [](const auto& c) {
    return c->lifecycle.dialled() && is_opening(c->lifecycle.state());
  }));
}

void Table::close_lane(LaneId lane, bool linger) {
  out_.emplace_back(table_action::CloseLane{lane, linger});
}

// Channels that have ended leave the table at the end of the step, with their lanes.
void Table::bury() {
  const auto over = [](const Channel* c) { return is_terminal(c->lifecycle.state()); };
  std::erase_if(lanes_, [&](const auto& entry) { return over(entry.second.channel); });
  std::erase_if(channels_, [&](const auto& c) { return over(c.get()); });
}

const Table::Channel* Table::channel_of(LaneId lane) const {
  const auto it = lanes_.find(lane);
  return it == lanes_.end() ? nullptr : it->second.channel;
}

Table::LaneRecord* Table::find(LaneId lane) {
  const auto it = lanes_.find(lane);
  return it == lanes_.end() ? nullptr : &it->second;
}

}  // namespace rap::channel
