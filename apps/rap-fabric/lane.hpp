// One TLS connection between two nodes, driving one channel lifecycle and feeding the router.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/log.hpp"
#include "channel/lifecycle.hpp"
#include "io/event_loop.hpp"
#include "io/tls_stream.hpp"
#include "queue_output.hpp"
#include "router/router.hpp"

namespace rap::fabric {

class Lane;

// What a lane needs from the fabric around it.
class LaneOwner {
 public:
  virtual ~LaneOwner() = default;
  virtual channel::PeerPolicy policy_of(NodeId peer) = 0;
  virtual void lane_established(Lane& lane) = 0;
  // The lane is over; destroy it on a later turn of the loop.
  virtual void lane_over(Lane& lane) = 0;
};

class Lane final : public io::StreamHandler, public LinkSender {
 public:
  Lane(io::EventLoop& loop, router::Router& router, LaneOwner& owner, Log& log, ChannelId id,
       channel::Local local, std::optional<NodeId> expected);
  ~Lane() override;

  void dial(const std::string& host, std::uint16_t port, io::StreamOptions options);
  void accept(int fd, io::StreamOptions options);
  void policy_changed(std::uint64_t config_version);
  void stop();  // goodbye, then lane_over
  void flush() override;

  const channel::Lifecycle& lifecycle() const { return lifecycle_; }
  std::optional<router::LinkId> link() const { return link_; }
  bool dialled() const { return dialled_; }

  void on_open() override;
  std::size_t on_data(MutableBytes data) override;
  void on_close(const io::StreamError& error) override;

 private:
  void step(const channel::Event& event);
  void perform(const channel::Action& action);
  bool on_frame(const wire::FrameView& frame);
  void send(wire::FrameType type, ByteView payload);
  void follow_state(channel::State before);
  void over();

  io::EventLoop& loop_;
  router::Router& router_;
  LaneOwner& owner_;
  Log& log_;
  channel::Lifecycle lifecycle_;
  io::Timer timer_;
  bool dialled_ = false;
  bool over_ = false;
  std::unique_ptr<io::Stream> stream_;
  std::optional<router::LinkId> link_;
  std::optional<QueueOutput> output_;
};

}  // namespace rap::fabric
