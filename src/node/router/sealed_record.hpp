// What entry and egress agree on about the sealed records of a flow.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.hpp"
#include "wire/frames/frame.hpp"
#include "wire/traffic_class.hpp"

namespace rap::router {

// A record is sealed together with its frame's type, so that a relay cannot turn one into another.
inline std::array<std::uint8_t, 1> associated(wire::FrameType type) {
  return {static_cast<std::uint8_t>(type)};
}

// What a flow is opened with, for the egress alone: the flow's class in one byte, so that a relay
// cannot change it, and then the client's token.
struct SealedRequest {
  wire::TrafficClass traffic_class = wire::TrafficClass::input;
  std::string_view token;

  Bytes encode() const {
    Bytes out = {static_cast<std::uint8_t>(traffic_class)};
    out.insert(out.end(), token.begin(), token.end());
    return out;
  }
  // nullopt for an unknown class, and for no token. The token is where `bytes` are.
  static std::optional<SealedRequest> decode(ByteView bytes) {
    if (bytes.size() < 2) return std::nullopt;
    const auto c = wire::traffic_class_from(bytes.front());
    if (!c) return std::nullopt;
    return SealedRequest{*c, as_text(bytes.subspan(1))};
  }
};

}  // namespace rap::router
