#include "wire/frames/flow_position.hpp"

namespace rap::wire {
namespace {

constexpr std::size_t kReceivedOffset = 0;
constexpr std::size_t kLimitOffset = 8;
constexpr std::size_t kFinishedOffset = 16;
static_assert(kFinishedOffset + 1 == FlowPosition::kBytes);

void store_be64(std::uint8_t* p, std::uint64_t v) {
  store_be32(p, static_cast<std::uint32_t>(v >> 32));
  store_be32(p + sizeof(std::uint32_t), static_cast<std::uint32_t>(v));
}

}  // namespace

std::array<std::uint8_t, FlowPosition::kBytes> FlowPosition::encode() const {
  std::array<std::uint8_t, kBytes> out;
  store_be64(out.data() + kReceivedOffset, received);
  store_be64(out.data() + kLimitOffset, limit);
  out[kFinishedOffset] = finished ? 1 : 0;
  return out;
}

std::optional<FlowPosition> FlowPosition::decode(ByteView payload) {
  ByteReader r(payload);
  FlowPosition position;
  position.received = r.u64();
  position.limit = r.u64();
  const std::uint8_t finished = r.u8();
  if (!r.finished() || finished > 1 || position.limit < position.received) return std::nullopt;
  position.finished = finished == 1;
  return position;
}

}  // namespace rap::wire
