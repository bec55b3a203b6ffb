// The client's end of a WebSocket (RFC 6455) over TLS. Its opening handshake is in
// websocket_handshake.hpp, framing in wire/frames/websocket.hpp.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "base/random.hpp"
#include "io/stream/tls_stream.hpp"
#include "wire/frames/websocket.hpp"

namespace rap::io {

class WebSocketHandler {
 public:
  virtual ~WebSocketHandler() = default;
  virtual void on_open() = 0;
  // One binary message; the memory may be written to. False ends the connection.
  virtual bool on_message(MutableBytes payload) = 0;
  // Called once, last. The kind is none when the peer closed in order.
  virtual void on_close(const StreamError& error) = 0;
};

// A network that forgot the connection, or is another now, is noticed within 15 s. The entry pings
// what fell silent sooner (fabric::kPingAfter), also while it reads no further.
inline constexpr std::chrono::milliseconds kPingEntryAfter{4'500};

struct WebSocketClientOptions {
  std::string host;
  std::uint16_t port = 443;
  std::string path;
  std::string subprotocol;
  StreamOptions stream;
  // It is looked as often as this: a ping goes out when nothing came since the last look, and when
  // nothing came until the next one either, the connection is given up, after three times as long
  // at the latest. Where there was a network, there may be none.
  std::chrono::milliseconds ping_after = kPingEntryAfter;
};

// Binary messages over wss. `source` gives the payload: each of its runs, at most
// kMaxWebSocketMessage, travels as one message, masked while it is copied. It outlives the client.
// A handler does not destroy its client from within a callback; it posts that to the loop.
class WebSocketClient {
 public:
  WebSocketClient(EventLoop& loop, WebSocketClientOptions options, Output& source,
                  RandomSource& rng, WebSocketHandler& handler);
  ~WebSocketClient();

  void flush();  // the source has bytes
  void close();  // close frame, then on_close
  // What its TLS exports to its two ends alone, once it is open; empty when it is lost.
  Bytes export_key(std::string_view label) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rap::io
