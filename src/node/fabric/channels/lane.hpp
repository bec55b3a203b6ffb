// One connection between two nodes: frames in and out, and the link the router has on it. What it
// may carry and when it ends is the channel table's to say.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/log/log.hpp"
#include "io/loop/event_loop.hpp"
#include "io/stream/tls_stream.hpp"
#include "node/channel/table.hpp"
#include "node/fabric/channels/queue_output.hpp"
#include "node/router/router.hpp"
#include "policy/rate_limit.hpp"

namespace rap::fabric {

// Frames of the channel itself: a heartbeat and an answer a second at the most, and now and then
// another certificate, each of which costs us a signature.
inline constexpr policy::RateLimit kControlFrames{.burst = 64,
                                                  .refill = std::chrono::milliseconds{100}};

class Lane;

class LaneOwner {
 public:
  virtual ~LaneOwner() = default;
  virtual void lane_open(Lane& lane) = 0;
  // False: the lane is over, read no further.
  virtual bool lane_control(Lane& lane, const wire::FrameView& frame) = 0;
  virtual void lane_violation(Lane& lane) = 0;
  virtual void lane_closed(Lane& lane, const io::StreamError& error) = 0;
};

class Lane final : public io::StreamHandler, public LinkSender {
 public:
  Lane(io::EventLoop& loop, router::Router& router, LaneOwner& owner, Log& log, channel::LaneId id);
  ~Lane() override;

  void dial(const std::string& host, std::uint16_t port, io::StreamOptions options);
  void accept(std::unique_ptr<io::Stream> proven);
  // A frame of the channel itself.
  void send(wire::FrameType type, ByteView payload);
  // Flows may pass from now on. nullopt: the router has no room for another link.
  std::optional<router::LinkId> link_up(const channel::table_action::LinkUp& up);
  void set_policy(wire::TrafficClassSet classes, bool takes_new_flows);
  // Ends all flows and forgets what they have waiting; with `linger` lets out what the channel
  // itself has still to say, but not for long.
  void close(bool linger);
  // Bytes of frames that the kernel has not taken yet.
  std::size_t unsent() const;
  void flush() override;
  void read_on() override {}  // a lane is never paused

  channel::LaneId id() const { return id_; }
  io::Stream* stream() { return stream_.get(); }
  const io::Stream* stream() const { return stream_.get(); }
  std::optional<router::LinkId> link() const { return link_; }

  void on_open() override;
  std::size_t on_data(MutableBytes data) override;
  void on_close(const io::StreamError& error) override;

 private:
  bool on_frame(const wire::FrameView& frame);
  bool may_say_more();
  std::string who() const;  // is at the other end
  void over(const io::StreamError& error);

  io::EventLoop& loop_;
  router::Router& router_;
  LaneOwner& owner_;
  Log& log_;
  channel::LaneId id_;
  io::Timer linger_;
  policy::TokenBucket control_frames_;
  bool closing_ = false;  // nothing that comes in counts any more
  bool over_ = false;
  std::unique_ptr<io::Stream> stream_;
  std::optional<router::LinkId> link_;
  std::optional<QueueOutput> output_;
};

}  // namespace rap::fabric
