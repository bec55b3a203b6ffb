#include "control/nodes/notices/noticing.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace rap::control {
namespace {

using nlohmann::json;

// The others have entries of their own (copied), or come with time alone.
constexpr std::array kSaidByTheNode = {NoticeCode::clock_off, NoticeCode::listener_failed,
                                       NoticeCode::disk_failing};

}  // namespace

std::vector<NoticeChange> follow_notices(ToldNotices& told, const std::vector<Notice>& holding,
                                         WallTime now) {
  std::vector<NoticeChange> out;
  for (const NoticeCode code : kSaidByTheNode) {
    const auto holds = std::ranges::find(holding, code, &Notice::code);
    const bool stands = holds != holding.end();
    const auto before = told.find(code);
    if (stands == (before != told.end() && before->second.stands)) continue;
    if (before != told.end() && now < before->second.at + kNoticeQuiet) continue;
    told[code] = {.stands = stands, .at = now};
    out.push_back({code, stands, stands ? holds->text : std::string()});
  }
  return out;
}

std::string to_json(const ToldNotices& told) {
  json out = json::object();
  for (const auto& [code, one] : told) {
    out[std::string(to_string(code))] = {{"stands", one.stands}, {"at", to_unix(one.at)}};
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
    out[*code] = {.stands = stands->get<bool>(), .at = from_unix(at->get<std::int64_t>())};
  }
  return out;
}

}  // namespace rap::control
