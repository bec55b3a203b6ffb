#include "wire/websocket.hpp"

namespace rap::wire {
namespace {

constexpr std::size_t kMaxControlPayload = 125;

bool known(std::uint8_t opcode) { return opcode <= 2 || (opcode >= 8 && opcode <= 10); }
bool is_control(std::uint8_t opcode) { return opcode >= 8; }

// A close payload is empty or starts with a code that may appear on the wire (§7.4).
bool valid_close(ByteView payload) {
  if (payload.empty()) return true;
  if (payload.size() < 2) return false;
  const unsigned code = payload[0] << 8 | payload[1];
  if (code >= 3000 && code <= 4999) return true;
  return code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006;
}

}  // namespace

std::size_t encode_websocket_header(std::uint8_t* out, WebSocketOpcode opcode, std::size_t length,
                                    const std::optional<WebSocketMask>& mask) {
  const std::uint8_t mask_bit = mask ? 0x80 : 0;
  std::size_t n = 2;
  out[0] = static_cast<std::uint8_t>(0x80 | static_cast<std::uint8_t>(opcode));
  if (length < 126) {
    out[1] = static_cast<std::uint8_t>(mask_bit | length);
  } else if (length <= 0xffff) {
    out[1] = mask_bit | 126;
    out[2] = static_cast<std::uint8_t>(length >> 8);
    out[3] = static_cast<std::uint8_t>(length);
    n = 4;
  } else {
    out[1] = mask_bit | 127;
    store_be32(out + 2, static_cast<std::uint32_t>(static_cast<std::uint64_t>(length) >> 32));
    store_be32(out + 6, static_cast<std::uint32_t>(length));
    n = 10;
  }
  if (mask) {
    std::memcpy(out + n, mask->data(), 4);
    n += 4;
  }
  return n;
}

void apply_websocket_mask(MutableBytes data, const WebSocketMask& mask, std::size_t offset) {
  WebSocketMask turned;
  for (std::size_t i = 0; i < turned.size(); ++i) turned[i] = mask[(i + offset) & 3];
  copy_websocket_masked(data, data.data(), turned);
}

void copy_websocket_masked(ByteView from, std::uint8_t* to, const WebSocketMask& mask) {
  std::uint8_t pattern[8];
  for (std::size_t i = 0; i < 8; ++i) pattern[i] = mask[i & 3];
  std::uint64_t wide;
  std::memcpy(&wide, pattern, 8);
  std::size_t i = 0;
  for (; i + 8 <= from.size(); i += 8) {
    std::uint64_t v;
    std::memcpy(&v, from.data() + i, 8);
    v ^= wide;
    std::memcpy(to + i, &v, 8);
  }
  for (; i < from.size(); ++i) to[i] = from[i] ^ pattern[i & 7];
}

WebSocketDecoder::Result WebSocketDecoder::next(MutableBytes in, std::size_t& used,
                                                WebSocketMessage& out) {
  used = 0;
  if (in.size() < 2) return Result::need_more;
  const bool fin = in[0] & 0x80;
  const std::uint8_t opcode = in[0] & 0x0f;
  const bool masked = in[1] & 0x80;
  if ((in[0] & 0x70) != 0 || !known(opcode)) return fail(WebSocketClose::protocol_error);
  if (masked != (role_ == WebSocketRole::server)) return fail(WebSocketClose::protocol_error);

  std::uint64_t length = in[1] & 0x7f;
  std::size_t header = 2;
  if (is_control(opcode) && (!fin || length > kMaxControlPayload)) {
    return fail(WebSocketClose::protocol_error);
  }
  if (length >= 126) {
    header = length == 126 ? 4 : 10;
    if (in.size() < header) return Result::need_more;
    ByteReader r(ByteView(in).subspan(2));
    const bool wide = length == 127;
    length = wide ? r.u64() : r.u16();
    // §5.2: the shortest form is required.
    if (length < (wide ? 0x10000U : 126U)) return fail(WebSocketClose::protocol_error);
  }
  if (length > kMaxWebSocketMessage) return fail(WebSocketClose::too_big);
  WebSocketMask mask{};
  if (masked) {
    if (in.size() < header + 4) return Result::need_more;
    std::memcpy(mask.data(), in.data() + header, 4);
    header += 4;
  }
  if (in.size() < header + length) return Result::need_more;

  MutableBytes payload = in.subspan(header, static_cast<std::size_t>(length));
  if (masked) apply_websocket_mask(payload, mask);
  used = header + payload.size();
  if (!is_control(opcode)) {
    return data_frame(static_cast<WebSocketOpcode>(opcode), fin, payload, out);
  }
  if (static_cast<WebSocketOpcode>(opcode) == WebSocketOpcode::close && !valid_close(payload)) {
    return fail(WebSocketClose::protocol_error);
  }
  out = {static_cast<WebSocketOpcode>(opcode), payload};
  return Result::message;
}

WebSocketDecoder::Result WebSocketDecoder::data_frame(WebSocketOpcode opcode, bool fin,
                                                      MutableBytes payload, WebSocketMessage& out) {
  if ((opcode == WebSocketOpcode::continuation) != fragmented_) {
    return fail(WebSocketClose::protocol_error);
  }
  if (!fragmented_ && fin) {
    out = {opcode, payload};
    return Result::message;
  }
  if (!fragmented_) {
    fragments_.clear();
    empty_fragments_ = 0;
    fragment_opcode_ = opcode;
  }
  if (fragments_.size() + payload.size() > kMaxWebSocketMessage) {
    return fail(WebSocketClose::too_big);
  }
  if (payload.empty() && ++empty_fragments_ > kMaxEmptyFragments) {
    return fail(WebSocketClose::policy_violation);
  }
  fragments_.insert(fragments_.end(), payload.begin(), payload.end());
  fragmented_ = !fin;
  if (!fin) return Result::need_more;
  out = {fragment_opcode_, fragments_};
  return Result::message;
}

}  // namespace rap::wire
