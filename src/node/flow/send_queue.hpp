// What one lane has still to send: a queue of whole frames per traffic class, and the order in
// which they go (QO-1). fabric_control, route_control and health go first, then input, then the
// rest by deficit round robin over their weights, so that bulk never starves interactive and no
// bulk class starves another. Frames of one flow share a class and so keep their order.
//
// Memory is slabs from a pool that belongs to the queue: a steady stream allocates nothing. The
// queue itself has no bound: whoever fills it goes by queued_bytes() and windowless_bytes(), and a
// flow's credit by what Departures says (RO-4, and docs/decisions/byte-budgets.md).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/bytes.hpp"
#include "wire/frames/frame.hpp"
#include "wire/frames/websocket.hpp"
#include "wire/traffic_class.hpp"

namespace rap::flow {

inline constexpr std::size_t kSlabBytes = 64 * 1024;
inline constexpr std::size_t kMaxSpareSlabs = 16;
// One turn of the scheduler: what goes out before a more urgent class is asked again. Small enough
// to travel as one WebSocket message.
inline constexpr std::size_t kRunBytes = 48 * 1024;
static_assert(kRunBytes <= wire::kMaxWebSocketMessage);

// How frames lie in the queue: bare between nodes, each as a binary WebSocket message of its own
// towards a client, so that they are sent from where they lie.
enum class Framing : std::uint8_t { bare, websocket };

// Hears of every frame of a flow's data, and of every other record of it, when it leaves the queue:
// the run that it is in begins to go out. `payload` is the size that the frame's header says.
class Departures {
 public:
  virtual ~Departures() = default;
  virtual void data_departed(std::uint32_t label, std::size_t payload) = 0;
  virtual void record_departed(std::uint32_t /*label*/, std::size_t /*payload*/) {}
  // Frames of no flow's ends have left.
  virtual void others_departed() = 0;
};

// What several queues hold together.
struct QueuedBytes {
  std::size_t bytes = 0;
};

class SendQueue {
 public:
  explicit SendQueue(Framing framing = Framing::bare);
  ~SendQueue();
  SendQueue(const SendQueue&) = delete;
  SendQueue& operator=(const SendQueue&) = delete;

  void set_departures(Departures& departures) { departures_ = &departures; }

  // What it holds counts there too, from now on and no longer elsewhere.
  void count_in(std::shared_ptr<QueuedBytes> together);

  // Room for one frame of exactly `size` bytes at the end of the class's queue; commit() it once
  // it is written, or forget it. Nothing else is called between the two.
  std::uint8_t* reserve(wire::TrafficClass c, std::size_t size);
  void commit(wire::TrafficClass c, std::size_t size);
  void append(wire::TrafficClass c, ByteView frame);
  // Encodes and appends.
  void append(const wire::FrameHeader& header, ByteView payload);

  // A WebSocket control frame, ahead of everything that waits. Framing::websocket only.
  void append_control(wire::WebSocketOpcode opcode, ByteView payload);

  // Whole frames in their framing, contiguous, of the class whose turn it is; empty when nothing
  // waits. Until all of a peek is consumed, the same class goes on.
  ByteView peek();
  void consume(std::size_t n);

  // Forgets what flows have waiting, but for a run that has begun to go out. The classes of control
  // stay: nothing of theirs is ever dropped in silence (CH-11).
  void drop_flows();

  bool empty() const { return queued_ == 0; }
  std::size_t queued_bytes() const { return queued_; }
  // Bytes of frames that are no records: answers, credit, ends of flows, pongs.
  std::size_t windowless_bytes() const { return windowless_; }
  std::size_t queued_bytes(wire::TrafficClass c) const {
    return classes_[static_cast<std::size_t>(c)].queued;
  }

 private:
  struct Slab {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
    std::array<std::uint8_t, kSlabBytes> bytes;
  };
  struct ClassQueue {
    std::vector<std::unique_ptr<Slab>> slabs;  // front() is sent first
    std::size_t queued = 0;
    std::size_t deficit = 0;
  };

  std::size_t choose();
  void queued_more(std::size_t n);
  void queued_less(std::size_t n);
  std::size_t prefix(std::size_t frame) const;
  std::size_t prefix_at(const std::uint8_t* start) const;
  std::size_t frame_size(const std::uint8_t* start) const;
  std::size_t front_frame(const ClassQueue& q) const;
  std::size_t whole_frames(const Slab& slab, std::size_t limit) const;
  bool is_record(const std::uint8_t* start) const;
  std::size_t windowless_in(const ClassQueue& q, std::size_t leaving) const;
  void depart(const std::uint8_t* run, std::size_t size);
  void recycle(std::unique_ptr<Slab> slab);

  Framing framing_;
  std::array<ClassQueue, wire::kTrafficClassCount> classes_;
  std::vector<std::unique_ptr<Slab>> spare_;
  Departures* departures_ = nullptr;
  std::shared_ptr<QueuedBytes> together_;
  std::size_t queued_ = 0;
  std::size_t windowless_ = 0;
  std::size_t current_ = 0;  // the class the last peek came from
  std::size_t run_left_ = 0;  // bytes of that peek not yet consumed
  std::size_t round_ = 0;  // deficit round robin stands here
};

}  // namespace rap::flow
