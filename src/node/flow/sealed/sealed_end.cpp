#include "node/flow/sealed/sealed_end.hpp"

#include <algorithm>
#include <utility>

namespace rap::flow {

using wire::FlowPosition;
using wire::FlowReason;
using wire::FrameType;

namespace {

// What is bound to a record beside its number on the path.
std::array<std::uint8_t, 1> bound_to(FrameType type) { return {static_cast<std::uint8_t>(type)}; }
std::array<std::uint8_t, 9> bound_to(FrameType type, std::uint64_t position) {
  std::array<std::uint8_t, 9> out;
  out[0] = static_cast<std::uint8_t>(type);
  store_be32(out.data() + 1, static_cast<std::uint32_t>(position >> 32));
  store_be32(out.data() + 1 + sizeof(std::uint32_t), static_cast<std::uint32_t>(position));
  return out;
}

// Opens a record where it lies; nullopt when it is not the next one of this path.
std::optional<MutableBytes> open(crypto::SealKey& key, ByteView associated, MutableBytes sealed) {
  if (sealed.size() < crypto::kSealTag || !key.open(associated, sealed, sealed.data())) {
    return std::nullopt;
  }
  return sealed.first(sealed.size() - crypto::kSealTag);
}

}  // namespace

// --- paths ---------------------------------------------------------------------------------------

void SealedEnd::opened(MonoTime now, const FlowPath& path, crypto::SealedFlow keys,
                       const FlowPosition& peer) {
  if (has_ended()) return give_up(path, FlowReason::session_ended);
  use(now, Path{path, std::move(keys)}, peer, 0);
}

void SealedEnd::resumed(MonoTime now, const FlowPath& path, crypto::SealedFlow keys,
                        const FlowPosition& peer) {
  if (has_ended()) return give_up(path, FlowReason::session_ended);
  const FlowPosition own = end_.position();
  const auto actions = end_.step(now, event::Attached{peer, own.received});
  if (current_) {
    let_go_of_left();
    left_ = current_->at;
  }
  current_.emplace(Path{path, std::move(keys)});
  const auto confirmation = wire::FlowConfirm{own, end_.sends_next()}.encode();
  send_sealed(*current_, FrameType::flow_confirm, bound_to(FrameType::flow_confirm), confirmation);
  carry_out(now, actions);
  pump(now);
}

void SealedEnd::use(MonoTime now, Path path, const FlowPosition& peer, std::uint64_t begins) {
  if (current_) supersede();
  current_.emplace(std::move(path));
  carry_out(now, end_.step(now, event::Attached{peer, begins}));
  pump(now);
}

// A client that took the new path has left this one. Another that has the same key is still on it:
// it hears by a record, which no node can make, that the flow is not its own any more, and so does
// not come back for it.
void SealedEnd::supersede() {
  send_sealed(*current_, FrameType::flow_close, bound_to(FrameType::flow_close),
              wire::encode_close(FlowReason::superseded));
  events_.path_over(std::exchange(current_, std::nullopt)->at.number, FlowReason::superseded);
}

void SealedEnd::offered(MonoTime now, const FlowPath& path, crypto::SealedFlow keys) {
  if (has_ended()) return give_up(path, FlowReason::session_ended);
  if (offered_.size() >= kMaxOfferedPaths) {
    const FlowPath oldest = offered_.front().at;
    offered_.erase(offered_.begin());
    give_up(oldest, FlowReason::superseded);
  }
  offered_.push_back({path, std::move(keys), now + kConfirmPatience});
}

void SealedEnd::receive(MonoTime now, std::uint64_t path, FrameType type, MutableBytes payload) {
  if (current_ && current_->at.number == path) return record(now, type, payload);
  if (left_ && left_->number == path) return left_path_says(type, payload);
  const auto offer =
      std::ranges::find(offered_, path, [](const Path& one) { return one.at.number; });
  if (offer == offered_.end()) return;  // it came late, on a path that is over
  if (type == FrameType::flow_confirm) {
    return confirm(now, static_cast<std::size_t>(offer - offered_.begin()), payload);
  }
  if (type == FrameType::credit) return;
  if (type == FrameType::pause) {
    if (const auto pause = wire::decode_pause(payload)) {
      offer->paused = *pause;
      return;
    }
  }
  const FlowPath at = offer->at;
  offered_.erase(offer);
  // Hops that reset it have let go of its label.
  if (type == FrameType::reset) {
    return events_.path_over(at.number,
                             wire::decode_reason(payload).value_or(FlowReason::protocol_error));
  }
  give_up(at, FlowReason::protocol_error);
}

void SealedEnd::let_go_of_left() {
  if (left_) give_up(*std::exchange(left_, std::nullopt), FlowReason::superseded);
}

// What comes there is of no use, but that hops let go of it.
void SealedEnd::left_path_says(FrameType type, ByteView payload) {
  if (type != FrameType::reset && type != FrameType::flow_close) return;
  const auto reason = type == FrameType::reset ? wire::decode_reason(payload) : std::nullopt;
  events_.path_over(std::exchange(left_, std::nullopt)->number,
                    reason.value_or(FlowReason::superseded));
}

// Whoever sends this has the client's key, and is there now. All other offers go: the client may
// have taken one of them before it took this one, and left it since; whoever held that confirmation
// back could take the flow to a path that the client has left.
void SealedEnd::confirm(MonoTime now, std::size_t offer, MutableBytes payload) {
  Path path = std::move(offered_[offer]);
  offered_.erase(offered_.begin() + static_cast<std::ptrdiff_t>(offer));
  const auto plain = open(path.keys.receive, bound_to(FrameType::flow_confirm), payload);
  const auto confirmation = plain ? wire::FlowConfirm::decode(*plain) : std::nullopt;
  if (!confirmation) return give_up(path.at, FlowReason::seal_failed);
  for (const Path& one : std::exchange(offered_, {})) give_up(one.at, FlowReason::superseded);
  use(now, std::move(path), confirmation->position, confirmation->begins);
}

void SealedEnd::record(MonoTime now, FrameType type, MutableBytes payload) {
  Path& path = *current_;
  crypto::SealKey& key = path.keys.receive;
  switch (type) {
    case FrameType::data: {
      const auto plain = open(key, bound_to(type, end_.expects_next()), payload);
      if (!plain) return give_up_current(now, FlowReason::seal_failed);
      return carry_out(now, end_.step(now, event::Record{*plain}));
    }
    case FrameType::flow_end: {
      const auto plain = open(key, bound_to(type, end_.expects_next()), payload);
      if (!plain || !plain->empty()) return give_up_current(now, FlowReason::seal_failed);
      return carry_out(now, end_.step(now, event::PeerFinished{}));
    }
    case FrameType::flow_ack: {
      const auto plain = open(key, bound_to(type), payload);
      const auto peer = plain ? FlowPosition::decode(*plain) : std::nullopt;
      if (!peer) return give_up_current(now, FlowReason::seal_failed);
      let_go_of_left();
      carry_out(now, end_.step(now, event::Acknowledged{*peer}));
      return pump(now);
    }
    case FrameType::flow_close: {
      const auto plain = open(key, bound_to(type), payload);
      if (!plain) return give_up_current(now, FlowReason::seal_failed);
      const auto ending = wire::decode_close(*plain);
      if (!ending) return end(now, FlowReason::protocol_error);
      return carry_out(now, end_.step(now, event::Closed{*ending}));
    }
    case FrameType::credit: {
      const auto credit = wire::decode_credit(payload);
      if (!credit) return give_up_current(now, FlowReason::flow_control);
      carry_out(now, end_.step(now, event::Credited{*credit}));
      return pump(now);
    }
    case FrameType::pause: {
      const auto pause = wire::decode_pause(payload);
      if (!pause) return give_up_current(now, FlowReason::flow_control);
      path.paused = *pause;
      return pump(now);
    }
    case FrameType::reset: {
      // Hops say this in clear, so that it is the end of the path and not of the flow.
      const auto reason = wire::decode_reason(payload).value_or(FlowReason::protocol_error);
      const std::uint64_t number = path.at.number;
      path_lost(now, number);
      return events_.path_over(number, reason);
    }
    default: return give_up_current(now, FlowReason::protocol_error);
  }
}

void SealedEnd::path_lost(MonoTime now, std::uint64_t path) {
  std::erase_if(offered_, [&](const Path& one) { return one.at.number == path; });
  if (left_ && left_->number == path) left_.reset();
  if (!current_ || current_->at.number != path) return;
  current_.reset();
  carry_out(now, end_.step(now, event::Detached{}));
}

void SealedEnd::give_up(const FlowPath& path, FlowReason reason) {
  send_clear(path, FrameType::reset, wire::encode_reason(reason));
  events_.path_over(path.number, reason);
}

void SealedEnd::give_up_current(MonoTime now, FlowReason reason) {
  const FlowPath at = std::exchange(current_, std::nullopt)->at;
  carry_out(now, end_.step(now, event::Detached{}));
  give_up(at, reason);
}

// --- the local stream ----------------------------------------------------------------------------

std::size_t SealedEnd::take(MonoTime now, ByteView bytes) {
  const std::size_t taken = end_.take(bytes);
  pump(now);
  return taken;
}

void SealedEnd::finish(MonoTime now) {
  carry_out(now, end_.step(now, event::Finished{}));
  pump(now);
}

void SealedEnd::consumed(MonoTime now, std::size_t bytes) {
  carry_out(now, end_.step(now, event::Consumed{bytes}));
}

void SealedEnd::end(MonoTime now, FlowReason reason) {
  carry_out(now, end_.step(now, event::EndFlow{reason}));
}

void SealedEnd::wakeup(MonoTime now) {
  while (!offered_.empty() && offered_.front().until <= now) {
    const FlowPath at = offered_.front().at;
    offered_.erase(offered_.begin());
    give_up(at, FlowReason::setup_timeout);
  }
  carry_out(now, end_.step(now, event::Wakeup{}));
}

std::optional<MonoTime> SealedEnd::next_wakeup() const {
  const auto core = end_.next_wakeup();
  if (offered_.empty()) return core;
  return core ? std::min(*core, offered_.front().until) : offered_.front().until;
}

// --- frames --------------------------------------------------------------------------------------

void SealedEnd::pump(MonoTime now) {
  if (!current_) return;
  Path& path = *current_;
  while (path.at.queue->queued_bytes(class_) <= path.at.most_queued) {
    const FlowOutput out = end_.next_output(now, path.paused ? 0 : wire::kMaxData);
    if (out.kind == FlowOutput::Kind::none) return;
    const FrameType type =
        out.kind == FlowOutput::Kind::record ? FrameType::data : FrameType::flow_end;
    send_sealed(path, type, bound_to(type, out.position), out.bytes);
  }
}

void SealedEnd::send_sealed(Path& path, FrameType type, ByteView associated, ByteView plain) {
  const std::size_t sealed = plain.size() + crypto::kSealTag;
  std::uint8_t* const frame = path.at.queue->reserve(class_, wire::kFrameHeader + sealed);
  wire::encode_header({type, class_, static_cast<std::uint16_t>(sealed), path.at.label}, frame);
  // The numbers of a path last for longer than any path does.
  if (!path.keys.send.seal(associated, plain, frame + wire::kFrameHeader)) return;
  path.at.queue->commit(class_, wire::kFrameHeader + sealed);
}

void SealedEnd::send_clear(const FlowPath& path, FrameType type, ByteView payload) {
  path.queue->append({type, class_, static_cast<std::uint16_t>(payload.size()), path.label},
                     payload);
}

void SealedEnd::carry_out(MonoTime now, const ReliableActions& actions) {
  for (const ReliableAction& one : actions) {
    if (const auto* deliver = std::get_if<action::Deliver>(&one)) {
      events_.flow_data(deliver->bytes);
    } else if (std::holds_alternative<action::DeliverEnd>(one)) {
      events_.flow_finished();
    } else if (std::holds_alternative<action::TakeMore>(one)) {
      events_.flow_has_room();
    } else if (const auto* ack = std::get_if<action::SendPosition>(&one)) {
      send_sealed(*current_, FrameType::flow_ack, bound_to(FrameType::flow_ack),
                  ack->position.encode());
    } else if (const auto* close = std::get_if<action::SendClose>(&one)) {
      send_sealed(*current_, FrameType::flow_close, bound_to(FrameType::flow_close),
                  wire::encode_close(close->reason));
    } else if (const auto* credit = std::get_if<action::SendCredit>(&one)) {
      const auto payload = wire::encode_credit(credit->bytes);
      current_->at.queue->append({FrameType::credit, wire::TrafficClass::route_control,
                                  payload.size(), current_->at.label},
                                 payload);
    } else if (const auto* dead = std::get_if<action::GiveUpPath>(&one)) {
      give_up_current(now, dead->reason);
    } else if (const auto* over = std::get_if<action::Ended>(&one)) {
      ended(over->reason);
    }
  }
}

// The hops let go of the path when they carry the close; a path that was only offered has none.
void SealedEnd::ended(wire::FlowEnding ending) {
  const FlowReason reason = ending.value_or(FlowReason::session_ended);
  for (const Path& one : std::exchange(offered_, {})) give_up(one.at, reason);
  let_go_of_left();
  if (current_) events_.path_over(std::exchange(current_, std::nullopt)->at.number, reason);
  events_.flow_ended(ending);
}

}  // namespace rap::flow
