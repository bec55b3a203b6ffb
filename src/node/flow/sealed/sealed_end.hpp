// One end of a flow as frames (DP-6, RO-4): what ReliableEnd decides, sealed for the
// other end alone, into the queue of whatever link the flow's path begins with. What lies between
// the two ends carries the frames under labels of its own and reads none.
//
// Each path has keys of its own, from a handshake of its own (crypto/sealing, pattern IK). A record
// is bound to its place: its number on the path is the nonce, and its type and its position in the
// flow are associated data, so that nothing that is dropped, repeated or moved is ever opened. A
// path that carries such a thing is given up, and not the flow: another path goes past whoever did
// it. What an authentic record says that cannot be ends the flow.
//
// A holder that is asked for another path answers, and goes on with the one it has until a record
// of the client's comes on the new one: a first message can be replayed, that record cannot. From
// then on the older path is over (superseded), so that a flow never has two.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "crypto/sealing/sealing.hpp"
#include "node/flow/reliable/reliable_end.hpp"
#include "node/flow/send_queue.hpp"
#include "wire/frames/flow_frames.hpp"

namespace rap::flow {

// Paths that were answered and not confirmed, of one flow: the oldest makes way for another.
inline constexpr std::size_t kMaxOfferedPaths = 4;
inline constexpr Duration kConfirmPatience = std::chrono::seconds{10};

// Where a path begins at this end. The queue lives until path_lost(), or path_over() is heard.
struct FlowPath {
  std::uint64_t number = 0;  // the owner's name for it; another for each
  std::uint32_t label = 0;
  SendQueue* queue = nullptr;
  // No more data is put into the queue while it holds more of the flow's class: what is less urgent
  // and waits there holds nothing back. Flows of a class take turns as the owner calls drained(),
  // each time beginning with another.
  std::size_t most_queued = std::size_t{512} * 1024;
};

// What happens to the flow; called from within SealedEnd's methods, which must not be called from
// here.
class SealedEndEvents {
 public:
  virtual ~SealedEndEvents() = default;
  virtual void flow_data(ByteView bytes) = 0;  // once they are taken: consumed()
  virtual void flow_finished() = 0;  // the other end says no more
  virtual void flow_has_room() = 0;
  // The path is over and its label free; hops hear of it, if they do not know it.
  virtual void path_over(std::uint64_t path, wire::FlowReason reason) = 0;
  virtual void flow_ended(wire::FlowEnding ending) = 0;
};

class SealedEnd {
 public:
  SealedEnd(FlowSide side, wire::TrafficClass c, TailMemory& memory, SealedEndEvents& events,
            MonoTime now, ReliableLimits limits = {}, TailShare* share = nullptr)
      : side_(side), class_(c), end_(side, memory, now, limits, share), events_(events) {}

  // --- paths -------------------------------------------------------------------------------------

  // The first path, when its handshake is done; `peer` is what the other end said in it.
  void opened(MonoTime now, const FlowPath& path, crypto::SealedFlow keys,
              const wire::FlowPosition& peer);
  // The opener's next path, when the holder has answered that it received so much.
  void resumed(MonoTime now, const FlowPath& path, crypto::SealedFlow keys,
               const wire::FlowPosition& peer);
  // The holder has answered an opener that asked for another path.
  void offered(MonoTime now, const FlowPath& path, crypto::SealedFlow keys);
  // A frame that came on one of them; it is opened where it lies.
  void receive(MonoTime now, std::uint64_t path, wire::FrameType type, MutableBytes payload);
  // The path's link is gone, and so is its queue.
  void path_lost(MonoTime now, std::uint64_t path);
  // There is room in the path's queue again.
  void drained(MonoTime now) { pump(now); }

  // --- the local stream --------------------------------------------------------------------------

  std::size_t room() const { return end_.room(); }
  std::size_t take(MonoTime now, ByteView bytes);  // returns how many
  void finish(MonoTime now);
  void consumed(MonoTime now, std::size_t bytes);

  // The flow has to end: policy says so.
  void end(MonoTime now, wire::FlowReason reason);
  void wakeup(MonoTime now);
  std::optional<MonoTime> next_wakeup() const;

  const ReliableEnd& core() const { return end_; }
  // What a holder answers an opener that asks for another path.
  wire::FlowPosition position() const { return end_.position(); }
  bool has_path() const { return current_.has_value(); }
  // The number of the one that the flow has.
  std::optional<std::uint64_t> current_path() const {
    return current_ ? std::optional(current_->at.number) : std::nullopt;
  }
  std::size_t offered_paths() const { return offered_.size(); }

 private:
  struct Path {
    FlowPath at;
    crypto::SealedFlow keys;
    MonoTime until{};  // an offered path is confirmed by then
    bool paused = false;
  };

  // Whoever asked for a path meanwhile gets one, and has no use for it.
  bool has_ended() const { return end_.state() == ReliableEnd::State::ended; }
  void use(MonoTime now, Path path, const wire::FlowPosition& peer, std::uint64_t begins);
  void supersede();
  void let_go_of_left();
  void left_path_says(wire::FrameType type, ByteView payload);
  void confirm(MonoTime now, std::size_t offer, MutableBytes payload);
  void record(MonoTime now, wire::FrameType type, MutableBytes payload);
  void carry_out(MonoTime now, const ReliableActions& actions);
  void pump(MonoTime now);
  void send_sealed(Path& path, wire::FrameType type, ByteView associated, ByteView plain);
  void send_clear(const FlowPath& path, wire::FrameType type, ByteView payload);
  // Tells the hops why, and the owner.
  void give_up(const FlowPath& path, wire::FlowReason reason);
  void give_up_current(MonoTime now, wire::FlowReason reason);
  void ended(wire::FlowEnding ending);

  FlowSide side_;
  wire::TrafficClass class_;
  ReliableEnd end_;
  SealedEndEvents& events_;
  std::optional<Path> current_;
  std::vector<Path> offered_;  // oldest first
  // The opener's path before, until the holder has said something on the one that it has now: were
  // it reset earlier, the holder might hear of that first, hold the flow, and have no room for it.
  std::optional<FlowPath> left_;
};

}  // namespace rap::flow
