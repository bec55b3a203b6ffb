#include "control/nodes/notices/outage_notice.hpp"

#include "control/core/database_standing.hpp"
#include "control/http/json_reply.hpp"
#include "control/nodes/notices/written_time.hpp"

namespace rap::control {
namespace {

constexpr std::int64_t kMaxOutageBytes = 1024;

std::string_view what_to_look_at(std::optional<OutageCause> cause) {
  switch (cause.value_or(OutageCause::no_answer)) {
    case OutageCause::no_answer:
      return "Look whether PostgreSQL ran then, at its log, and at the network between the two.";
    case OutageCause::shutting_down:
      return "PostgreSQL was stopped or started: where nobody meant to, its log says why.";
    case OutageCause::too_slow:
      return "It took too long for a statement: look at the load and at the disk of its host then.";
    case OutageCause::out_of_room:
      return "It had no room for connections or memory: look at max_connections, and at what else "
             "uses it.";
    case OutageCause::host_failed:
      return "Its host failed it: look at its disk (df, dmesg) and at PostgreSQL's log.";
  }
  return "";
}

std::int64_t number_in(const Json& detail, const char* name) {
  const auto it = detail.find(name);
  return it != detail.end() && it->is_number_integer() ? it->get<std::int64_t>() : 0;
}

OutageNotice notice_of(const AuditEntry& entry) {
  const Json detail = parse_stored(entry.detail);
  OutageNotice out;
  out.server = entry.target_name;
  out.from = from_unix(number_in(detail, "from"));
  out.until = from_unix(number_in(detail, "until"));
  const auto said = detail.find("cause");
  const auto cause = said != detail.end() && said->is_string()
                         ? value_in<OutageCause>(kOutageCauseNames, said->get<std::string>())
                         : std::nullopt;
  const std::string seconds = std::to_string(number_in(detail, "seconds")) + " s";
  const auto times = number_in(detail, "times");
  out.text = "The database was away from rap-control on " + out.server + " ";
  out.text += times > 1 ? std::to_string(times) + " times between " + minute_of(out.from) +
                              " and " + minute_of(out.until) + ", " + seconds + " in all"
                        : "for " + seconds + ", from " + minute_of(out.from) + " on";
  out.text += ". Nodes carried on; nobody signed in or began a session there. " +
              std::string(what_to_look_at(cause));
  return out;
}

}  // namespace

std::vector<OutageNotice> outage_notices(const std::vector<AuditEntry>& entries) {
  std::vector<OutageNotice> out;
  for (const AuditEntry& entry : entries) out.push_back(notice_of(entry));
  return out;
}

Fields outage_notice_fields() {
  using namespace field;
  return {text("server"), time("from"), time("until"), text("text", kMaxOutageBytes)};
}

Json to_json(const std::vector<OutageNotice>& notices) {
  Json out = Json::array();
  for (const OutageNotice& notice : notices) {
    out.push_back({{"server", notice.server},
                   {"from", to_unix(notice.from)},
                   {"until", to_unix(notice.until)},
                   {"text", notice.text}});
  }
  return out;
}

}  // namespace rap::control
