#include "node/router/entry_role.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "node/router/admission/security_ledger.hpp"

namespace rap::router {

using wire::FlowReason;
using wire::FrameType;
using wire::FrameView;

void EntryRole::request(LinkId client, const FrameView& frame, WallTime wall) {
  gate_.ask(client, frame,
            [&](wire::SecurityEvent& about) { return admit(client, frame, wall, about); });
}

void EntryRole::resume(LinkId client, const FrameView& frame, WallTime wall) {
  gate_.ask(client, frame,
            [&](wire::SecurityEvent& about) { return admit_again(client, frame, wall, about); });
}

std::optional<FlowReason> EntryRole::admit(LinkId client, const FrameView& frame, WallTime wall,
                                           wire::SecurityEvent& about) {
  const auto request = wire::FlowRequest::decode(frame.payload);
  if (!request) return FlowReason::protocol_error;
  const auto token = admission_.check(request->token, wall);
  if (!token) {
    describe(about, token.error());
    return token.error().reason;
  }
  describe(about, *token);
  const FlowRight right = right_of(*token, board_.find(client)->address);
  if (const auto refusal = gate_.judge_token(*token, right, frame.header.traffic_class, wall)) {
    return refusal;
  }
  return open({client, frame.header, right, request->egress,
               crypto::sha256(as_bytes(request->token)), request->first_message, &*token});
}

// A stolen grant is worth nothing without its key, and what was proven for another connection,
// entry or first message proves nothing here.
std::optional<FlowReason> EntryRole::admit_again(LinkId client, const FrameView& frame,
                                                 WallTime wall, wire::SecurityEvent& about) {
  const auto resume = wire::FlowResume::decode(frame.payload);
  if (!resume) return FlowReason::protocol_error;
  const auto grant = admission_.check_grant(resume->grant, wall);
  if (!grant) return grant.error();
  const Link& link = *board_.find(client);
  const FlowRight right = right_of(*grant, link.address);
  describe(about, right);
  const crypto::ResumeTranscript transcript{resume->grant, gate_.self(), link.exporter,
                                            resume->first_message};
  if (!crypto::verify_resume_proof(*grant, transcript, resume->proof)) {
    return FlowReason::proof_invalid;
  }
  if (const auto refusal = gate_.judge(right, frame.header.traffic_class, wall)) return refusal;
  return open({client, frame.header, right, resume->egress, crypto::sha256(as_bytes(resume->grant)),
               resume->first_message});
}

std::optional<FlowReason> EntryRole::open(const Wanted& wanted) {
  const auto c = wanted.header.traffic_class;
  const snapshot::KeyedPool* pool = gate_.pool(wanted.right.egress_pool);
  if (pool == nullptr) return FlowReason::no_route;
  if (std::ranges::find(pool->members, wanted.egress, &snapshot::PoolMember::node) ==
      pool->members.end()) {
    return FlowReason::wrong_resource;
  }
  const auto way = mesh::choose(routing_, links_, {.to = wanted.egress, .traffic_class = c});
  if (!way) return FlowReason::no_route;
  if (board_.find(way->link)->takes_no_requests()) return FlowReason::limit_reached;
  FlowEnd far;
  far.kind = FlowEnd::Kind::entry_path;
  far.traffic_class = c;
  far.other_link = wanted.client;
  far.other_label = wanted.header.label;
  far.backlog = board_.find(wanted.client)->backlog;
  const auto label = board_.find(way->link)->flows.allocate(std::move(far));
  if (!label) return FlowReason::limit_reached;
  if (wanted.token != nullptr && !admission_.use(*wanted.token)) {
    board_.find(way->link)->flows.erase(*label);
    return FlowReason::limit_reached;
  }
  gate_.opened(wanted.client, wanted.right, now_);
  board_.moved_nothing(wanted.client, IdleFrame::first_message);
  auto path = std::make_unique<EntryPath>();
  static_cast<FlowRight&>(*path) = wanted.right;
  path->client = wanted.client;
  path->client_label = wanted.header.label;
  path->node = way->link;
  path->node_label = *label;
  path->traffic_class = c;
  path->resumes = wanted.token == nullptr;
  path->deadline = now_ + kFlowSetupTimeout;
  const std::uint32_t ref = paths_.insert(std::move(path));
  board_.find(wanted.client)->flows.find(wanted.header.label)->ref = ref;
  board_.find(way->link)->flows.find(*label)->ref = ref;
  const wire::AttachedMessage message{wanted.token == nullptr, wanted.credential,
                                      wanted.first_message};
  const Bytes attach =
      wire::FlowOpen{wanted.egress, wire::FlowOpen::kMaxHops, message.encode()}.encode();
  board_.send(way->link,
              {FrameType::flow_attach, c, static_cast<std::uint16_t>(attach.size()), *label},
              attach);
  return std::nullopt;
}

void EntryRole::from_client(FlowEnd& end, const FrameView& frame) {
  const std::uint32_t ref = end.ref;
  EntryPath& path = *paths_.find(ref);
  if (path.ends) return board_.moved_nothing(path.client, IdleFrame::unknown_label);
  if (path.accepted) {
    if (frame.header.type == FrameType::data) path.bytes_up += frame.payload.size();
    return pass(path.client, path.client_label, end, frame);
  }
  // There are no keys yet to seal anything with.
  if (frame.header.type != FrameType::reset) return reset_both(ref, FlowReason::protocol_error);
  const auto reason = wire::decode_reason(frame.payload).value_or(FlowReason::protocol_error);
  // Who asks and takes it back has the egress work for nothing, and room for the next question.
  board_.moved_nothing(path.client, IdleFrame::refused_request);
  board_.send_reason(path.node, FrameType::reset, path.traffic_class, path.node_label, reason);
  drop(ref);
}

void EntryRole::from_node(FlowEnd& end, const FrameView& frame) {
  const std::uint32_t ref = end.ref;
  EntryPath& path = *paths_.find(ref);
  const FrameType type = frame.header.type;
  if (type == FrameType::flow_accept) {
    if (std::exchange(path.accepted, true)) return reset_both(ref, FlowReason::protocol_error);
    if (path.resumes) {
      board_.count_resumed(policy::NodeRole::entry);
    } else {
      board_.count_opened(policy::NodeRole::entry);
    }
    Link& client = *board_.find(path.client);
    FlowEnd& near = *client.flows.find(path.client_label);
    near.other_link = path.node;
    near.other_label = path.node_label;
    near.paused = client.pauses;
    if (near.paused) board_.send_pause(path.node, path.node_label, true);
  } else if (!path.accepted) {
    const auto reason = wire::decode_reason(frame.payload);
    if ((type != FrameType::flow_refuse && type != FrameType::reset) || !reason) {
      return reset_both(ref, FlowReason::protocol_error);
    }
    board_.count(*reason);
    board_.send_reason(path.client, FrameType::flow_refuse, path.traffic_class, path.client_label,
                       *reason);
    return drop(ref);
  } else if (type == FrameType::data) {
    path.bytes_down += frame.payload.size();
  }
  pass(path.node, path.node_label, end, frame);
}

void EntryRole::pass(LinkId from, std::uint32_t label, FlowEnd& end, const FrameView& frame) {
  const std::uint32_t ref = end.ref;
  if (!board_.relay(from, label, end, frame)) drop(ref);
}

void EntryRole::drop(std::uint32_t ref) {
  const auto path = paths_.remove(ref);
  if (!path) return;
  gate_.ended(*path);
  if (Link* client = board_.find(path->client)) board_.erase_flow(*client, path->client_label);
  if (Link* node = board_.find(path->node)) board_.erase_flow(*node, path->node_label);
}

void EntryRole::reset_both(std::uint32_t ref, FlowReason reason) {
  const EntryPath* path = paths_.find(ref);
  if (path == nullptr) return;
  board_.count(reason);
  const auto type = path->accepted ? FrameType::reset : FrameType::flow_refuse;
  board_.send_reason(path->client, type, path->traffic_class, path->client_label, reason);
  board_.send_reason(path->node, FrameType::reset, path->traffic_class, path->node_label, reason);
  drop(ref);
}

void EntryRole::end(EntryPath& path, std::uint32_t ref, FlowReason reason) {
  if (!path.accepted) return reset_both(ref, reason);
  if (path.ends) return;
  path.ends = reason;
  path.deadline.reset();
}

void EntryRole::end_session(SessionId session) {
  paths_.for_each([&](std::uint32_t ref, EntryPath& path) {
    if (path.session == session) end(path, ref, FlowReason::session_ended);
  });
}

void EntryRole::enforce(WallTime wall) {
  paths_.for_each([&](std::uint32_t ref, EntryPath& path) {
    const auto barred = gate_.judge().barred(path, wall);
    if (!barred) return;
    FlowRight anywhere = path;
    anywhere.principal.address.reset();
    if (!gate_.judge().barred(anywhere, wall)) return reset_both(ref, *barred);
    end(path, ref, *barred);
  });
}

void EntryRole::expire(WallTime wall) {
  paths_.for_each([&](std::uint32_t ref, EntryPath& path) {
    const bool ends = path.ends || !path.accepted;
    if (!ends && gate_.judge().is_overlong(path, wall)) {
      return end(path, ref, FlowReason::session_ended);
    }
    if (!ends) return;
    if (!path.deadline) {
      path.deadline = now_ + kLastWords;
    } else if (*path.deadline <= now_) {
      reset_both(ref, path.ends.value_or(FlowReason::setup_timeout));
    }
  });
}

}  // namespace rap::router
