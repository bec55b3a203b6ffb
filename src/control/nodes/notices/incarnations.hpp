// Telling a node from its copy (scenario 37). An agent draws an incarnation at each start and says
// it at each check-in. One that was followed by another is over, for an agent that restarts never
// comes back as what it was; so one that does come back runs beside the one that followed it: two
// hosts have one identity. Which of them was meant nobody can tell from here. The one that was
// there before stays, and what came after it is kept out, so that whoever copies a running node
// takes nothing over. A newcomer that is kept out takes the node's place when the other one has not
// been heard of for a while: that is how a node moves to another host with its state directory.
// One that has counted for a while undisputed is the resident: whatever comes after it and takes
// turns, it counts again when it is heard of, so that a thief of the node's keys who starts many
// agents does not keep the node out.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"

namespace rap::control {

inline constexpr std::size_t kMaxIncarnationsKept = 8;  // of each list
inline constexpr std::size_t kMaxIncarnationBytes = 64;
// Who counts must have been silent for so long before one that is kept out counts instead.
inline constexpr std::chrono::seconds kIncarnationSilence{60};
// For so long one must have counted to be the resident.
inline constexpr std::chrono::seconds kResidence{60};
// How long after it was last seen a copy is spoken of.
inline constexpr std::chrono::seconds kCopySpokenOf = std::chrono::hours{1};

struct Incarnations {
  std::string current;
  std::optional<WallTime> current_since;
  std::string resident;  // empty: none yet
  std::vector<std::string> former;  // newest last
  std::vector<std::string> kept_out;  // newest last
  std::optional<WallTime> copy_seen_at;

  bool operator==(const Incarnations&) const = default;
};

enum class IncarnationVerdict : std::uint8_t {
  known,  // the one that counts
  began,  // a new one, which counts from now on
  returned,  // it was over, and is back: the one after it is a copy
  caught,  // a copy, found only now
  kept_out,  // a copy
};

// A check-in of `who`, when the node was heard of last at `heard`.
IncarnationVerdict take_check_in(Incarnations& of_node, std::string_view who, WallTime heard,
                                 WallTime now);

std::string to_json(const Incarnations& incarnations);
Incarnations incarnations_from(std::string_view json);  // empty when it makes no sense

}  // namespace rap::control
