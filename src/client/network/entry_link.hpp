// One WebSocket to an entry node, and the flows on it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "client/access/flow_mux.hpp"
#include "client/api/attachment.hpp"
#include "client/api/entry_fallback.hpp"
#include "client/core/profile.hpp"
#include "io/http/client/websocket_client.hpp"
#include "io/loop/event_loop.hpp"
#include "wire/url.hpp"

namespace rap::client {

// An entry takes this many from one client (docs/protocol), unless it is configured to take fewer.
inline constexpr std::size_t kMaxFlowsPerLink = 256;

// The one who wanted a flow hears of it here.
class FlowHandler {
 public:
  virtual ~FlowHandler() = default;
  virtual void accepted() = 0;
  virtual void received(ByteView data) = 0;
  virtual void finished() = 0;
  virtual void writable() = 0;
  // The flow is gone. `detail` says more when its connection was lost.
  virtual void ended(wire::FlowReason reason, bool was_accepted, const std::string& detail) = 0;
};

class EntryLink final : private io::WebSocketHandler, private io::Output, private FlowSink {
 public:
  // The link starts connecting. Flows may be opened at once; they wait for the connection.
  EntryLink(io::EventLoop& loop, const Candidate& entry, const std::string& roots_pem,
            std::shared_ptr<const crypto::DenyList> deny, RandomSource& rng);
  ~EntryLink() override;

  bool dead() const { return dead_; }
  // How many flows it carries; and how many its entry takes, as far as is known.
  std::size_t flows() const { return mux_.flows(); }
  bool has_room() const { return flows() < limit_; }
  void limit_to(std::size_t flows) { limit_ = flows; }
  // Why another entry may do better, once this one is dead.
  wire::FallbackCause cause() const { return cause_of(fault_); }

  // The handler outlives the flow. The label is nullopt at the limit of flows.
  std::optional<FlowLabel> open(FlowHandler& handler, wire::TrafficClass c, std::string_view token);
  struct Taken {
    std::size_t bytes;
    bool go_on;  // false: the sender had better rest until writable()
  };
  Taken send(FlowLabel label, ByteView data);
  void finish(FlowLabel label);
  void reset(FlowLabel label, wire::FlowReason reason);
  void delivered(FlowLabel label, std::size_t n);

 private:
  // The connection calls these (io::WebSocketHandler).
  void on_open() override {}
  bool on_message(MutableBytes payload) override;
  void on_close(const io::StreamError& error) override;
  // The frames to send are taken from here (io::Output).
  ByteView peek() override { return mux_.output().peek(); }
  void consume(std::size_t n) override;
  // The multiplexer calls these (FlowSink).
  void on_accepted(FlowLabel label) override;
  void on_data(FlowLabel label, ByteView data) override;
  void on_finished(FlowLabel label) override;
  void on_writable(FlowLabel label) override;
  void on_ended(FlowLabel label, wire::FlowReason reason, bool accepted) override;

  FlowHandler* find(FlowLabel label);
  void wake_blocked();

  io::EventLoop& loop_;
  FlowMux mux_{*this};
  std::unordered_map<FlowLabel, FlowHandler*> ends_;
  std::vector<FlowLabel> blocked_;  // these wait for the queue to drain
  std::string lost_because_;
  std::optional<crypto::CertificateFault> fault_;
  bool dead_ = false;
  std::size_t limit_ = kMaxFlowsPerLink;
  bool wake_posted_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::unique_ptr<io::WebSocketClient> socket_;
};

}  // namespace rap::client
