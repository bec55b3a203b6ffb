// When something began to be wrong with a node that says so itself, and when it was over: what of
// that the audit log is told. A node whose clock swings about the limit, or that lies, does not
// fill the log: each code has at most one entry in kNoticeQuiet, and kMaxNoticesADay in a day. What
// is left out is counted, and the next entry says how much it was.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "control/nodes/notices/notice.hpp"

namespace rap::control {

inline constexpr std::chrono::seconds kNoticeQuiet = std::chrono::minutes{1};
inline constexpr int kMaxNoticesADay = 16;  // of one code and node

// How each code that was ever told of stands in the audit log, and since when.
struct Told {
  bool stands = false;
  WallTime at{};
  WallTime day_began{};
  int today = 0;  // entries since then
  bool seen = false;  // how it stood when it was looked at last
  std::uint64_t left_out = 0;  // changes since the last entry that have none

  bool operator==(const Told&) const = default;
};
using ToldNotices = std::map<NoticeCode, Told>;

struct NoticeChange {
  NoticeCode code;
  bool began = false;  // else it is over
  std::string text;  // of the one that began
  std::uint64_t left_out = 0;  // changes before it that were not told
};

// Takes in what holds of the node now; what is to be told comes back. `told` may have changed
// though nothing is.
std::vector<NoticeChange> follow_notices(ToldNotices& told, const std::vector<Notice>& holding,
                                         WallTime now);

std::string to_json(const ToldNotices& told);
ToldNotices told_notices_from(std::string_view json);  // empty when it makes no sense

}  // namespace rap::control
