// The WebSocket decoder: the same bytes give the same messages however the network cuts them.

#include <algorithm>
#include <vector>

#include "fuzz.hpp"
#include "wire/frames/websocket.hpp"

namespace {

using namespace rap;
using fuzz::require;

struct Decoded {
  std::vector<std::pair<wire::WebSocketOpcode, Bytes>> messages;
  bool failed = false;
  bool operator==(const Decoded&) const = default;
};

// Feeds the stream in pieces of `step` bytes, as a connection would.
Decoded decode(wire::WebSocketRole role, ByteView stream, std::size_t step) {
  wire::WebSocketDecoder decoder(role);
  Decoded result;
  Bytes pending;
  while (!stream.empty() && !result.failed) {
    const ByteView piece = stream.first(std::min(step, stream.size()));
    stream = stream.subspan(piece.size());
    pending.insert(pending.end(), piece.begin(), piece.end());
    while (!pending.empty()) {
      std::size_t used = 0;
      wire::WebSocketMessage message;
      const auto outcome = decoder.next(pending, used, message);
      require(used <= pending.size());
      if (outcome == wire::WebSocketDecoder::Result::failed) {
        result.failed = true;
        break;
      }
      if (outcome == wire::WebSocketDecoder::Result::message) {
        require(message.payload.size() <= wire::kMaxWebSocketMessage);
        result.messages.emplace_back(message.opcode, to_bytes(ByteView(message.payload)));
      }
      if (used == 0) break;
      pending.erase(pending.begin(), pending.begin() + static_cast<std::ptrdiff_t>(used));
    }
  }
  return result;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const auto role = data[0] & 1 ? wire::WebSocketRole::client : wire::WebSocketRole::server;
  const std::size_t step = 1 + data[1] % 64;
  const ByteView stream(data + 2, size - 2);
  require(decode(role, stream, stream.size() + 1) == decode(role, stream, step));
  return 0;
}
