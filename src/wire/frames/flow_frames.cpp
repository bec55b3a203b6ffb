#include "wire/frames/flow_frames.hpp"

#include <algorithm>

namespace rap::wire {
namespace {

enum class FirstMessageKind : std::uint8_t { opens = 1, resumes = 2 };

// A credential with its length, and a first message that takes the rest: neither is empty.
bool read_both(ByteReader& r, std::string_view& credential, ByteView& first_message) {
  credential = as_text(r.field16());
  first_message = r.rest();
  return !r.failed() && !credential.empty() && credential.size() <= kMaxCredential &&
         !first_message.empty() && first_message.size() <= kMaxFirstMessage;
}

}  // namespace

Bytes FlowRequest::encode() const {
  Bytes out;
  ByteWriter w(out);
  w.raw(egress.bytes());
  w.field16(as_bytes(token));
  w.raw(first_message);
  return out;
}

std::optional<FlowRequest> FlowRequest::decode(ByteView payload) {
  ByteReader r(payload);
  FlowRequest request;
  request.egress = read_id<NodeId>(r);
  if (!read_both(r, request.token, request.first_message)) return std::nullopt;
  return request;
}

Bytes FlowResume::encode() const {
  Bytes out;
  ByteWriter w(out);
  w.raw(egress.bytes());
  w.raw(proof);
  w.field16(as_bytes(grant));
  w.raw(first_message);
  return out;
}

std::optional<FlowResume> FlowResume::decode(ByteView payload) {
  ByteReader r(payload);
  FlowResume resume;
  resume.egress = read_id<NodeId>(r);
  std::ranges::copy(r.raw(kFlowProof), resume.proof.begin());
  if (!read_both(r, resume.grant, resume.first_message)) return std::nullopt;
  return resume;
}

Bytes AttachedMessage::encode() const {
  Bytes out;
  ByteWriter w(out);
  w.u8(static_cast<std::uint8_t>(resumes ? FirstMessageKind::resumes : FirstMessageKind::opens));
  w.raw(credential);
  w.raw(first_message);
  return out;
}

std::optional<AttachedMessage> AttachedMessage::decode(ByteView bytes) {
  ByteReader r(bytes);
  AttachedMessage out;
  const std::uint8_t kind = r.u8();
  std::ranges::copy(r.raw(kHash), out.credential.begin());
  out.first_message = r.rest();
  out.resumes = kind == static_cast<std::uint8_t>(FirstMessageKind::resumes);
  const bool known = out.resumes || kind == static_cast<std::uint8_t>(FirstMessageKind::opens);
  if (r.failed() || !known || out.first_message.empty() ||
      out.first_message.size() > kMaxFirstMessage) {
    return std::nullopt;
  }
  return out;
}

Bytes FirstMessage::encode() const {
  Bytes out;
  ByteWriter w(out);
  w.u8(static_cast<std::uint8_t>(resumes ? FirstMessageKind::resumes : FirstMessageKind::opens));
  w.u8(static_cast<std::uint8_t>(traffic_class));
  if (resumes) {
    w.raw(resumes->bytes());
    w.u64(attempt);
  }
  w.raw(as_bytes(credential));
  return out;
}

std::optional<FirstMessage> FirstMessage::decode(ByteView bytes) {
  ByteReader r(bytes);
  FirstMessage message;
  const auto kind = static_cast<FirstMessageKind>(r.u8());
  const auto c = traffic_class_from(r.u8());
  if (kind != FirstMessageKind::opens && kind != FirstMessageKind::resumes) return std::nullopt;
  if (kind == FirstMessageKind::resumes) {
    message.resumes = read_id<FlowId>(r);
    message.attempt = r.u64();
  }
  message.credential = as_text(r.rest());
  if (r.failed() || !c || message.credential.empty() ||
      message.credential.size() > kMaxCredential) {
    return std::nullopt;
  }
  message.traffic_class = *c;
  return message;
}

Bytes FlowAnswer::encode() const {
  Bytes out;
  ByteWriter w(out);
  w.raw(flow.bytes());
  w.raw(position.encode());
  return out;
}

std::optional<FlowAnswer> FlowAnswer::decode(ByteView bytes) {
  ByteReader r(bytes);
  FlowAnswer answer;
  answer.flow = read_id<FlowId>(r);
  const auto position = FlowPosition::decode(r.rest());
  if (r.failed() || !position) return std::nullopt;
  answer.position = *position;
  return answer;
}

std::array<std::uint8_t, FlowConfirm::kBytes> FlowConfirm::encode() const {
  std::array<std::uint8_t, kBytes> out;
  std::ranges::copy(position.encode(), out.begin());
  std::uint8_t* const number = out.data() + FlowPosition::kBytes;
  store_be32(number, static_cast<std::uint32_t>(begins >> 32));
  store_be32(number + sizeof(std::uint32_t), static_cast<std::uint32_t>(begins));
  return out;
}

std::optional<FlowConfirm> FlowConfirm::decode(ByteView bytes) {
  ByteReader r(bytes);
  const auto position = FlowPosition::decode(r.raw(FlowPosition::kBytes));
  const std::uint64_t begins = r.u64();
  if (!r.finished() || !position) return std::nullopt;
  return FlowConfirm{*position, begins};
}

std::expected<FlowEnding, NoClose> decode_close(ByteView payload) {
  if (payload.size() != sizeof(ClosePayload)) return std::unexpected(NoClose{});
  if (payload[0] == 0) return std::nullopt;
  const auto reason = flow_reason_from(payload[0]);
  if (!reason) return std::unexpected(NoClose{});
  return reason;
}

}  // namespace rap::wire
