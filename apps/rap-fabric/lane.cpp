#include "lane.hpp"

#include "io/system.hpp"

namespace rap::fabric {

using channel::FailureReason;
using channel::State;
using wire::FrameType;

namespace {

FailureReason reason_of(const io::StreamError& error) {
  using Fault = crypto::CertificateFault;
  using Kind = io::StreamError::Kind;
  if (error.fault) {
    return *error.fault == Fault::wrong_cluster ? FailureReason::wrong_cluster
                                                : FailureReason::certificate_invalid;
  }
  switch (error.kind) {
    case Kind::tls: return FailureReason::tls_handshake_failed;
    case Kind::overflow: return FailureReason::policy_denied;
    case Kind::none:
    case Kind::unreachable:
    case Kind::refused:
    case Kind::timeout:
    case Kind::reset: return FailureReason::network_unreachable;
  }
  return FailureReason::network_unreachable;
}

}  // namespace

Lane::Lane(io::EventLoop& loop, router::Router& router, LaneOwner& owner, Log& log, ChannelId id,
           channel::Local local, std::optional<NodeId> expected)
    : loop_(loop),
      router_(router),
      owner_(owner),
      log_(log),
      lifecycle_(id, local, expected),
      timer_(loop) {}

Lane::~Lane() {
  stream_.reset();
  if (link_) router_.link_down(*link_, wire::FlowReason::peer_lost);
}

void Lane::dial(const std::string& host, std::uint16_t port, io::StreamOptions options) {
  dialled_ = true;
  step(channel::event::Start{});
  stream_ = io::Stream::connect(loop_, host, port, std::move(options), *this);
}

void Lane::accept(int fd, io::StreamOptions options) {
  step(channel::event::Accepted{});
  stream_ = io::Stream::accept(loop_, fd, std::move(options), *this);
}

void Lane::policy_changed(std::uint64_t config_version) {
  const auto peer = lifecycle_.peer();
  if (peer) step(channel::event::PolicyChanged{owner_.policy_of(*peer), config_version});
}

void Lane::stop() { step(channel::event::Stop{}); }

void Lane::flush() {
  if (stream_) stream_->flush();
}

void Lane::on_open() {
  step(channel::event::Connected{});
  const auto& identity = stream_->peer();
  if (!identity) return step(channel::event::TransportFailed{FailureReason::certificate_invalid});
  step(channel::event::Proven{*identity, owner_.policy_of(identity->node())});
}

void Lane::on_close(const io::StreamError& error) {
  if (!channel::is_terminal(lifecycle_.state())) {
    log_.info("channel.transport_closed", {{"channel", lifecycle_.id().str()},
                                           {"kind", io::to_string(error.kind)},
                                           {"detail", error.detail}});
    step(channel::event::TransportFailed{reason_of(error)});
  }
  over();
}

std::size_t Lane::on_data(MutableBytes data) {
  std::size_t used = 0;
  while (!over_) {
    const auto frame = wire::next_frame(data.subspan(used));
    if (!frame) {
      log_.warn("channel.bad_frame",
                {{"channel", lifecycle_.id().str()}, {"error", wire::to_string(frame.error())}});
      step(channel::event::ProtocolViolation{});
      break;
    }
    if (!*frame) break;
    used += (*frame)->whole.size();
    if (!on_frame(**frame)) step(channel::event::ProtocolViolation{});
  }
  return used;
}

bool Lane::on_frame(const wire::FrameView& frame) {
  switch (frame.header.type) {
    case FrameType::hello: {
      const auto hello = wire::Hello::decode(frame.payload);
      if (hello) step(channel::event::HelloReceived{*hello});
      return hello.has_value();
    }
    case FrameType::heartbeat: {
      const auto heartbeat = wire::Heartbeat::decode(frame.payload);
      if (heartbeat) step(channel::event::HeartbeatReceived{*heartbeat});
      return heartbeat.has_value();
    }
    case FrameType::heartbeat_ack: {
      const auto ack = wire::HeartbeatAck::decode(frame.payload);
      if (ack) step(channel::event::AckReceived{*ack});
      return ack.has_value();
    }
    case FrameType::goodbye: step(channel::event::GoodbyeReceived{}); return true;
    default: break;
  }
  // A flow's frame: nothing passes before the channel is established.
  if (!link_ || !channel::carries_traffic(lifecycle_.state())) return false;
  return router_.on_frame(*link_, frame, io::mono_now(), io::wall_now());
}

void Lane::step(const channel::Event& event) {
  const State before = lifecycle_.state();
  const auto actions = lifecycle_.step(io::mono_now(), event);
  follow_state(before);
  for (const auto& action : actions) perform(action);
  if (const auto at = lifecycle_.next_timeout()) {
    timer_.after(std::max(Duration::zero(), *at - io::mono_now()),
                 [this] { step(channel::event::Timeout{}); });
  } else {
    timer_.cancel();
  }
}

void Lane::follow_state(State before) {
  const State now = lifecycle_.state();
  if (now == before) return;
  const auto peer = lifecycle_.peer();
  log_.info("channel.state", {{"channel", lifecycle_.id().str()},
                              {"peer", peer ? peer->str() : std::string("unproven")},
                              {"from", channel::to_string(before)},
                              {"to", channel::to_string(now)},
                              {"reason", channel::to_string(lifecycle_.reason())}});
  if (link_) {
    router_.set_link_policy(*link_, lifecycle_.classes(), channel::accepts_new_flows(now));
  }
}

void Lane::perform(const channel::Action& action) {
  using namespace channel::action;
  if (const auto* hello = std::get_if<SendHello>(&action)) {
    send(FrameType::hello, hello->hello.encode());
  } else if (const auto* heartbeat = std::get_if<SendHeartbeat>(&action)) {
    send(FrameType::heartbeat, heartbeat->heartbeat.encode());
  } else if (const auto* ack = std::get_if<SendAck>(&action)) {
    send(FrameType::heartbeat_ack, ack->ack.encode());
  } else if (std::holds_alternative<SendGoodbye>(action)) {
    send(FrameType::goodbye, {});
  } else if (const auto* up = std::get_if<Established>(&action)) {
    const auto side = dialled_ ? flow::LabelSide::odd : flow::LabelSide::even;
    link_ = router_.node_up(up->peer, up->classes, side);
    if (!link_) return step(channel::event::Stop{});
    output_.emplace(router_.queue(*link_));
    stream_->set_output(&*output_);
    owner_.lane_established(*this);
  } else if (const auto* changed = std::get_if<ClassesChanged>(&action)) {
    if (link_) {
      router_.set_link_policy(*link_, changed->classes,
                              channel::accepts_new_flows(lifecycle_.state()));
    }
  } else if (std::holds_alternative<CloseTransport>(action)) {
    // An orderly end lets the goodbye out; a failure says nothing more.
    if (lifecycle_.state() == State::closed && link_ && stream_)
      return stream_->close_after_write();
    over();
  }
}

void Lane::send(FrameType type, ByteView payload) {
  const wire::FrameHeader header{type, wire::TrafficClass::fabric_control,
                                 static_cast<std::uint16_t>(payload.size()), 0};
  if (link_) return router_.board().send(*link_, header, payload);
  std::uint8_t head[wire::kFrameHeader];
  wire::encode_header(header, head);
  stream_->write(head);
  stream_->write(payload);
}

void Lane::over() {
  if (over_) return;
  over_ = true;
  timer_.cancel();
  owner_.lane_over(*this);
}

}  // namespace rap::fabric
