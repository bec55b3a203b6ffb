// What one end of a flow says of itself, in every acknowledgement and whenever the flow
// gets another path. Positions count the bytes of one direction of the flow from its beginning.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/bytes.hpp"

namespace rap::wire {

struct FlowPosition {
  static constexpr std::size_t kBytes = 8 + 8 + 1;

  std::uint64_t received = 0;  // all bytes before this have arrived, each once
  std::uint64_t limit = 0;  // the other end may send the bytes before this; never below `received`
  bool finished = false;  // and so has the other end's flow_end: `received` is all there is

  std::array<std::uint8_t, kBytes> encode() const;
  static std::optional<FlowPosition> decode(ByteView payload);
  bool operator==(const FlowPosition&) const = default;
};

}  // namespace rap::wire
