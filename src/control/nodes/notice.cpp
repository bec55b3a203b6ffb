#include "control/nodes/notice.hpp"

#include <algorithm>
#include <cstdlib>

#include "control/http/json_reply.hpp"
#include "control/nodes/incarnations.hpp"
#include "snapshot/history.hpp"

namespace rap::control {
namespace {

constexpr std::int64_t kMaxNoticeBytes = 512;
constexpr std::chrono::seconds kMostSkew = std::chrono::years{1000};

}  // namespace

std::optional<std::chrono::seconds> clock_skew_of(const Node& node) {
  const Json metrics = parse_stored(node.metrics);
  const auto said = metrics.find("clock_skew_s");
  if (said == metrics.end() || !said->is_number_integer()) return std::nullopt;
  return std::chrono::seconds{
      std::clamp(said->get<std::int64_t>(), -kMostSkew.count(), kMostSkew.count())};
}

std::vector<Notice> notices_of(const Node& node) {
  std::vector<Notice> out;
  if (node.state != NodeState::approved) return out;
  if (node.history_began > WallTime{} &&
      node.acked_config_version < snapshot::number_at(node.history_began)) {
    out.push_back({NoticeCode::old_history,
                   "The database went back, and this node has not followed yet. It does with its "
                   "next check-in; if it does not come, look at its agent's log."});
  }
  if (const auto skew = clock_skew_of(node); skew && std::chrono::abs(*skew) >= kClockOff) {
    out.push_back({NoticeCode::clock_off,
                   "Its clock is " + std::to_string(std::abs(skew->count())) + " s " +
                       (skew->count() > 0 ? "ahead of" : "behind") +
                       " the control plane's. Set the clock of that host, and keep it by NTP; from "
                       "30 s on, sessions through it fail."});
  }
  const auto copy = incarnations_from(node.incarnations).copy_seen_at;
  if (copy && *copy + kCopySpokenOf >= node.checked_in_at) {
    out.push_back({NoticeCode::copied,
                   "Two agents run with its identity; the one that came later is kept out. Stop "
                   "the copy and enrol its host as a node of its own. If somebody took the keys, "
                   "revoke the node."});
  }
  return out;
}

std::vector<StateCount> count_notices(const std::vector<Node>& nodes) {
  std::vector<StateCount> out;
  for (const std::string_view name : kNoticeNames) out.push_back({std::string(name), 0});
  for (const Node& node : nodes) {
    for (const Notice& notice : notices_of(node)) {
      ++out.at(static_cast<std::size_t>(notice.code)).count;
    }
  }
  return out;
}

Fields notice_fields() {
  using namespace field;
  return {choice("code", kNoticeNames), text("text", kMaxNoticeBytes)};
}

Json to_json(const std::vector<Notice>& notices) {
  Json out = Json::array();
  for (const Notice& notice : notices) {
    out.push_back({{"code", to_string(notice.code)}, {"text", notice.text}});
  }
  return out;
}

}  // namespace rap::control
