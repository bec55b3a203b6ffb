#include "client/network/entry_link.hpp"

#include <algorithm>

#include "client/network/entry_socket.hpp"

namespace rap::client {

EntryLink::EntryLink(io::EventLoop& loop, const Candidate& entry, const std::string& roots_pem,
                     std::shared_ptr<const crypto::DenyList> deny, RandomSource& rng)
    : loop_(loop),
      socket_(std::make_unique<io::WebSocketClient>(
          loop, entry_socket_options(entry, roots_pem, std::move(deny)),
          static_cast<io::Output&>(*this), rng, static_cast<io::WebSocketHandler&>(*this))) {}

EntryLink::~EntryLink() = default;

std::optional<FlowLabel> EntryLink::open(FlowHandler& handler, wire::TrafficClass c,
                                         std::string_view token) {
  const auto label = mux_.open(c, token);
  if (label) ends_[*label] = &handler;
  socket_->flush();
  return label;
}

EntryLink::Taken EntryLink::send(FlowLabel label, ByteView data) {
  const std::size_t taken = mux_.send(label, data);
  const bool go_on = mux_.room(label) >= kWorthwhileRoom;
  // A credit opens the window; the queue has room again as it drains.
  if (!go_on && !mux_.drained()) blocked_.push_back(label);
  socket_->flush();
  return {taken, go_on && taken == data.size()};
}

void EntryLink::finish(FlowLabel label) {
  mux_.finish(label);
  socket_->flush();
}

void EntryLink::reset(FlowLabel label, wire::FlowReason reason) {
  ends_.erase(label);
  if (dead_) return;
  mux_.reset(label, reason);
  socket_->flush();
}

void EntryLink::delivered(FlowLabel label, std::size_t n) {
  mux_.delivered(label, n);
  if (!mux_.output().empty()) socket_->flush();
}

bool EntryLink::on_message(MutableBytes payload) {
  const auto ok = mux_.receive(payload);
  if (!ok) lost_because_ = "the entry node broke the protocol: " + std::string(ok.error());
  if (!mux_.output().empty()) socket_->flush();
  return ok.has_value();
}

void EntryLink::on_close(const io::StreamError& error) {
  dead_ = true;
  if (lost_because_.empty()) lost_because_ = error.detail;
  fault_ = error.fault;
  mux_.lost();
}

void EntryLink::consume(std::size_t n) {
  mux_.output().consume(n);
  if (!blocked_.empty() && mux_.drained() && !wake_posted_) {
    // The stream is in the middle of sending, so they are woken later.
    wake_posted_ = true;
    loop_.post([this, alive = std::weak_ptr<bool>(alive_)] {
      if (alive.lock()) wake_blocked();
    });
  }
}

void EntryLink::wake_blocked() {
  wake_posted_ = false;
  for (const FlowLabel label : std::exchange(blocked_, {})) {
    if (FlowHandler* end = find(label)) end->writable();
  }
}

FlowHandler* EntryLink::find(FlowLabel label) {
  const auto it = ends_.find(label);
  return it == ends_.end() ? nullptr : it->second;
}

void EntryLink::on_accepted(FlowLabel label) {
  if (FlowHandler* end = find(label)) end->accepted();
}
void EntryLink::on_data(FlowLabel label, ByteView data) {
  if (FlowHandler* end = find(label)) end->received(data);
}
void EntryLink::on_finished(FlowLabel label) {
  if (FlowHandler* end = find(label)) end->finished();
}
void EntryLink::on_writable(FlowLabel label) {
  if (FlowHandler* end = find(label)) end->writable();
}
void EntryLink::on_ended(FlowLabel label, wire::FlowReason reason, bool accepted) {
  FlowHandler* end = find(label);
  ends_.erase(label);
  if (end != nullptr) end->ended(reason, accepted, lost_because_);
}

}  // namespace rap::client
