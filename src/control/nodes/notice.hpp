// What an owner should know of a node and do something about, in a sentence that says what. Shown
// with the node ('rap admin nodes list'), and counted in the metric rap_node_notices.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/name_table.hpp"
#include "control/nodes/node.hpp"

namespace rap::control {

enum class NoticeCode : std::uint8_t {
  old_history,  // it has not followed since the database went back
  clock_off,    // its clock differs from the control plane's
  copied,       // two agents have its identity
};
inline constexpr std::array<std::string_view, 3> kNoticeNames = {"old_history", "clock_off",
                                                                 "copied"};

// A clock that is off by so much is spoken of.
inline constexpr std::chrono::seconds kClockOff{5};
// How far ahead of the control plane's the node's clock is, as it said last; nullopt: it did not.
std::optional<std::chrono::seconds> clock_skew_of(const Node& node);
constexpr std::string_view to_string(NoticeCode code) { return name_in(kNoticeNames, code); }

struct Notice {
  NoticeCode code;
  std::string text;
};

std::vector<Notice> notices_of(const Node& node);  // at most one of each code
// How many nodes have each, 0 included.
std::vector<StateCount> count_notices(const std::vector<Node>& nodes);
Fields notice_fields();
nlohmann::json to_json(const std::vector<Notice>& notices);

}  // namespace rap::control
