#include "client/network/carrier.hpp"

namespace rap::client {

Carrier::~Carrier() {
  if (flow_) links_.leave(*flow_);
}

void Carrier::open(const Attachment& attachment, wire::TrafficClass c) {
  if (flow_) {
    links_.open_again(*flow_, attachment);
  } else {
    flow_ = links_.open(*this, attachment, c);
  }
}

void Carrier::abort() {
  local_->abort();
  end({});
}

std::size_t Carrier::on_data(MutableBytes data) {
  const auto taken = flow_ ? links_.take(*flow_, data) : EntryLinks::Taken{0, false};
  if (!taken.go_on) local_->pause_reading();
  return taken.bytes;
}

void Carrier::on_end() {
  local_finished_ = true;
  if (flow_) links_.finish(*flow_);
}

// What the local stream said last may still be on its way, over another connection perhaps.
void Carrier::on_close(const io::StreamError& error) {
  local_gone_ = true;
  if (flow_ && local_finished_ && peer_finished_ && error.kind == io::StreamError::Kind::none) {
    return;
  }
  end({std::nullopt, true, error.detail});
}

void Carrier::consume(std::size_t n) {
  inbox_at_ += n;
  if (inbox_at_ == inbox_.size()) {
    inbox_.clear();
    inbox_at_ = 0;
  }
  if (flow_) links_.consumed(*flow_, n);
}

void Carrier::flow_received(ByteView data) {
  // Keep the memory within twice what is held.
  if (inbox_at_ > inbox_.size() / 2) {
    inbox_.erase(inbox_.begin(), inbox_.begin() + static_cast<std::ptrdiff_t>(inbox_at_));
    inbox_at_ = 0;
  }
  inbox_.insert(inbox_.end(), data.begin(), data.end());
  local_->flush();
}

void Carrier::flow_finished() {
  peer_finished_ = true;
  local_->finish_writing();
}

// When all is done the local stream may still have to take what came.
void Carrier::flow_ended(wire::FlowEnding ending, bool accepted, const std::string& detail) {
  flow_.reset();
  if (ending || local_gone_) end({ending, accepted, detail});
}

void Carrier::end(const Ending& ending) {
  if (flow_) links_.leave(*std::exchange(flow_, std::nullopt));
  if (!on_end_) return;
  if (!local_gone_ && ending.reason) local_->abort();
  std::exchange(on_end_, nullptr)(ending);
}

}  // namespace rap::client
