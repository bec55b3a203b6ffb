// The classes of traffic a channel may carry (CH-6). Authorization, QoS and metrics are per class.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace rap::wire {

enum class TrafficClass : std::uint8_t {
  fabric_control = 0,
  route_control = 1,
  health = 2,
  telemetry = 3,
  render = 4,
  input = 5,
  clipboard = 6,
  file_transfer = 7,
  storage_fetch = 8,
  update_fetch = 9,
  vpn_packet = 10,
};

inline constexpr std::size_t kTrafficClassCount = 11;

inline constexpr std::array<std::string_view, kTrafficClassCount> kTrafficClassNames = {
    "fabric_control", "route_control", "health",        "telemetry",    "render",    "input",
    "clipboard",      "file_transfer", "storage_fetch", "update_fetch", "vpn_packet"};

constexpr std::string_view to_string(TrafficClass c) {
  return kTrafficClassNames[static_cast<std::size_t>(c)];
}
constexpr std::optional<TrafficClass> traffic_class_from(std::uint8_t v) {
  if (v >= kTrafficClassCount) return std::nullopt;
  return static_cast<TrafficClass>(v);
}
constexpr std::optional<TrafficClass> traffic_class_from(std::string_view name) {
  for (std::size_t i = 0; i < kTrafficClassCount; ++i) {
    if (kTrafficClassNames[i] == name) return static_cast<TrafficClass>(i);
  }
  return std::nullopt;
}

// A set of classes as the 16-bit mask it has on the wire: bit n is class n.
class TrafficClassSet {
 public:
  constexpr TrafficClassSet() = default;
  constexpr TrafficClassSet(std::initializer_list<TrafficClass> classes) {
    for (TrafficClass c : classes) add(c);
  }
  static constexpr std::optional<TrafficClassSet> from_bits(std::uint16_t bits) {
    if (bits >> kTrafficClassCount) return std::nullopt;
    TrafficClassSet s;
    s.bits_ = bits;
    return s;
  }
  static constexpr TrafficClassSet all() { return *from_bits((1U << kTrafficClassCount) - 1); }

  constexpr void add(TrafficClass c) {
    bits_ = static_cast<std::uint16_t>(bits_ | (1U << static_cast<unsigned>(c)));
  }
  constexpr bool contains(TrafficClass c) const { return (bits_ >> static_cast<unsigned>(c)) & 1U; }
  constexpr TrafficClassSet intersect(TrafficClassSet o) const {
    return *from_bits(static_cast<std::uint16_t>(bits_ & o.bits_));
  }
  constexpr TrafficClassSet without(TrafficClassSet o) const {
    return *from_bits(static_cast<std::uint16_t>(bits_ & ~o.bits_));
  }
  constexpr TrafficClassSet join(TrafficClassSet o) const {
    return *from_bits(static_cast<std::uint16_t>(bits_ | o.bits_));
  }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr std::uint16_t bits() const { return bits_; }
  constexpr bool operator==(const TrafficClassSet&) const = default;

 private:
  std::uint16_t bits_ = 0;
};

}  // namespace rap::wire
