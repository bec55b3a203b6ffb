// When something began to be wrong with a node that says so itself, and when it was over: what of
// that the audit log is told. A node whose clock swings about the limit, or that lies, does not
// fill the log: each code has at most one entry in kNoticeQuiet.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "control/nodes/notices/notice.hpp"

namespace rap::control {

inline constexpr std::chrono::seconds kNoticeQuiet = std::chrono::minutes{1};

// How each code that was ever told of stands in the audit log, and since when.
struct Told {
  bool stands = false;
  WallTime at{};

  bool operator==(const Told&) const = default;
};
using ToldNotices = std::map<NoticeCode, Told>;

struct NoticeChange {
  NoticeCode code;
  bool began = false;  // else it is over
  std::string text;    // of the one that began
};

// Takes in what holds of the node now; what is to be told comes back.
std::vector<NoticeChange> follow_notices(ToldNotices& told, const std::vector<Notice>& holding,
                                         WallTime now);

std::string to_json(const ToldNotices& told);
ToldNotices told_notices_from(std::string_view json);  // empty when it makes no sense

}  // namespace rap::control
