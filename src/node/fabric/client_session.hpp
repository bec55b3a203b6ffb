// One client at the entry: HTTP upgrade, then fabric frames in binary WebSocket messages.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string_view>

#include "base/log/log.hpp"
#include "io/http/http_codec.hpp"
#include "io/stream/tls_stream.hpp"
#include "node/fabric/channels/queue_output.hpp"
#include "node/router/router.hpp"
#include "policy/rate_limit.hpp"
#include "wire/frames/websocket.hpp"

namespace rap::fabric {

// A client may cost no more than this before it has a flow.
inline constexpr std::size_t kMaxUpgradeHeader = 8 * 1024;
inline constexpr std::chrono::seconds kUpgradeTimeout{10};
// Messages that carry nothing for a flow: pings, pongs, empty ones.
inline constexpr policy::RateLimit kIdleMessages{.burst = 64, .refill = std::chrono::seconds{1}};
inline constexpr std::chrono::seconds kCloseTimeout{5};  // for a client that does not read on
// A client with flows that says nothing for so long is pinged, and is over after kSilenceLimit: its
// machine sleeps, or its network is another now. One that is paused is not read, and has longer.
// A client hears of a living entry by these before it gives one up (io/http/client).
inline constexpr std::chrono::seconds kPingAfter{6};
inline constexpr std::chrono::seconds kSilenceLimit{45};
inline constexpr std::chrono::seconds kPauseLimit{120};

// What clients are closed for, counted (docs/operations/metrics.md).
enum class ClientFault : std::uint8_t {
  idle_messages,  // too many messages that carry nothing: pings, pongs, empty ones
  idle_frames,  // too many frames that move nothing (node/router/idle_frames.hpp)
  protocol,  // what they say is not the protocol
};
inline constexpr std::array<std::string_view, 3> kClientFaultNames = {"idle_messages",
                                                                      "idle_frames", "protocol"};
using ClientFaults = std::array<std::uint64_t, kClientFaultNames.size()>;

class ClientSession;

class ClientOwner {
 public:
  virtual ~ClientOwner() = default;
  virtual void client_upgraded(ClientSession& session) = 0;  // it has a link now
  // A token of this user was admitted: it is no stranger any more. Said once.
  virtual void client_proven(ClientSession& session, UserId user) = 0;
  // A stranger has sent so many bytes that make no whole request or message yet.
  virtual void client_holds(ClientSession& session, std::size_t bytes) = 0;
  // It is closed for this.
  virtual void client_at_fault(ClientSession& session, ClientFault fault) = 0;
  // The session is over; destroy it on a later turn of the loop.
  virtual void client_over(ClientSession& session) = 0;
};

class ClientSession final : public io::StreamHandler, public LinkSender {
 public:
  ClientSession(io::EventLoop& loop, router::Router& router, ClientOwner& owner, Log& log);
  ~ClientSession() override;

  void accept(std::unique_ptr<io::Stream> stream);
  void cut();  // it made way for another
  void flush() override;
  void read_on() override;
  // Ends a client that has had no flow for too long, or never finished its upgrade.
  void expire(MonoTime now, Duration max_idle);  // without any flow
  std::optional<router::LinkId> link() const { return link_; }

  void on_open() override;
  std::size_t on_data(MutableBytes data) override;
  void on_close(const io::StreamError& error) override;

 private:
  std::size_t take(MutableBytes data);
  std::size_t upgrade(MutableBytes data);
  bool on_message(const wire::WebSocketMessage& message);
  bool on_frames(MutableBytes payload);
  void keep_alive(MonoTime now);
  void count_bytes(std::size_t bytes);
  void notice_proof();
  void close(wire::WebSocketClose code);
  void close_for(ClientFault fault, wire::WebSocketClose code);
  void over();

  io::EventLoop& loop_;
  router::Router& router_;
  ClientOwner& owner_;
  Log& log_;
  io::HttpRequestParser parser_;
  wire::WebSocketDecoder decoder_{wire::WebSocketRole::server};
  policy::TokenBucket idle_messages_;
  MonoTime last_active_;
  MonoTime last_heard_;
  MonoTime last_ping_;
  bool closing_ = false;
  bool paused_ = false;  // more waits for this client, or is from it, than its budgets allow
  bool over_ = false;
  bool proven_ = false;
  std::size_t upgrade_bytes_ = 0;  // of an upgrade that is not whole
  std::size_t counted_bytes_ = 0;
  std::unique_ptr<io::Stream> stream_;
  std::optional<router::LinkId> link_;
  std::optional<QueueOutput> output_;
};

}  // namespace rap::fabric
