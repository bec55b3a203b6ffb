#include "node/router/egress_role.hpp"

#include <algorithm>

#include "crypto/keys/digest.hpp"
#include "snapshot/values/config_types.hpp"

namespace rap::router {

using adapters::TargetFailure;
using adapters::TargetId;
using flow::FlowPath;
using flow::SealedEnd;
using wire::FlowReason;
using wire::FrameType;
using wire::FrameView;

namespace {

constexpr std::size_t kMostQueued = FlowPath{}.most_queued;
// Else a grant of a session that ended would go on with what is still held.
static_assert(kLongestHold >= snapshot::kMaxFlowHold);

std::uint32_t place_of(std::uint64_t path) { return static_cast<std::uint32_t>(path); }

}  // namespace

// --- what happens to a flow ----------------------------------------------------------------------

void EgressFlow::flow_data(ByteView bytes) {
  bytes_up += bytes.size();
  if (!has_target) {
    unheard += bytes.size();
    return egress.changed_.push_back(ref);
  }
  waiting += bytes.size();
  egress.gate_.backlog().came(principal.user, bytes.size());
  adapter->write(ref, bytes);
}

void EgressFlow::flow_finished() {
  heard_all = true;
  if (has_target) adapter->finish(ref);
  egress.changed_.push_back(ref);
}

void EgressFlow::flow_has_room() {
  has_room = true;
  egress.changed_.push_back(ref);
}

void EgressFlow::path_over(std::uint64_t number, FlowReason reason) {
  const std::uint32_t place = place_of(number);
  const auto* path = egress.paths_.find(place);
  if (path == nullptr || path->number != number) return;
  if (reason == FlowReason::seal_failed) {
    egress.board_.count(reason);
    wire::SecurityEvent about;
    describe(about, *this);
    egress.gate_.note(path->link, reason, std::move(about));
  }
  egress.board_.touched(path->link);
  egress.forget_path(place);
}

void EgressFlow::flow_ended(wire::FlowEnding ending) { egress.ended_.emplace_back(ref, ending); }

// --- paths ---------------------------------------------------------------------------------------

void EgressRole::attach(LinkId link, const FrameView& frame, const wire::FlowOpen& open,
                        WallTime wall) {
  wire::SecurityEvent about;
  const auto refused = admit(link, frame, open.sealed, wall, about);
  if (!refused) return;
  // What a client sealed is no evidence against the nodes between, which cannot read it.
  if (about.user) return gate_.refuse(link, frame.header, *refused, std::move(about));
  gate_.refuse(link, frame.header, *refused);
}

EgressRole::Refused EgressRole::admit(LinkId link, const FrameView& frame, ByteView sealed,
                                      WallTime wall, wire::SecurityEvent& about) {
  if (!gate_.is_ready()) return FlowReason::not_ready;
  const auto message = wire::AttachedMessage::decode(sealed);
  if (!message) return FlowReason::protocol_error;
  auto arrival = held_.read(message->first_message);
  if (!arrival) return arrival.error();
  // The entry answers for the right that it judged, and for no other.
  if (arrival->resumes.has_value() != message->resumes ||
      crypto::sha256(as_bytes(arrival->credential)) != message->credential) {
    return FlowReason::token_invalid;
  }
  if (arrival->traffic_class != frame.header.traffic_class) return FlowReason::channel_class_denied;
  return arrival->resumes ? resume(link, frame.header.label, std::move(*arrival), wall, about)
                          : open(link, frame.header.label, std::move(*arrival), wall, about);
}

EgressRole::Refused EgressRole::open(LinkId link, std::uint32_t label, flow::FlowArrival arrival,
                                     WallTime wall, wire::SecurityEvent& about) {
  if (gate_.is_full()) return FlowReason::limit_reached;
  const auto token = admission_.check(arrival.credential, wall);
  if (!token) {
    describe(about, token.error());
    return token.error().reason;
  }
  describe(about, *token);
  // Whoever saw the token, the entry above all, has not the key that it names.
  if (token->flow_key != arrival.client) return FlowReason::token_invalid;
  const FlowRight right = right_of(*token);
  const auto opening = gate_.judge(right, arrival.traffic_class, wall);
  if (!opening) return opening.error();
  if (!gate_.has_room(token->user) || !admission_.use(*token)) return FlowReason::limit_reached;

  const std::uint32_t ref = flows_.insert(std::make_unique<EgressFlow>(*this, right));
  EgressFlow& flow = *flows_.find(ref);
  flow.ref = ref;
  flow.traffic_class = arrival.traffic_class;
  flow.client = arrival.client;
  flow.adapter = opening->adapter;
  flow.arrival.emplace(std::move(arrival));
  gate_.opened(flow);
  add_path(flow, link, label);
  flow.adapter->open(flow.ref, opening->request);
  return std::nullopt;
}

EgressRole::Refused EgressRole::resume(LinkId link, std::uint32_t label, flow::FlowArrival arrival,
                                       WallTime wall, wire::SecurityEvent& about) {
  const auto grant = admission_.check_grant(arrival.credential, wall);
  if (!grant) return grant.error();
  const FlowRight right = right_of(*grant);
  describe(about, right);
  const auto opening = gate_.judge(right, arrival.traffic_class, wall);
  if (!opening) return opening.error();
  const auto known = refs_.find(*arrival.resumes);
  if (known == refs_.end()) {
    return past_.why(*arrival.resumes, arrival.client).value_or(FlowReason::unknown_flow);
  }
  EgressFlow& flow = *flows_.find(known->second);
  const FlowPath path = add_path(flow, link, label);
  const auto answer = held_.resume(now_, std::move(arrival), path, *grant);
  const bool has_path = paths_.find(place_of(path.number)) != nullptr;
  if (!answer) forget_path(place_of(path.number));
  if (answer && has_path) accept(flow, path, *answer);
  settle();
  return answer ? std::nullopt : Refused(answer.error());
}

FlowPath EgressRole::add_path(EgressFlow& flow, LinkId on, std::uint32_t label) {
  const std::uint32_t place = paths_.insert(std::make_unique<Path>(0, on, label, flow.ref));
  Path& path = *paths_.find(place);
  path.number = std::uint64_t{++last_path_} << 32 | place;
  flow.paths.push_back(place);
  Link& link = *board_.find(on);
  FlowEnd& end = *link.flows.find(label);
  end.kind = FlowEnd::Kind::egress_path;
  end.ref = place;
  return {.number = path.number, .label = label, .queue = &link.queue};
}

void EgressRole::forget_path(std::uint32_t place) {
  const auto path = paths_.remove(place);
  if (!path) return;
  if (EgressFlow* flow = flows_.find(path->flow)) std::erase(flow->paths, place);
  if (Link* link = board_.find(path->link)) board_.erase_flow(*link, path->label);
}

void EgressRole::accept(const EgressFlow& flow, const FlowPath& path, ByteView answer) {
  board_.send(paths_.find(place_of(path.number))->link,
              {FrameType::flow_accept, flow.traffic_class,
               static_cast<std::uint16_t>(answer.size()), path.label},
              answer);
}

void EgressRole::from_node(FlowEnd& end, const FrameView& frame) {
  const Path path = *paths_.find(end.ref);
  EgressFlow& flow = *flows_.find(path.flow);
  const FrameType type = frame.header.type;
  if (type == FrameType::pause) board_.moved_nothing(path.link, IdleFrame::pause);
  if (!flow.id) {
    if (type == FrameType::reset) return drop(path.flow, FlowReason::peer_lost);
    if (type != FrameType::pause) refuse(flow, FlowReason::protocol_error);
    return;
  }
  if (type == FrameType::credit) {
    const auto credit = wire::decode_credit(frame.payload);
    const std::uint32_t believed = credit ? end.sent.believe(*credit) : 0;
    if (believed == 0) return board_.moved_nothing(path.link, IdleFrame::credit);
    store_be32(frame.payload.data(), believed);
  }
  // Whoever sent it: nothing has been opened yet, so that it ends a path and no flow.
  if (type == FrameType::data && !gate_.backlog().has_room(flow.principal.user)) {
    board_.count(FlowReason::limit_reached);
    board_.send_reason(path.link, FrameType::reset, flow.traffic_class, path.label,
                       FlowReason::limit_reached);
    return path_lost(end.ref);
  }
  std::optional<std::uint64_t> current;
  with(flow, [&](SealedEnd& sealed) {
    sealed.receive(now_, path.number, type, frame.payload);
    current = sealed.current_path();
  });
  if (type == FrameType::flow_confirm && current == path.number) {
    board_.count_resumed(policy::NodeRole::egress);
  }
}

void EgressRole::path_lost(std::uint32_t place) {
  const Path* known = paths_.find(place);
  if (known == nullptr) return;
  const Path path = *known;
  EgressFlow& flow = *flows_.find(path.flow);
  forget_path(place);
  if (!flow.id) return drop(path.flow, FlowReason::peer_lost);
  with(flow, [&](SealedEnd& sealed) { sealed.path_lost(now_, path.number); });
}

void EgressRole::link_lost(LinkId link) {
  const auto turns = waiting_.find(link);
  if (turns == waiting_.end()) return;
  for (const auto& line : turns->second) {
    for (const std::uint32_t ref : line) {
      EgressFlow* flow = flows_.find(ref);
      if (flow != nullptr && flow->waits_on == link) flow->waits_on.reset();
    }
  }
  waiting_.erase(turns);
}

// A flow fills the queue of its class, so that each turn begins with another one.
void EgressRole::room_on(LinkId id) {
  const auto turns = waiting_.find(id);
  Link* link = board_.find(id);
  if (turns == waiting_.end() || link == nullptr) return;
  bool more = false;
  for (std::size_t c = 0; c < turns->second.size(); ++c) {
    auto& line = turns->second[c];
    while (!line.empty() &&
           link->queue.queued_bytes(static_cast<wire::TrafficClass>(c)) <= kMostQueued) {
      EgressFlow* flow = flows_.find(line.front());
      line.pop_front();
      if (flow == nullptr || flow->waits_on != id) continue;
      flow->waits_on.reset();
      with(*flow, [&](SealedEnd& sealed) { sealed.drained(now_); });
    }
    more = more || !line.empty();
  }
  if (more) {
    link->wants_room = true;
  } else {
    waiting_.erase(turns);
  }
}

void EgressRole::wake() {
  wakes_.reset();
  for (const wire::FlowId& id : held_.due(now_)) {
    const auto ref = refs_.find(id);
    if (ref == refs_.end()) continue;
    with(*flows_.find(ref->second), [&](SealedEnd& sealed) { sealed.wakeup(now_); });
  }
  settle();
}

// --- targets -------------------------------------------------------------------------------------

void EgressRole::target_opened(TargetId target) {
  EgressFlow* flow = find(target);
  if (flow == nullptr || !flow->arrival) return;
  const Path at = *paths_.find(flow->paths.front());
  const FlowPath path{
      .number = at.number, .label = at.label, .queue = &board_.find(at.link)->queue};
  const flow::FlowRights rights{flow->principal.user, flow->session, flow->organization,
                                flow->resource, flow->egress_pool};
  const auto opened = held_.open(now_, std::move(*flow->arrival), path, rights, *flow,
                                 {.hold = gate_.judge().hold(flow->organization)});
  flow->arrival.reset();
  flow->id = opened.flow;
  refs_.emplace(opened.flow, flow->ref);
  board_.count_opened(policy::NodeRole::egress);
  accept(*flow, path, opened.answer);
  settle();
}

void EgressRole::target_failed(TargetId target, TargetFailure failure) {
  EgressFlow* flow = find(target);
  if (flow == nullptr || !flow->arrival) return;
  flow->has_target = false;
  refuse(*flow, reason_of(failure));
}

std::size_t EgressRole::target_data(TargetId target, ByteView data) {
  EgressFlow* flow = find(target);
  if (flow == nullptr || !flow->id || !flow->has_target || flow->said_all) return data.size();
  std::size_t taken = 0;
  with(*flow, [&](SealedEnd& sealed) {
    taken = sealed.take(now_, data);
    flow->bytes_down += taken;
  });
  return taken;
}

void EgressRole::target_consumed(TargetId target, std::size_t n) {
  EgressFlow* flow = find(target);
  if (flow == nullptr || !flow->has_target) return;
  const std::size_t left = std::min(n, flow->waiting);
  flow->waiting -= left;
  gate_.backlog().left(flow->principal.user, left);
  with(*flow, [&](SealedEnd& sealed) { sealed.consumed(now_, left); });
}

void EgressRole::target_ended(TargetId target) {
  EgressFlow* flow = find(target);
  if (flow == nullptr || !flow->has_target) return;
  flow->said_all = true;
  changed_.push_back(flow->ref);
  with(*flow, [&](SealedEnd& sealed) { sealed.finish(now_); });
}

// What it said before that is the client's, who may have no path just now.
void EgressRole::target_lost(TargetId target, TargetFailure how) {
  EgressFlow* flow = find(target);
  if (flow == nullptr || !flow->has_target) return;
  flow->has_target = false;
  if (!flow->id) return refuse(*flow, reason_of(how));
  gate_.backlog().left(flow->principal.user, flow->waiting);
  flow->unheard += std::exchange(flow->waiting, 0);
  flow->lost = reason_of(how);
  changed_.push_back(flow->ref);
  with(*flow, [](SealedEnd&) {});
}

// --- ends ----------------------------------------------------------------------------------------

void EgressRole::refuse(EgressFlow& flow, FlowReason reason) {
  const Path path = *paths_.find(flow.paths.front());
  board_.count(reason);
  board_.send_reason(path.link, FrameType::flow_refuse, flow.traffic_class, path.label, reason);
  drop(path.flow, reason);
}

void EgressRole::end(EgressFlow& flow, FlowReason reason) {
  if (!flow.id) return refuse(flow, reason);
  board_.count(reason);
  with(flow, [&](SealedEnd& sealed) { sealed.end(now_, reason); });
}

template <class Which>
void EgressRole::end_those(Which which) {
  flows_.for_each([&](std::uint32_t, EgressFlow& flow) {
    if (const Refused reason = which(flow)) end(flow, *reason);
  });
}

void EgressRole::end_resources(const EgressGate::Resources& gone) {
  end_those([&](const EgressFlow& flow) {
    return gone.contains(flow.resource) ? Refused(FlowReason::wrong_resource) : std::nullopt;
  });
}

void EgressRole::hold_to_policy() {
  end_those([&](const EgressFlow& flow) { return gate_.against_policy(flow, flow.traffic_class); });
}

void EgressRole::end_session(SessionId session) {
  end_those([&](const EgressFlow& flow) {
    return flow.session == session ? Refused(FlowReason::session_ended) : std::nullopt;
  });
}

void EgressRole::enforce(WallTime wall) {
  end_those([&](const EgressFlow& flow) { return gate_.judge().barred(flow, wall); });
}

void EgressRole::expire(WallTime wall) {
  end_those([&](const EgressFlow& flow) {
    return gate_.judge().is_overlong(flow, wall) ? Refused(FlowReason::session_ended)
                                                 : std::nullopt;
  });
}

void EgressRole::drop(std::uint32_t ref, wire::FlowEnding ending) {
  const auto flow = flows_.remove(ref);
  if (!flow) return;
  gate_.ended(*flow, flow->waiting);
  for (const std::uint32_t place : std::exchange(flow->paths, {})) forget_path(place);
  if (flow->id) {
    refs_.erase(*flow->id);
    if (ending) past_.note(*flow->id, flow->client, *ending);
    ++endings_[ending ? static_cast<std::size_t>(*ending) : 0];
  }
  if (!flow->has_target) return;
  if (ending) return flow->adapter->close(flow->ref);
  flow->adapter->release(flow->ref);
}

// --- a flow's turn -------------------------------------------------------------------------------

template <class What>
void EgressRole::with(EgressFlow& flow, What what) {
  if (!flow.id) return;
  struct Watched {
    LinkId link = 0;
    std::size_t queued = 0;
  };
  std::array<Watched, flow::kMaxOfferedPaths + 2> watched;
  std::size_t links = 0;
  for (const std::uint32_t place : flow.paths) {
    const LinkId id = paths_.find(place)->link;
    const Link* link = board_.find(id);
    const auto end = watched.begin() + static_cast<std::ptrdiff_t>(links);
    if (link == nullptr || links == watched.size() ||
        std::find_if(watched.begin(), end, [&](const Watched& w) { return w.link == id; }) != end) {
      continue;
    }
    watched[links++] = {id, link->queue.queued_bytes()};
  }
  std::optional<std::uint64_t> path;
  held_.with(now_, *flow.id, [&](SealedEnd& sealed) {
    what(sealed);
    if (flow.lost && sealed.core().tail_bytes() == 0) sealed.end(now_, *flow.lost);
    path = sealed.current_path();
  });
  for (std::size_t i = 0; i < links; ++i) {
    Link& link = *board_.find(watched[i].link);
    if (link.queue.queued_bytes() == watched[i].queued) continue;
    link.bytes_out += link.queue.queued_bytes() - watched[i].queued;
    board_.touched(watched[i].link);
  }
  look_after(flow, path);
  settle();
}

// It may have more than there was room for.
void EgressRole::look_after(EgressFlow& flow, const std::optional<std::uint64_t>& number) {
  const Path* path = number ? paths_.find(place_of(*number)) : nullptr;
  Link* link = path != nullptr ? board_.find(path->link) : nullptr;
  if (link == nullptr || flow.waits_on == path->link ||
      link->queue.queued_bytes(flow.traffic_class) <= kMostQueued) {
    return;
  }
  flow.waits_on = path->link;
  waiting_[path->link][static_cast<std::size_t>(flow.traffic_class)].push_back(flow.ref);
  link->wants_room = true;
}

void EgressRole::settle() {
  while (!ended_.empty() || !changed_.empty()) {
    if (!ended_.empty()) {
      const auto [ref, ending] = ended_.back();
      ended_.pop_back();
      drop(ref, ending);
      continue;
    }
    EgressFlow* flow = flows_.find(changed_.back());
    changed_.pop_back();
    if (flow == nullptr) continue;
    if (std::exchange(flow->has_room, false) && flow->has_target) {
      flow->adapter->resume(flow->ref);
    }
    if (flow->said_all && flow->heard_all && std::exchange(flow->has_target, false)) {
      gate_.backlog().left(flow->principal.user, flow->waiting);
      flow->unheard += std::exchange(flow->waiting, 0);
      flow->adapter->release(flow->ref);
    }
    if (const std::size_t unheard = std::exchange(flow->unheard, 0)) {
      with(*flow, [&](SealedEnd& sealed) { sealed.consumed(now_, unheard); });
    }
  }
  const auto next = held_.next_wakeup();
  if (!next || (wakes_ && *wakes_ <= *next)) return;
  wakes_ = next;
  port_.wake_at(*next);
}

}  // namespace rap::router
