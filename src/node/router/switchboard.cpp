#include "node/router/switchboard.hpp"

#include <algorithm>
#include <utility>

namespace rap::router {

using wire::FlowReason;
using wire::FrameType;

namespace {

// Credit overtakes the data of every class: a full queue must not keep its own relief waiting.
constexpr auto kCreditClass = wire::TrafficClass::route_control;

}  // namespace

void Link::data_departed(std::uint32_t label, std::size_t payload) {
  if (FlowEnd* end = flows.find(label)) {
    end->sent.departed(static_cast<std::uint32_t>(payload - wire::kSealOverhead));
  }
  record_departed(label, payload);
}

void Link::record_departed(std::uint32_t label, std::size_t payload) {
  board.left(*this);
  if (kind == Kind::client) board.less_waits(*this);
  const std::size_t waited = wire::kFrameHeader + payload;
  if (FlowEnd* end = flows.find(label)) {
    if (!end->backlog) return;
    end->waiting -= waited;
    return board.departed(*end->backlog, waited);
  }
  const auto orphan = orphans.find(label);
  if (orphan == orphans.end()) return;
  const auto of = orphan->second.backlog;
  if ((orphan->second.waiting -= waited) == 0) orphans.erase(orphan);
  board.departed(*of, waited);
}

void Link::others_departed() {
  board.left(*this);
  if (paused) board.read_on_if_over(*this);
  if (kind == Kind::client) board.less_waits(*this);
}

std::optional<LinkId> Switchboard::add(std::unique_ptr<Link> link) {
  if (free_.empty() && links_.size() >= kMaxLinks) return std::nullopt;
  if (free_.empty()) {
    free_.push_back(static_cast<LinkId>(links_.size()));
    links_.emplace_back();
  }
  const LinkId id = free_.back();
  free_.pop_back();
  if (link->kind == Link::Kind::client) {
    link->backlog = std::make_shared<Backlog>(Backlog{.client = id});
  }
  link->id = id;
  links_[id] = std::move(link);
  return id;
}

std::unique_ptr<Link> Switchboard::remove(LinkId id) {
  if (find(id) == nullptr) return nullptr;
  free_.push_back(id);
  if (links_[id]->backlog) links_[id]->backlog->client.reset();
  for (auto& [label, orphan] : links_[id]->orphans) departed(*orphan.backlog, orphan.waiting);
  links_[id]->flows.for_each([this](std::uint32_t, FlowEnd& end) {
    if (end.backlog) departed(*end.backlog, std::exchange(end.waiting, 0));
  });
  leave_budget(id, *links_[id]);
  return std::move(links_[id]);
}

void Switchboard::admitted(LinkId id, UserId user) {
  Link& client = *find(id);
  if (client.user) return;
  client.user = user;
  client.budget = budgets_.of(user);
  client.budget->clients.insert(id);
  client.queue.count_in({client.budget, &client.budget->queued});
  client.backlog->user = client.budget;
  client.budget->backlog += client.backlog->bytes;
  if (client.budget->pauses && !client.pauses) pause_flows(client, true);
}

// What it sent and waits for others stays on the account: it is held until it has gone.
void Switchboard::leave_budget(LinkId id, Link& client) {
  if (!client.budget) return;
  client.budget->clients.erase(id);
  client.queue.count_in(nullptr);
  less_waits(client);
  client.budget.reset();
}

void Switchboard::pause_flows(Link& client, bool pause) {
  client.pauses = pause;
  client.flows.for_each([&](std::uint32_t, FlowEnd& end) {
    if (end.other_label == 0 || std::exchange(end.paused, pause) == pause) return;
    send_pause(end.other_link, end.other_label, pause);
  });
}

void Switchboard::more_waits(Link& client) {
  UserBudget* budget = client.budget.get();
  if (budget != nullptr && !budget->pauses && budget->queued.bytes > kUserPause) {
    budget->pauses = true;
    ++pauses_.for_user;
    for (const LinkId id : budget->clients) {
      if (Link& one = *find(id); !one.pauses) pause_flows(one, true);
    }
  }
  if (client.pauses || client.queue.queued_bytes() <= kClientPause) return;
  ++pauses_.for_client;
  pause_flows(client, true);
}

// A quarter of what made them pause is left when they go on: a pause is not worth a frame.
void Switchboard::less_waits(Link& client) {
  constexpr std::size_t kGoesOn = 4;
  const auto may_go_on = [](const Link& one) {
    return one.pauses && one.queue.queued_bytes() <= kClientPause / kGoesOn;
  };
  UserBudget* budget = client.budget.get();
  if (budget != nullptr && budget->pauses) {
    if (budget->queued.bytes > kUserPause / kGoesOn) return;
    budget->pauses = false;
    for (const LinkId id : budget->clients) {
      if (Link& one = *find(id); may_go_on(one)) pause_flows(one, false);
    }
  }
  if (may_go_on(client)) pause_flows(client, false);
}

bool Switchboard::may_read(LinkId client) {
  Link* link = find(client);
  if (link == nullptr) return false;
  link->paused = link->queue.windowless_bytes() > kMaxAnswers ||
                 link->backlog->bytes > kMaxBacklog ||
                 (link->budget && link->budget->backlog > kMaxUserBacklog);
  return !link->paused;
}

void Switchboard::keep_waiting(FlowEnd& end, std::size_t bytes) {
  end.waiting += bytes;
  end.backlog->bytes += bytes;
  if (end.backlog->user) end.backlog->user->backlog += bytes;
}

void Switchboard::erase_flow(Link& link, std::uint32_t label) {
  const FlowEnd* end = link.flows.find(label);
  if (end == nullptr) return;
  if (end->waiting > 0) link.orphans[label] = {end->backlog, end->waiting};
  link.flows.erase(label);
}

void Switchboard::departed(Backlog& backlog, std::size_t bytes) {
  backlog.bytes -= bytes;
  if (backlog.user) {
    const std::size_t before = std::exchange(backlog.user->backlog, backlog.user->backlog - bytes);
    if (before > kMaxUserBacklog / 2 && backlog.user->backlog <= kMaxUserBacklog / 2) {
      for (const LinkId id : backlog.user->clients) {
        if (Link& one = *find(id); one.paused) read_on_if_over(one);
      }
    }
  }
  if (!backlog.client) return;
  Link* client = find(*backlog.client);
  if (client->paused) read_on_if_over(*client);
}

// Half of a bound must be free before reading goes on: a pause is not worth a frame.
void Switchboard::read_on_if_over(Link& client) {
  if (client.queue.windowless_bytes() > kMaxAnswers / 2) return;
  if (client.backlog->bytes > kMaxBacklog / 2) return;
  if (client.budget && client.budget->backlog > kMaxUserBacklog / 2) return;
  client.paused = false;
  port_.read_on(*client.backlog->client);
}

void Switchboard::moved_nothing(LinkId id, IdleFrame what) {
  Link* link = find(id);
  if (link == nullptr) return;
  const auto limit = link->kind == Link::Kind::node ? kNodesIdleFrames
                     : link->user                   ? kClientsIdleFrames
                                                    : kStrangersIdleFrames;
  const unsigned weight = !link->user                          ? 1
                          : what == IdleFrame::refused_request ? kRefusedRequestWeight
                          : what == IdleFrame::first_message   ? kFirstMessageWeight
                                                               : 1;
  ++idle_frames_[static_cast<std::size_t>(what)];
  // What is refused was asked by somebody behind the node, and no evidence against it: asks()
  // bounds that.
  if (link->kind == Link::Kind::node && what == IdleFrame::refused_request) return;
  if (link->floods || !link->idle_frames.take(limit, now_, weight)) return;
  link->floods = true;
  ++floods_[static_cast<std::size_t>(what)];
}

bool Switchboard::asks(Link& node) { return !node.requests.take(kNodesRequests, now_); }

std::optional<LinkId> Switchboard::towards(NodeId node, wire::TrafficClass c) const {
  std::optional<LinkId> other;
  for (LinkId i = 0; i < links_.size(); ++i) {
    const Link* link = links_[i].get();
    if (link == nullptr || link->kind != Link::Kind::node || link->node != node) continue;
    if (!link->takes_new_flows || !link->classes.contains(c)) continue;
    if (link->lane == wire::lane_of(c)) return i;
    other = i;
  }
  return other;
}

std::size_t Switchboard::clients() const {
  return static_cast<std::size_t>(std::ranges::count_if(
      links_, [](const auto& link) { return link && link->kind == Link::Kind::client; }));
}

void Switchboard::send(LinkId id, const wire::FrameHeader& header, ByteView payload) {
  Link* link = find(id);
  if (link == nullptr) return;
  link->queue.append(header, payload);
  link->bytes_out += wire::kFrameHeader + payload.size();
  port_.flush(id);
}

void Switchboard::send_reason(LinkId id, FrameType type, wire::TrafficClass c, std::uint32_t label,
                              FlowReason reason) {
  const auto payload = wire::encode_reason(reason);
  send(id, {type, c, payload.size(), label}, payload);
}

void Switchboard::send_credit(LinkId id, std::uint32_t label, std::uint32_t credit) {
  const auto payload = wire::encode_credit(credit);
  send(id, {FrameType::credit, kCreditClass, payload.size(), label}, payload);
}

void Switchboard::send_pause(LinkId id, std::uint32_t label, bool pause) {
  const auto payload = wire::encode_pause(pause);
  send(id, {FrameType::pause, kCreditClass, payload.size(), label}, payload);
}

void Switchboard::left(Link& link) {
  if (std::exchange(link.wants_room, false)) port_.left(link.id);
}

void Switchboard::reset_other(const FlowEnd& end, FlowReason reason) {
  Link* other = find(end.other_link);
  if (other == nullptr || other->flows.find(end.other_label) == nullptr) return;
  erase_flow(*other, end.other_label);
  send_reason(end.other_link, FrameType::reset, end.traffic_class, end.other_label, reason);
}

bool Switchboard::relay(LinkId from, std::uint32_t label, FlowEnd& end,
                        const wire::FrameView& frame) {
  Link& in = *find(from);
  Link* out = find(end.other_link);
  FlowEnd* other = out != nullptr ? out->flows.find(end.other_label) : nullptr;
  if (other == nullptr) {
    const wire::TrafficClass c = end.traffic_class;
    erase_flow(in, label);
    send_reason(from, FrameType::reset, c, label, FlowReason::peer_lost);
    return false;
  }
  const bool record = wire::is_record(frame.header.type);
  const Passage passes = passage(from, end, *other, frame);
  if (passes == Passage::done) return true;
  const bool legal = passes != Passage::illegal;
  if (!legal || (record && out->is_full())) {
    const auto reason = legal ? FlowReason::limit_reached : FlowReason::flow_control;
    const FlowEnd copy = end;
    erase_flow(in, label);
    count(reason);
    send_reason(from, FrameType::reset, copy.traffic_class, label, reason);
    reset_other(copy, reason);
    return false;
  }
  // The frame goes on as it lies, under the next hop's label and the class the flow was opened
  // with.
  wire::readdress(frame.whole, end.traffic_class, end.other_label);
  out->queue.append(end.traffic_class, frame.whole);
  out->bytes_out += frame.whole.size();
  if (record && other->backlog) keep_waiting(*other, frame.whole.size());
  if (record && out->kind == Link::Kind::client) more_waits(*out);
  port_.flush(end.other_link);
  if (passes == Passage::goes_on) return true;
  erase_flow(*out, end.other_label);
  erase_flow(in, label);
  return false;
}

Switchboard::Passage Switchboard::passage(LinkId from, FlowEnd& end, FlowEnd& other,
                                          const wire::FrameView& frame) {
  using enum Passage;
  switch (frame.header.type) {
    case FrameType::data: {
      // A sealed record is never shorter than its tag, and only its content counts.
      if (frame.payload.size() <= wire::kSealOverhead) return illegal;
      const std::size_t content = frame.payload.size() - wire::kSealOverhead;
      return end.window.spend(static_cast<std::uint32_t>(content)) ? goes_on : illegal;
    }
    case FrameType::credit: {
      const auto credit = wire::decode_credit(frame.payload);
      if (!credit) return illegal;
      const std::uint32_t believed = end.sent.believe(*credit);
      if (believed == 0) {
        moved_nothing(from, IdleFrame::credit);
        return done;
      }
      other.window.grant(believed);
      send_credit(end.other_link, end.other_label, believed);
      return done;
    }
    case FrameType::pause: {
      const auto pause = wire::decode_pause(frame.payload);
      if (!pause || find(end.other_link)->kind == Link::Kind::client) return illegal;
      moved_nothing(from, IdleFrame::pause);
      send_pause(end.other_link, end.other_label, *pause);
      return done;
    }
    case FrameType::reset:
    case FrameType::flow_refuse: return wire::decode_reason(frame.payload) ? ends : illegal;
    case FrameType::flow_accept:
      if (end.kind != FlowEnd::Kind::relay) return goes_on;
      if (!std::exchange(end.awaits_answer, false)) return illegal;
      count_opened(policy::NodeRole::relay);
      return goes_on;
    case FrameType::flow_confirm:
    case FrameType::flow_ack:
    case FrameType::flow_end: return goes_on;
    case FrameType::flow_close: return ends;
    default: return illegal;
  }
}

}  // namespace rap::router
