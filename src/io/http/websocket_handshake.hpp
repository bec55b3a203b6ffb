// The opening handshake of RFC 6455 §4, both sides. Framing is in wire/frames/websocket.hpp; the
// client's connection is in websocket_client.hpp, the server's belongs to rap-fabric.
#pragma once

#include <string>
#include <string_view>

#include "wire/http/http_message.hpp"

namespace rap::io {

// The value of Sec-WebSocket-Accept for a key.
std::string websocket_accept(std::string_view key);

// The answer to an upgrade request: 101, or an error that says what was missing. A request from a
// web page (Origin) of another host is refused.
wire::HttpResponse answer_websocket_upgrade(const wire::HttpRequest& request, std::string_view path,
                                            std::string_view subprotocol);

}  // namespace rap::io
