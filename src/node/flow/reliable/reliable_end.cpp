#include "node/flow/reliable/reliable_end.hpp"

#include <algorithm>

namespace rap::flow {

using wire::FlowPosition;
using wire::FlowReason;

ReliableActions ReliableEnd::step(MonoTime now, const ReliableEvent& event) {
  ReliableActions out;
  if (state_ == State::ended) return out;
  std::visit([&](const auto& e) { on(now, e, out); }, event);
  return out;
}

// --- the path ------------------------------------------------------------------------------------

void ReliableEnd::on(MonoTime now, const event::Attached& e, ReliableActions& out) {
  FlowPosition peer = e.peer;
  if (side_ == FlowSide::opener) {
    // The answer may be older than what came on the path before.
    peer.received = std::max(peer.received, tail_.begin());
    peer.limit = std::max(peer.limit, peer_limit_);
    peer.finished = peer.finished || fin_acked_;
  }
  state_ = State::attached;
  if (const auto fault = fault_in(peer, sent_)) return break_flow(*fault, out);
  if (e.peer_begins > received_) return break_flow(FlowReason::tail_gone, out);
  window_ = {};
  opening_ = OpeningWindow{};
  uncredited_ = {};
  path_began_ = received_;
  passed_over_ = received_ - e.peer_begins;
  fin_came_ = false;
  told_received_ = e.peer_begins;
  told_limit_ = position().limit;
  said_at_ = heard_at_ = now;
  ack_due_.reset();
  ack_deadline_.reset();
  hops_deadline_.reset();
  answer_due_ = side_ == FlowSide::opener;
  if (side_ == FlowSide::opener) {
    // Its confirmation may be lost, and it may have nothing else to say.
    ack_deadline_ = now + kAckDeadline;
  } else {
    // The opener may know an older limit than this one, and whether it has the path at all.
    ack_due_ = now + kAckDelay;
  }
  fin_on_path_ = false;
  believe(peer);
  next_ = tail_.begin();
  take_more(out);
  close_if_done(out);
}

void ReliableEnd::on(MonoTime now, const event::Detached& /*e*/, ReliableActions& /*out*/) {
  if (state_ == State::attached) detach(now);
}

void ReliableEnd::detach(MonoTime now) {
  state_ = State::detached;
  ack_due_.reset();
  ack_deadline_.reset();
  hops_deadline_.reset();
  hold_until_ = now + limits_.hold;
}

// Any hop can say this, in clear.
void ReliableEnd::on(MonoTime now, const event::Credited& e, ReliableActions& out) {
  if (state_ != State::attached) return;
  if (window_.grant(e.bytes)) return opening_.credited(e.bytes, now);
  detach(now);
  out.add(action::GiveUpPath{FlowReason::flow_control});
}

// --- towards the other end -----------------------------------------------------------------------

std::size_t ReliableEnd::room() const {
  if (finished_ || state_ == State::ended) return 0;
  const std::size_t most = state_ == State::attached ? kMaxTail : limits_.held_tail;
  const auto below = [this](std::size_t bound) { return bound - std::min(bound, tail_.size()); };
  return std::min(below(most), std::max(tail_.left(), below(kTailRoom)));
}

std::size_t ReliableEnd::take(ByteView bytes) {
  const std::size_t n = std::min(bytes.size(), room());
  tail_.append(bytes.first(n));
  rests_ = n < bytes.size() || room() < kTailRoom;
  return n;
}

// What others of the person keep may have gone meanwhile, of which nobody hears here: so it is not
// asked whether there was less room before.
void ReliableEnd::take_more(ReliableActions& out) {
  if (!rests_ || room() < kTailRoom) return;
  rests_ = false;
  out.add(action::TakeMore{});
}

void ReliableEnd::on(MonoTime /*now*/, const event::Finished& /*e*/, ReliableActions& /*out*/) {
  finished_ = true;
}

FlowOutput ReliableEnd::next_output(MonoTime now, std::size_t max) {
  if (state_ != State::attached) return {};
  const std::uint64_t allowed = std::min(tail_.end(), peer_limit_);
  if (next_ < allowed) {
    if (max == 0) {
      opening_.paused();
      wait_for_hops(now);
      return {};
    }
    const std::uint64_t room = path_room(now);
    if (room < allowed - next_) opening_.was_full();
    const auto most =
        static_cast<std::size_t>(std::min<std::uint64_t>({max, allowed - next_, room}));
    const FlowOutput out{FlowOutput::Kind::record, next_, tail_.from(next_, most)};
    if (out.bytes.empty()) {
      if (hops_lag()) wait_for_hops(now);
      return {};
    }
    next_ += out.bytes.size();
    sent_ = std::max(sent_, next_);
    window_.spend(static_cast<std::uint32_t>(out.bytes.size()));
    opening_.sent(now);
    if (!ack_deadline_) ack_deadline_ = now + kAckDeadline;
    hops_deadline_.reset();
    said_at_ = now;
    return out;
  }
  if (!finished_ || fin_on_path_ || next_ != tail_.end()) return {};
  if (max == 0) {
    wait_for_hops(now);
    return {};
  }
  fin_on_path_ = fin_sent_ = true;
  if (!ack_deadline_) ack_deadline_ = now + kAckDeadline;
  hops_deadline_.reset();
  said_at_ = now;
  return {FlowOutput::Kind::fin, next_, {}};
}

// What a client of many flows does not take lies at its entry, which may end none of them for it.
std::uint32_t ReliableEnd::path_room(MonoTime now) {
  return side_ == FlowSide::holder ? opening_.room(window_, now) : window_.available();
}

// The other end has taken more for good than the hops give credit for.
bool ReliableEnd::hops_lag() const {
  return peer_limit_ >= next_ + window_.available() + kCreditLag;
}

void ReliableEnd::wait_for_hops(MonoTime now) {
  if (!hops_deadline_) hops_deadline_ = now + kAckDeadline;
}

std::optional<FlowReason> ReliableEnd::fault_in(const FlowPosition& peer,
                                                std::uint64_t sent) const {
  // What it acknowledged before is here no more.
  if (peer.received < tail_.begin()) return FlowReason::tail_gone;
  if (fin_acked_ && !peer.finished) return FlowReason::tail_gone;
  if (peer.received > sent) return FlowReason::out_of_sequence;
  if (peer.finished && (!fin_sent_ || peer.received != tail_.end())) {
    return FlowReason::out_of_sequence;
  }
  if (peer.limit < peer_limit_ || peer.limit < peer.received ||
      peer.limit - peer.received > kMaxWindow) {
    return FlowReason::flow_control;
  }
  return std::nullopt;
}

void ReliableEnd::believe(const FlowPosition& peer) {
  tail_.release_to(peer.received);
  peer_limit_ = peer.limit;
  fin_acked_ = peer.finished;
  fin_on_path_ = fin_on_path_ || fin_acked_;
}

bool ReliableEnd::outstanding() const {
  return answer_due_ || next_ > tail_.begin() || (fin_on_path_ && !fin_acked_);
}

void ReliableEnd::on(MonoTime now, const event::Acknowledged& e, ReliableActions& out) {
  if (state_ != State::attached) return;
  if (const auto fault = fault_in(e.peer, next_)) return break_flow(*fault, out);
  const bool progress =
      answer_due_ || e.peer.received > tail_.begin() || e.peer.finished != fin_acked_;
  heard_at_ = now;
  answer_due_ = false;
  believe(e.peer);
  if (!outstanding()) {
    ack_deadline_.reset();
  } else if (progress) {
    ack_deadline_ = now + kAckDeadline;
  }
  take_more(out);
  close_if_done(out);
}

// --- from the other end --------------------------------------------------------------------------

FlowPosition ReliableEnd::position() const {
  return {.received = received_, .limit = consumed_ + kInitialWindow, .finished = peer_finished_};
}

// What comes again is acknowledged as it comes, so that nothing is ever acknowledged on a path that
// was not sent on it.
void ReliableEnd::acknowledge(MonoTime now, ReliableActions& out) {
  FlowPosition own = position();
  own.received = expects_next();
  own.finished = peer_finished_ && passed_over_ == 0;
  told_received_ = own.received;
  told_limit_ = own.limit;
  ack_due_.reset();
  said_at_ = now;
  out.add(action::SendPosition{own});
}

void ReliableEnd::on(MonoTime now, const event::Record& e, ReliableActions& out) {
  if (state_ != State::attached) return;
  if (fin_came_ || e.bytes.empty()) return break_flow(FlowReason::protocol_error, out);
  const auto again =
      static_cast<std::size_t>(std::min<std::uint64_t>(passed_over_, e.bytes.size()));
  const ByteView bytes = e.bytes.subspan(again);
  if (peer_finished_ && !bytes.empty()) return break_flow(FlowReason::protocol_error, out);
  // It was told no limit beyond this one.
  if (bytes.size() > position().limit - received_) {
    return break_flow(FlowReason::flow_control, out);
  }
  if (again > 0) {
    passed_over_ -= again;
    credit(again, out);
  }
  heard_at_ = now;
  received_ += bytes.size();
  if (!bytes.empty()) out.add(action::Deliver{bytes});
  if (expects_next() - told_received_ >= kAckStep) return acknowledge(now, out);
  if (!ack_due_) ack_due_ = now + kAckDelay;
}

void ReliableEnd::on(MonoTime now, const event::PeerFinished& /*e*/, ReliableActions& out) {
  if (state_ != State::attached) return;
  if (fin_came_ || passed_over_ > 0) return break_flow(FlowReason::protocol_error, out);
  fin_came_ = true;
  if (!peer_finished_) out.add(action::DeliverEnd{});
  peer_finished_ = true;
  heard_at_ = now;
  acknowledge(now, out);
  close_if_done(out);
}

// The hops of this path know nothing of bytes that came on another.
void ReliableEnd::credit(std::uint64_t bytes, ReliableActions& out) {
  const auto step = uncredited_.consumed(static_cast<std::uint32_t>(bytes));
  if (step > 0) out.add(action::SendCredit{step});
}

void ReliableEnd::on(MonoTime now, const event::Consumed& e, ReliableActions& out) {
  const std::uint64_t before = consumed_;
  consumed_ += std::min<std::uint64_t>(e.bytes, received_ - consumed_);
  if (state_ != State::attached || peer_finished_) return;
  const std::uint64_t counted_from = std::max(before, path_began_);
  if (consumed_ > counted_from) credit(consumed_ - counted_from, out);
  if (position().limit - told_limit_ >= kCreditStep) acknowledge(now, out);
}

// --- ends ----------------------------------------------------------------------------------------

void ReliableEnd::close_if_done(ReliableActions& out) {
  if (!is_done() || side_ != FlowSide::opener) return;
  out.add(action::SendClose{std::nullopt});
  end(std::nullopt, out);
}

void ReliableEnd::on(MonoTime /*now*/, const event::Closed& e, ReliableActions& out) {
  if (state_ != State::attached) return;
  // An opener that says all is done knows that its bytes have arrived, and says that ours have.
  if (!e.reason && (!peer_finished_ || !fin_sent_ || side_ == FlowSide::opener)) {
    return break_flow(FlowReason::out_of_sequence, out);
  }
  end(e.reason, out);
}

void ReliableEnd::on(MonoTime /*now*/, const event::EndFlow& e, ReliableActions& out) {
  break_flow(e.reason, out);
}

void ReliableEnd::on(MonoTime now, const event::Wakeup& /*e*/, ReliableActions& out) {
  if (state_ == State::detached) {
    if (now < hold_until_) return;
    // Whoever was only waited for to let go has nothing to lose.
    return end(is_done() ? std::nullopt : std::optional(FlowReason::hold_expired), out);
  }
  if (hops_are_dead(now)) {
    detach(now);
    out.add(action::GiveUpPath{});
  } else if ((ack_due_ && now >= *ack_due_) || now - said_at_ >= kSayEvery) {
    acknowledge(now, out);
  }
}

bool ReliableEnd::hops_are_dead(MonoTime now) const {
  return (ack_deadline_ && now >= *ack_deadline_) || (hops_deadline_ && now >= *hops_deadline_) ||
         now - heard_at_ >= kHearWithin;
}

std::optional<MonoTime> ReliableEnd::next_wakeup() const {
  if (state_ == State::ended) return std::nullopt;
  if (state_ == State::detached) return hold_until_;
  MonoTime next = std::min(said_at_ + kSayEvery, heard_at_ + kHearWithin);
  for (const auto& one : {ack_due_, ack_deadline_, hops_deadline_}) {
    if (one) next = std::min(next, *one);
  }
  return next;
}

void ReliableEnd::break_flow(FlowReason reason, ReliableActions& out) {
  if (state_ == State::attached) out.add(action::SendClose{reason});
  end(reason, out);
}

void ReliableEnd::end(std::optional<FlowReason> reason, ReliableActions& out) {
  state_ = State::ended;
  tail_.release_to(tail_.end());
  out.add(action::Ended{reason});
}

}  // namespace rap::flow
