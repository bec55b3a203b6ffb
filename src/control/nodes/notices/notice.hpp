// What an owner should know of a node and do something about, in a sentence that says what. Shown
// with the node ('rap admin nodes list'), and counted in the metric rap_node_notices.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/name_table.hpp"
#include "control/http/schema.hpp"
#include "control/nodes/node.hpp"

namespace rap::control {

enum class NoticeCode : std::uint8_t {
  silent,       // it has not checked in for kSilentAfter
  old_history,  // it has not followed since the database went back
  clock_off,    // its clock differs from the control plane's
  copied,       // two agents have its identity
  listener_failed,  // an address it should listen at cannot be opened
  address_differs,  // it is reached elsewhere than its peers and clients are told
  disk_failing,  // it cannot write its state, or slowly
  certificate_expires_soon,  // renewing it has failed for a while
  certificate_expired,
};
inline constexpr std::array<std::string_view, 9> kNoticeNames = {"silent",
                                                                 "old_history",
                                                                 "clock_off",
                                                                 "copied",
                                                                 "listener_failed",
                                                                 "address_differs",
                                                                 "disk_failing",
                                                                 "certificate_expires_soon",
                                                                 "certificate_expired"};

// Nodes check in every few seconds, and at the longest that can be set every five minutes.
inline constexpr std::chrono::seconds kSilentAfter = std::chrono::minutes{10};

// A node renews a certificate before the last third of its life begins. What is left when a third
// of that third is left, 1/9 of its life, is spoken of.
inline constexpr int kUnrenewedPart = 9;

// A clock that is off by so much is spoken of.
inline constexpr std::chrono::seconds kClockOff{5};
// How far ahead of the control plane's the node's clock is, as it said last; nullopt: it did not.
std::optional<std::chrono::seconds> clock_skew_of(const Node& node);
constexpr std::string_view to_string(NoticeCode code) { return name_in(kNoticeNames, code); }

struct Notice {
  NoticeCode code;
  std::string text;
};

std::vector<Notice> notices_of(const Node& node, WallTime now);  // at most one of each code
// How many nodes have each, 0 included.
std::vector<StateCount> count_notices(const std::vector<Node>& nodes, WallTime now);
Fields notice_fields();
nlohmann::json to_json(const std::vector<Notice>& notices);

}  // namespace rap::control
