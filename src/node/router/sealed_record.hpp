// What entry and egress agree on about the sealed records of a flow.
#pragma once

#include <array>
#include <cstdint>

#include "wire/frame.hpp"

namespace rap::router {

// A record is sealed together with its frame's type, so that a relay cannot turn one into another.
inline std::array<std::uint8_t, 1> associated(wire::FrameType type) {
  return {static_cast<std::uint8_t>(type)};
}

}  // namespace rap::router
