// The flows of one data-plane connection, client side, without sockets: many local byte streams
// over one WebSocket (docs/protocol).
//
//              FLOW_ACCEPT              finish / FIN, both
//   opening ───────────────► open ─────────────────────────► gone
//      │                      │
//      └─ FLOW_REFUSE, RESET ─┴─ RESET, protocol error ────► gone
//
// Memory is bounded both ways. Towards the network a flow takes at most its send window, and all
// flows together stop taking when kMaxQueuedBytes wait to be sent. From the network a flow holds at
// most one receive window: credit goes out as its local stream takes the bytes.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>

#include "base/bytes.hpp"
#include "node/flow/label_table.hpp"
#include "node/flow/send_queue.hpp"
#include "node/flow/window.hpp"
#include "wire/flow_reason.hpp"
#include "wire/frames/frame.hpp"
#include "wire/traffic_class.hpp"

namespace rap::client {

inline constexpr std::size_t kMaxQueuedBytes = std::size_t{512} * 1024;
// A flow with less room than this is not worth reading for: what does not fit would be copied
// twice.
inline constexpr std::size_t kWorthwhileRoom = std::size_t{128} * 1024;
static_assert(kWorthwhileRoom < kMaxQueuedBytes && kWorthwhileRoom < flow::kInitialWindow);

using FlowLabel = std::uint32_t;

// What happens to the flows. Called from within FlowMux::receive(); an implementation may call the
// mux's commands from here.
class FlowSink {
 public:
  virtual ~FlowSink() = default;
  virtual void on_accepted(FlowLabel label) = 0;
  // Bytes for the local stream. Once it has taken them, the mux hears delivered().
  virtual void on_data(FlowLabel label, ByteView data) = 0;
  virtual void on_finished(FlowLabel label) = 0;  // no more data from the other side
  virtual void on_writable(FlowLabel label) = 0;  // there is more window
  // The flow is gone; `accepted` tells a flow that broke from one that never was.
  virtual void on_ended(FlowLabel label, wire::FlowReason reason, bool accepted) = 0;
};

class FlowMux {
 public:
  explicit FlowMux(FlowSink& sink) : sink_(sink) {}

  // --- commands of the local side --------------------------------------------------------------

  // Asks for a flow with the token; nullopt at the limit of flows.
  std::optional<FlowLabel> open(wire::TrafficClass c, std::string_view token);
  // Takes bytes of the local stream, as many as window and queue have room for; returns how many.
  // With room() below kWorthwhileRoom afterwards the local stream had better rest until
  // on_writable(), or until drained() turns true.
  std::size_t send(FlowLabel label, ByteView data);
  // How many bytes send() would take now.
  std::size_t room(FlowLabel label);
  // The local stream ended; what was sent before still arrives. The flow is gone once both ends
  // have finished.
  void finish(FlowLabel label);
  void reset(FlowLabel label, wire::FlowReason reason);
  // The local stream took this many bytes for good.
  void delivered(FlowLabel label, std::size_t n);

  // --- the network side ------------------------------------------------------------------------

  // One message: whole frames. After an error the connection must be closed: the other end does
  // not speak the protocol.
  std::expected<void, std::string_view> receive(MutableBytes message);
  // The connection is lost: every flow ends.
  void lost();

  flow::SendQueue& output() { return queue_; }
  bool drained() const { return queue_.queued_bytes() <= kMaxQueuedBytes - kWorthwhileRoom; }
  std::size_t flows() const { return flows_.size(); }

 private:
  struct Flow {
    wire::TrafficClass traffic_class = wire::TrafficClass::input;
    bool accepted = false;
    bool finished = false;  // by us
    bool peer_finished = false;
    bool starved = false;  // send() had to leave bytes for lack of window
    std::uint32_t undelivered = 0;
    flow::SendWindow send;
    flow::ReceiveWindow receive;
  };

  std::expected<void, std::string_view> frame(const wire::FrameView& frame);
  void data(FlowLabel label, Flow& flow, ByteView payload);
  void credit(FlowLabel label, Flow& flow, ByteView payload);
  void peer_finish(FlowLabel label, Flow& flow);
  void break_flow(FlowLabel label, wire::FlowReason reason);
  void send_reason(FlowLabel label, wire::TrafficClass c, wire::FlowReason reason);

  FlowSink& sink_;
  flow::LabelTable<Flow> flows_{flow::LabelSide::odd};
  flow::SendQueue queue_;
};

}  // namespace rap::client
