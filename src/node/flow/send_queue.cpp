#include "node/flow/send_queue.hpp"

#include <algorithm>
#include <utility>

namespace rap::flow {

using wire::TrafficClass;

namespace {

constexpr std::array kStrict = {TrafficClass::fabric_control, TrafficClass::route_control,
                                TrafficClass::health, TrafficClass::input};

// Deficit round robin over the rest; a weight is the bytes a class may send per round.
struct Weighted {
  TrafficClass traffic_class;
  std::size_t quantum;
};
constexpr std::array kWeighted = {Weighted{TrafficClass::render, 64 * 1024},
                                  Weighted{TrafficClass::clipboard, 32 * 1024},
                                  Weighted{TrafficClass::vpn_packet, 64 * 1024},
                                  Weighted{TrafficClass::file_transfer, 32 * 1024},
                                  Weighted{TrafficClass::storage_fetch, 16 * 1024},
                                  Weighted{TrafficClass::update_fetch, 16 * 1024},
                                  Weighted{TrafficClass::telemetry, 16 * 1024}};
static_assert(kStrict.size() + kWeighted.size() == wire::kTrafficClassCount);

bool is_control(TrafficClass c) {
  return c == TrafficClass::fabric_control || c == TrafficClass::route_control ||
         c == TrafficClass::health;
}

std::size_t index(TrafficClass c) { return static_cast<std::size_t>(c); }

}  // namespace

SendQueue::SendQueue(Framing framing) : framing_(framing) {}
SendQueue::~SendQueue() { count_in(nullptr); }

void SendQueue::count_in(std::shared_ptr<QueuedBytes> together) {
  if (together_) together_->bytes -= queued_;
  together_ = std::move(together);
  if (together_) together_->bytes += queued_;
}

void SendQueue::queued_more(std::size_t n) {
  queued_ += n;
  if (together_) together_->bytes += n;
}

void SendQueue::queued_less(std::size_t n) {
  queued_ -= n;
  if (together_) together_->bytes -= n;
}

// Bytes before a frame of this size: the header of an unmasked WebSocket frame, or nothing.
std::size_t SendQueue::prefix(std::size_t frame) const {
  if (framing_ == Framing::bare) return 0;
  return wire::websocket_header_size(frame);
}

std::size_t SendQueue::prefix_at(const std::uint8_t* start) const {
  if (framing_ == Framing::bare) return 0;
  return wire::websocket_sizes(start).header;
}

std::uint8_t* SendQueue::reserve(TrafficClass c, std::size_t size) {
  auto& slabs = classes_[index(c)].slabs;
  const std::size_t before = prefix(size);
  if (slabs.empty() || kSlabBytes - slabs.back()->end < before + size) {
    if (spare_.empty()) {
      slabs.push_back(std::make_unique_for_overwrite<Slab>());
    } else {
      slabs.push_back(std::move(spare_.back()));
      spare_.pop_back();
    }
    slabs.back()->begin = slabs.back()->end = 0;
  }
  Slab& slab = *slabs.back();
  std::uint8_t* out = slab.bytes.data() + slab.end;
  if (before > 0) {
    wire::encode_websocket_header(out, wire::WebSocketOpcode::binary, size, std::nullopt);
  }
  return out + before;
}

void SendQueue::commit(TrafficClass c, std::size_t size) {
  ClassQueue& q = classes_[index(c)];
  size += prefix(size);
  Slab& slab = *q.slabs.back();
  if (!is_record(slab.bytes.data() + slab.end)) windowless_ += size;
  slab.end += static_cast<std::uint32_t>(size);
  q.queued += size;
  queued_more(size);
}

void SendQueue::append(TrafficClass c, ByteView frame) {
  std::memcpy(reserve(c, frame.size()), frame.data(), frame.size());
  commit(c, frame.size());
}

void SendQueue::append(const wire::FrameHeader& header, ByteView payload) {
  const std::size_t size = wire::kFrameHeader + payload.size();
  std::uint8_t* out = reserve(header.traffic_class, size);
  wire::encode_header(header, out);
  if (!payload.empty()) std::memcpy(out + wire::kFrameHeader, payload.data(), payload.size());
  commit(header.traffic_class, size);
}

void SendQueue::append_control(wire::WebSocketOpcode opcode, ByteView payload) {
  std::uint8_t* out = reserve(TrafficClass::fabric_control, payload.size());
  // reserve() wrote the header of a binary message before `out`; a control frame differs in its
  // opcode only, its payload being shorter than 126 bytes.
  wire::encode_websocket_header(out - 2, opcode, payload.size(), std::nullopt);
  if (!payload.empty()) std::memcpy(out, payload.data(), payload.size());
  commit(TrafficClass::fabric_control, payload.size());
}

std::size_t SendQueue::choose() {
  for (TrafficClass c : kStrict) {
    if (classes_[index(c)].queued > 0) return index(c);
  }
  for (;;) {
    const Weighted& w = kWeighted[round_];
    ClassQueue& q = classes_[index(w.traffic_class)];
    if (q.queued > 0 && q.deficit >= front_frame(q)) return index(w.traffic_class);
    // A class that has nothing to send saves nothing up.
    if (q.queued == 0) q.deficit = 0;
    round_ = (round_ + 1) % kWeighted.size();
    const Weighted& next = kWeighted[round_];
    ClassQueue& n = classes_[index(next.traffic_class)];
    if (n.queued > 0) n.deficit += next.quantum;
  }
}

std::size_t SendQueue::frame_size(const std::uint8_t* start) const {
  if (framing_ == Framing::bare) return wire::frame_size(start);
  const auto [header, payload] = wire::websocket_sizes(start);
  return header + payload;
}

bool SendQueue::is_record(const std::uint8_t* start) const {
  if (framing_ == Framing::websocket) {
    if (wire::websocket_opcode(start) != wire::WebSocketOpcode::binary) return false;
    start += prefix_at(start);
  }
  return wire::is_record(wire::frame_type(start));
}

// Frames that begin to go out do not wait any more.
void SendQueue::depart(const std::uint8_t* run, std::size_t size) {
  std::size_t others = 0;
  for (std::size_t at = 0; at < size;) {
    const std::uint8_t* start = run + at;
    const std::size_t whole = frame_size(start);
    at += whole;
    if (!is_record(start)) {
      others += whole;
    } else if (departures_ != nullptr) {
      const std::size_t before = prefix_at(start);
      const std::uint32_t label = wire::frame_label(start + before);
      const std::size_t payload = whole - before - wire::kFrameHeader;
      if (wire::frame_type(start + before) == wire::FrameType::data) {
        departures_->data_departed(label, payload);
      } else {
        departures_->record_departed(label, payload);
      }
    }
  }
  windowless_ -= others;
  if (others > 0 && departures_ != nullptr) departures_->others_departed();
}

std::size_t SendQueue::front_frame(const ClassQueue& q) const {
  const Slab& slab = *q.slabs.front();
  return frame_size(slab.bytes.data() + slab.begin);
}

// Bytes of whole frames at the front of the slab: as many as fit `limit`, at least one frame.
std::size_t SendQueue::whole_frames(const Slab& slab, std::size_t limit) const {
  std::size_t at = slab.begin;
  while (at < slab.end) {
    const std::uint8_t* h = slab.bytes.data() + at;
    const std::size_t frame = frame_size(h);
    if (at > slab.begin && at + frame - slab.begin > limit) break;
    at += frame;
  }
  return at - slab.begin;
}

ByteView SendQueue::peek() {
  if (queued_ == 0) return {};
  if (run_left_ == 0) {
    current_ = choose();
    ClassQueue& q = classes_[current_];
    run_left_ =
        whole_frames(*q.slabs.front(), q.deficit > 0 ? std::min(q.deficit, kRunBytes) : kRunBytes);
    q.deficit -= std::min(q.deficit, run_left_);
    depart(q.slabs.front()->bytes.data() + q.slabs.front()->begin, run_left_);
  }
  const Slab& slab = *classes_[current_].slabs.front();
  return {slab.bytes.data() + slab.begin, run_left_};
}

void SendQueue::consume(std::size_t n) {
  if (n == 0) return;
  ClassQueue& q = classes_[current_];
  Slab& slab = *q.slabs.front();
  slab.begin += static_cast<std::uint32_t>(n);
  q.queued -= n;
  queued_less(n);
  run_left_ -= n;
  if (slab.begin == slab.end) {
    recycle(std::move(q.slabs.front()));
    q.slabs.erase(q.slabs.begin());
  }
}

// Bytes of frames that are no records behind the first `leaving` bytes, which are counted no more.
std::size_t SendQueue::windowless_in(const ClassQueue& q, std::size_t leaving) const {
  std::size_t bytes = 0;
  for (const auto& slab : q.slabs) {
    for (std::size_t at = slab->begin + std::exchange(leaving, 0); at < slab->end;) {
      const std::uint8_t* start = slab->bytes.data() + at;
      const std::size_t whole = frame_size(start);
      if (!is_record(start)) bytes += whole;
      at += whole;
    }
  }
  return bytes;
}

void SendQueue::drop_flows() {
  windowless_ = 0;
  for (std::size_t c = 0; c < classes_.size(); ++c) {
    ClassQueue& q = classes_[c];
    const std::size_t leaving = c == current_ ? run_left_ : 0;
    if (is_control(static_cast<TrafficClass>(c))) {
      windowless_ += windowless_in(q, leaving);
      continue;
    }
    queued_less(q.queued - leaving);
    q.queued = leaving;
    q.deficit = 0;
    if (leaving > 0) {
      q.slabs.front()->end = q.slabs.front()->begin + static_cast<std::uint32_t>(leaving);
    }
    q.slabs.resize(leaving > 0 ? 1 : 0);
  }
}

void SendQueue::recycle(std::unique_ptr<Slab> slab) {
  // An idle lane keeps one slab and gives the rest back.
  if (queued_ == 0) spare_.clear();
  if (spare_.size() < kMaxSpareSlabs) spare_.push_back(std::move(slab));
}

}  // namespace rap::flow
