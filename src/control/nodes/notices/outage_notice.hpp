// What an owner should know of outages of the database, which are none of one node: shown beneath
// the nodes ('rap admin nodes list'), of the entries that each rap-control wrote of its own.
#pragma once

#include <chrono>
#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "control/core/audit.hpp"
#include "control/http/schema.hpp"

namespace rap::control {

inline constexpr std::chrono::seconds kOutageSpokenOf = std::chrono::days{1};  // after it was over
inline constexpr std::size_t kOutagesSpokenOf = 5;  // the newest

struct OutageNotice {
  std::string server;  // the host that found the database away
  WallTime from{};
  WallTime until{};
  std::string text;  // when, how long, at which server, and what to do
};

std::vector<OutageNotice> outage_notices(const std::vector<AuditEntry>& entries);

Fields outage_notice_fields();
nlohmann::json to_json(const std::vector<OutageNotice>& notices);

}  // namespace rap::control
