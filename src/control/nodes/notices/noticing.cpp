#include "control/nodes/notices/noticing.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace rap::control {
namespace {

using nlohmann::json;

// The others have entries of their own (copied), or come with time alone.
constexpr std::array kSaidByTheNode = {NoticeCode::clock_off, NoticeCode::listener_failed,
                                       NoticeCode::address_differs, NoticeCode::disk_failing};

bool may_tell(Told& one, bool stands, WallTime now) {
  if (stands == one.stands || now < one.at + kNoticeQuiet) return false;
  if (now < one.day_began || now >= one.day_began + std::chrono::days{1}) {
    one.day_began = now;
    one.today = 0;
  }
  return one.today < kMaxNoticesADay;
}

}  // namespace

std::vector<NoticeChange> follow_notices(ToldNotices& told, const std::vector<Notice>& holding,
                                         WallTime now) {
  std::vector<NoticeChange> out;
  for (const NoticeCode code : kSaidByTheNode) {
    const auto holds = std::ranges::find(holding, code, &Notice::code);
    const bool stands = holds != holding.end();
    const auto before = told.find(code);
    if (before == told.end()) {
      if (!stands) continue;
      told[code] = {.stands = true, .at = now, .day_began = now, .today = 1, .seen = true};
      out.push_back({code, true, holds->text});
      continue;
    }
    Told& one = before->second;
    if (may_tell(one, stands, now)) {
      out.push_back({code, stands, stands ? holds->text : std::string(), one.left_out});
      one.stands = stands;
      one.at = now;
      one.left_out = 0;
      ++one.today;
    } else if (stands != one.seen) {
      ++one.left_out;
    }
    one.seen = stands;
  }
  return out;
}

std::string to_json(const ToldNotices& told) {
  json out = json::object();
  for (const auto& [code, one] : told) {
    out[std::string(to_string(code))] = {
        {"stands", one.stands}, {"at", to_unix(one.at)}, {"day_began", to_unix(one.day_began)},
        {"today", one.today},   {"seen", one.seen},      {"left_out", one.left_out}};
  }
  return out.dump();
}

ToldNotices told_notices_from(std::string_view text) {
  ToldNotices out;
  const json object = json::parse(text, nullptr, false);
  if (!object.is_object()) return out;
  for (const auto& [name, one] : object.items()) {
    const auto code = value_in<NoticeCode>(kNoticeNames, name);
    if (!code || !one.is_object()) continue;
    const auto stands = one.find("stands");
    const auto at = one.find("at");
    if (stands == one.end() || !stands->is_boolean()) continue;
    if (at == one.end() || !at->is_number_integer()) continue;
    Told& told = out[*code];
    told = {.stands = stands->get<bool>(), .at = from_unix(at->get<std::int64_t>())};
    // Releases before these counted nothing.
    const auto number = [&](const char* member) {
      const auto it = one.find(member);
      return it != one.end() && it->is_number_integer() ? it->get<std::int64_t>() : 0;
    };
    const auto seen = one.find("seen");
    told.seen = seen != one.end() && seen->is_boolean() ? seen->get<bool>() : told.stands;
    told.day_began = from_unix(number("day_began"));
    told.today = static_cast<int>(std::clamp<std::int64_t>(number("today"), 0, kMaxNoticesADay));
    told.left_out = static_cast<std::uint64_t>(std::max<std::int64_t>(number("left_out"), 0));
  }
  return out;
}

}  // namespace rap::control
