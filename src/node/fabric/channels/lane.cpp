#include "node/fabric/channels/lane.hpp"

#include "io/system/system.hpp"

namespace rap::fabric {

using wire::FrameType;

Lane::Lane(io::EventLoop& loop, router::Router& router, LaneOwner& owner, Log& log,
           channel::LaneId id)
    : loop_(loop), router_(router), owner_(owner), log_(log), id_(id), linger_(loop) {}

Lane::~Lane() {
  stream_.reset();
  if (link_) router_.link_down(*link_, wire::FlowReason::peer_lost);
}

void Lane::dial(const std::string& host, std::uint16_t port, io::StreamOptions options) {
  stream_ = io::Stream::connect(loop_, host, port, std::move(options), *this);
}

void Lane::accept(std::unique_ptr<io::Stream> proven) {
  stream_ = std::move(proven);
  stream_->set_handler(*this);
}

void Lane::send(FrameType type, ByteView payload) {
  if (over_ || !stream_) return;
  const wire::FrameHeader header{type, wire::TrafficClass::fabric_control,
                                 static_cast<std::uint16_t>(payload.size()), 0};
  if (link_) {
    // A peer that asks for heartbeats and does not read the answers gets no more of them.
    if (type == FrameType::heartbeat_ack &&
        router_.queue(*link_).windowless_bytes() > router::kMaxAnswers) {
      return;
    }
    return router_.board().send(*link_, header, payload);
  }
  std::uint8_t head[wire::kFrameHeader];
  wire::encode_header(header, head);
  stream_->write(head);
  stream_->write(payload);
}

std::optional<router::LinkId> Lane::link_up(const channel::table_action::LinkUp& up) {
  const auto side = up.dialled ? flow::LabelSide::odd : flow::LabelSide::even;
  link_ = router_.node_up(up.peer, up.classes, side, up.kind);
  if (!link_) return std::nullopt;
  router_.set_link_policy(*link_, up.classes, up.takes_new_flows);
  output_.emplace(router_.queue(*link_));
  stream_->set_output(&*output_);
  return link_;
}

void Lane::set_policy(wire::TrafficClassSet classes, bool takes_new_flows) {
  if (link_) router_.set_link_policy(*link_, classes, takes_new_flows);
}

void Lane::close(bool linger) {
  if (over_) return;
  if (link_) {
    router_.queue(*link_).drop_flows();
    router_.set_link_policy(*link_, {}, false, wire::FlowReason::peer_lost);
  }
  if (!linger || !stream_) return over({});
  if (closing_) return;
  closing_ = true;
  stream_->close_after_write();
  linger_.after(channel::kCloseTimeout, [this] { over({io::StreamError::Kind::timeout, {}, {}}); });
}

std::size_t Lane::unsent() const {
  const std::size_t queued = link_ ? router_.queue(*link_).queued_bytes() : 0;
  return queued + (stream_ && !over_ ? stream_->unsent() : 0);
}

void Lane::flush() {
  if (stream_) stream_->flush();
}

void Lane::on_open() { owner_.lane_open(*this); }

void Lane::on_close(const io::StreamError& error) { over(error); }

std::size_t Lane::on_data(MutableBytes data) {
  std::size_t used = 0;
  while (!over_ && !closing_) {
    const auto frame = wire::next_frame(data.subspan(used));
    if (!frame) {
      log_.warn(LogCause::member(who()), "channel.bad_frame",
                {{"lane", id_}, {"error", wire::to_string(frame.error())}});
      owner_.lane_violation(*this);
      break;
    }
    if (!*frame) return used;
    used += (*frame)->whole.size();
    if (!on_frame(**frame)) owner_.lane_violation(*this);
  }
  return data.size();
}

bool Lane::on_frame(const wire::FrameView& frame) {
  switch (frame.header.type) {
    case FrameType::hello:
    case FrameType::heartbeat:
    case FrameType::heartbeat_ack:
    case FrameType::goodbye:
    case FrameType::reauthentication:
      if (!may_say_more()) return false;
      return owner_.lane_control(*this, frame);
    default: break;
  }
  // A flow's frame: nothing passes before the channel is established. From then on the router
  // judges each flow by the classes of its link.
  return link_ && router_.on_frame(*link_, frame, io::mono_now(), io::wall_now());
}

// The reasons of a channel are a closed set without one for a rate (CH-15): as for everything that
// breaks the protocol it is policy_denied, and the log says which it was.
bool Lane::may_say_more() {
  if (!control_frames_.take(kControlFrames, io::mono_now())) return true;
  log_.warn(LogCause::member(who()), "channel.too_many_control_frames",
            {{"lane", id_},
             {"peer", who()},
             {"detail", "More than a channel has to say of itself: it is ended."}});
  return false;
}

std::string Lane::who() const {
  return stream_->peer() ? stream_->peer()->str() : stream_->peer_ip();
}

void Lane::over(const io::StreamError& error) {
  if (over_) return;
  over_ = true;
  linger_.cancel();
  if (stream_) stream_->abort();
  owner_.lane_closed(*this, error);
}

}  // namespace rap::fabric
