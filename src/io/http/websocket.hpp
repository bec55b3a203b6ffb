// The opening handshake of RFC 6455 §4, both sides, and the client's connection. Framing is in
// wire/websocket.hpp; the server's connection belongs to rap-fabric.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/random.hpp"
#include "io/stream/tls_stream.hpp"
#include "wire/http_message.hpp"
#include "wire/websocket.hpp"

namespace rap::io {

// The value of Sec-WebSocket-Accept for a key.
std::string websocket_accept(std::string_view key);

// The answer to an upgrade request: 101, or an error that says what was missing. A request from a
// web page (Origin) of another host is refused.
wire::HttpResponse answer_websocket_upgrade(const wire::HttpRequest& request, std::string_view path,
                                            std::string_view subprotocol);

class WebSocketHandler {
 public:
  virtual ~WebSocketHandler() = default;
  virtual void on_open() = 0;
  // One binary message; the memory may be written to. False ends the connection.
  virtual bool on_message(MutableBytes payload) = 0;
  // Once, last. kind none: the peer closed in order.
  virtual void on_close(const StreamError& error) = 0;
};

struct WebSocketClientOptions {
  std::string host;
  std::uint16_t port = 443;
  std::string path;
  std::string subprotocol;
  StreamOptions stream;
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

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rap::io
