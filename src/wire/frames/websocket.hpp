// WebSocket framing (RFC 6455 §5) without sockets. The data plane speaks binary messages; each
// holds whole fabric frames.
//
// Our own because the fast path hands a message on where it lies, unmasked in place, which no
// stream-bound library does. The opening handshake is in io/websocket_server and _client.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/bytes.hpp"

namespace rap::wire {

inline constexpr std::size_t kMaxWebSocketMessage = 60 * 1024;
inline constexpr std::size_t kMaxWebSocketHeader = 14;
inline constexpr std::size_t kMaxEmptyFragments = 32;  // of one message

enum class WebSocketOpcode : std::uint8_t {
  continuation = 0,
  text = 1,
  binary = 2,
  close = 8,
  ping = 9,
  pong = 10,
};

enum class WebSocketRole : std::uint8_t { client, server };  // which end we are

// RFC 6455 §7.4.1
enum class WebSocketClose : std::uint16_t {
  normal = 1000,
  going_away = 1001,
  protocol_error = 1002,
  unsupported_data = 1003,
  invalid_payload = 1007,
  policy_violation = 1008,
  too_big = 1009,
};
using WebSocketClosePayload = std::array<std::uint8_t, sizeof(WebSocketClose)>;
constexpr WebSocketClosePayload encode_websocket_close(WebSocketClose code) {
  const auto number = static_cast<std::uint16_t>(code);
  return {static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number)};
}

using WebSocketMask = std::array<std::uint8_t, 4>;

// The size of the header of an unmasked frame with so much payload, at most kMaxWebSocketMessage.
inline constexpr std::size_t kShortWebSocketPayload = 125;  // longer ones have a longer header
inline constexpr std::size_t kShortWebSocketHeader = 2;
inline constexpr std::size_t kLongWebSocketHeader = 4;
constexpr std::size_t websocket_header_size(std::size_t payload) {
  return payload <= kShortWebSocketPayload ? kShortWebSocketHeader : kLongWebSocketHeader;
}
inline constexpr std::size_t kWebSocketLengthOffset = 1;  // RFC 6455 §5.2: behind the opcode
// The sizes of the header and of the payload of such a frame that was encoded here.
struct WebSocketSizes {
  std::size_t header;
  std::size_t payload;
};
inline WebSocketSizes websocket_sizes(const std::uint8_t* frame) {
  const std::size_t length = frame[kWebSocketLengthOffset];
  if (length <= kShortWebSocketPayload) return {kShortWebSocketHeader, length};
  return {kLongWebSocketHeader, load_be16(frame + kShortWebSocketHeader)};
}

// The opcode of a frame whose header was encoded here.
inline WebSocketOpcode websocket_opcode(const std::uint8_t* header) {
  constexpr std::uint8_t kOpcodeBits = 0x0f;  // RFC 6455 §5.2
  return static_cast<WebSocketOpcode>(*header & kOpcodeBits);
}

// Writes a header of an unfragmented frame; a client gives a mask. Returns its size, at most
// kMaxWebSocketHeader.
std::size_t encode_websocket_header(std::uint8_t* out, WebSocketOpcode opcode, std::size_t length,
                                    const std::optional<WebSocketMask>& mask);
// XOR with the mask, as if `data` started `offset` bytes into the payload.
void apply_websocket_mask(MutableBytes data, const WebSocketMask& mask, std::size_t offset = 0);

// The same on the way from `from` to `to`, which has room for it.
void copy_websocket_masked(ByteView from, std::uint8_t* to, const WebSocketMask& mask);

struct WebSocketMessage {
  WebSocketOpcode opcode = WebSocketOpcode::binary;  // never continuation
  MutableBytes payload;  // into the input, or the decoder's buffer for a fragmented message
};

class WebSocketDecoder {
 public:
  explicit WebSocketDecoder(WebSocketRole role) : role_(role) {}

  enum class Result : std::uint8_t { need_more, message, failed };
  // Takes one frame from the front of `in`, `used` bytes of it. need_more with used > 0 means a
  // fragment was kept: call again with the rest. After failed the connection must be closed with
  // close_code().
  Result next(MutableBytes in, std::size_t& used, WebSocketMessage& out);
  WebSocketClose close_code() const { return close_code_; }
  // What it has of a message whose fragments have not all come.
  std::size_t held_bytes() const { return fragments_.capacity(); }

 private:
  Result fail(WebSocketClose code) {
    close_code_ = code;
    return Result::failed;
  }
  Result data_frame(WebSocketOpcode opcode, bool fin, MutableBytes payload, WebSocketMessage& out);

  WebSocketRole role_;
  WebSocketClose close_code_ = WebSocketClose::normal;
  bool fragmented_ = false;
  std::size_t empty_fragments_ = 0;
  WebSocketOpcode fragment_opcode_ = WebSocketOpcode::binary;
  Bytes fragments_;
};

}  // namespace rap::wire
