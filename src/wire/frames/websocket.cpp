#include "wire/frames/websocket.hpp"

#include "base/log/utf8.hpp"

namespace rap::wire {
namespace {

// The frame's header (RFC 6455 §5.2): two bytes, then a wider length if the second one says so,
// then the masking key if its bit is set.
constexpr std::size_t kFlagsAt = 0;  // FIN, RSV1-3 and the opcode
constexpr std::size_t kLengthAt = kWebSocketLengthOffset;  // MASK and the payload length
constexpr std::size_t kExtendedLengthAt = 2;
constexpr std::size_t kBaseHeader = 2;
constexpr std::size_t kHeaderWith16 = kBaseHeader + 2;
constexpr std::size_t kHeaderWith64 = kBaseHeader + 8;
constexpr std::size_t kMaskingKeyBytes = 4;
static_assert(kHeaderWith64 + kMaskingKeyBytes == kMaxWebSocketHeader);

constexpr std::uint8_t kFin = 0x80;
constexpr std::uint8_t kReservedBits = 0x70;
constexpr std::uint8_t kOpcodeBits = 0x0f;
constexpr std::uint8_t kMaskBit = 0x80;
constexpr std::uint8_t kLengthBits = 0x7f;

// What the payload length says when the length stands behind it; one below is the length itself.
constexpr std::uint8_t kLengthIs16 = 126;
constexpr std::uint8_t kLengthIs64 = 127;
constexpr std::uint64_t kMax16 = 0xffff;

constexpr std::size_t kMaxControlPayload = 125;  // §5.5
constexpr std::uint8_t kFirstControlOpcode = 0x8;

// Close codes that may be on the wire (§7.4): those registered for the protocol, without the three
// that are not to be sent, and the ranges of libraries and of applications.
constexpr std::size_t kCloseCodeBytes = sizeof(WebSocketClose);
constexpr unsigned kFirstProtocolClose = 1000;
constexpr unsigned kLastProtocolClose = 1014;
constexpr unsigned kReservedClose = 1004;
constexpr unsigned kNoStatusReceived = 1005;
constexpr unsigned kAbnormalClosure = 1006;
constexpr unsigned kFirstFreeClose = 3000;
constexpr unsigned kLastFreeClose = 4999;

bool known(std::uint8_t opcode) {
  switch (static_cast<WebSocketOpcode>(opcode)) {
    case WebSocketOpcode::continuation:
    case WebSocketOpcode::text:
    case WebSocketOpcode::binary:
    case WebSocketOpcode::close:
    case WebSocketOpcode::ping:
    case WebSocketOpcode::pong: return true;
  }
  return false;
}
bool is_control(std::uint8_t opcode) { return opcode >= kFirstControlOpcode; }

// A close payload is empty or starts with a code that may appear on the wire.
bool valid_close(ByteView payload) {
  if (payload.empty()) return true;
  if (payload.size() < kCloseCodeBytes) return false;
  const unsigned code = ByteReader(payload).u16();
  if (code >= kFirstFreeClose && code <= kLastFreeClose) return true;
  return code >= kFirstProtocolClose && code <= kLastProtocolClose && code != kReservedClose &&
         code != kNoStatusReceived && code != kAbnormalClosure;
}

}  // namespace

std::size_t encode_websocket_header(std::uint8_t* out, WebSocketOpcode opcode, std::size_t length,
                                    const std::optional<WebSocketMask>& mask) {
  const std::uint8_t mask_bit = mask ? kMaskBit : 0;
  std::uint8_t* const extended = out + kExtendedLengthAt;
  std::size_t n = kBaseHeader;
  out[kFlagsAt] = static_cast<std::uint8_t>(kFin | static_cast<std::uint8_t>(opcode));
  if (length < kLengthIs16) {
    out[kLengthAt] = static_cast<std::uint8_t>(mask_bit | length);
  } else if (length <= kMax16) {
    out[kLengthAt] = mask_bit | kLengthIs16;
    extended[0] = static_cast<std::uint8_t>(length >> 8);
    extended[1] = static_cast<std::uint8_t>(length);
    n = kHeaderWith16;
  } else {
    out[kLengthAt] = mask_bit | kLengthIs64;
    store_be32(extended, static_cast<std::uint32_t>(static_cast<std::uint64_t>(length) >> 32));
    store_be32(extended + sizeof(std::uint32_t), static_cast<std::uint32_t>(length));
    n = kHeaderWith64;
  }
  if (mask) {
    std::memcpy(out + n, mask->data(), kMaskingKeyBytes);
    n += kMaskingKeyBytes;
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
  if (!fragmented_) Bytes().swap(fragments_);  // of the message before, which was handed out
  if (in.size() < kBaseHeader) return Result::need_more;
  const bool fin = in[kFlagsAt] & kFin;
  const std::uint8_t opcode = in[kFlagsAt] & kOpcodeBits;
  const bool masked = in[kLengthAt] & kMaskBit;
  if ((in[kFlagsAt] & kReservedBits) != 0 || !known(opcode))
    return fail(WebSocketClose::protocol_error);
  if (masked != (role_ == WebSocketRole::server)) return fail(WebSocketClose::protocol_error);

  std::uint64_t length = in[kLengthAt] & kLengthBits;
  std::size_t header = kBaseHeader;
  if (is_control(opcode) && (!fin || length > kMaxControlPayload)) {
    return fail(WebSocketClose::protocol_error);
  }
  if (length >= kLengthIs16) {
    const bool wide = length == kLengthIs64;
    header = wide ? kHeaderWith64 : kHeaderWith16;
    if (in.size() < header) return Result::need_more;
    ByteReader r(ByteView(in).subspan(kExtendedLengthAt));
    length = wide ? r.u64() : r.u16();
    // §5.2: the shortest form is required.
    if (length < (wide ? kMax16 + 1 : std::uint64_t{kLengthIs16}))
      return fail(WebSocketClose::protocol_error);
  }
  if (length > kMaxWebSocketMessage) return fail(WebSocketClose::too_big);
  WebSocketMask mask{};
  if (masked) {
    if (in.size() < header + kMaskingKeyBytes) return Result::need_more;
    std::memcpy(mask.data(), in.data() + header, kMaskingKeyBytes);
    header += kMaskingKeyBytes;
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
  if (static_cast<WebSocketOpcode>(opcode) == WebSocketOpcode::close && payload.size() > 0 &&
      !is_utf8(as_text(payload.subspan(kCloseCodeBytes)))) {
    return fail(WebSocketClose::invalid_payload);  // the reason is text (§5.5.1, §8.1)
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
