#include "control/link/security_audit.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "control/link/node_report.hpp"

namespace rap::control {
namespace {

using nlohmann::json;
using wire::SecurityEvent;
using wire::SecurityEventKind;

// What of an event is for its organization too: nothing of the fabric's nodes.
json detail_of(const SecurityEvent& event) {
  json out = {{"reason", event.reason},
              {"count", event.count},
              {"first_at", event.first_at},
              {"last_at", event.last_at}};
  if (!event.source.empty()) out["source"] = event.source;
  if (!event.address.empty()) out["address"] = event.address;
  if (event.user) out["user"] = event.user->str();
  if (event.others) out["others"] = true;
  return out;
}

AuditEntry about(const AuditEntry& actor, const SecurityEvent& event,
                 const SecuritySubjects& known) {
  const std::string action = "security." + std::string(to_string(event.kind));
  AuditEntry entry = actor;
  if (event.resource) {
    const auto it = known.resources.find(*event.resource);
    entry = actor.about(action, "resource", event.resource->str(),
                        it == known.resources.end() ? "" : it->second.name);
  } else if (event.peer) {
    const auto it = known.nodes.find(*event.peer);
    entry =
        actor.about(action, "node", event.peer->str(), it == known.nodes.end() ? "" : it->second);
  } else {
    entry = actor.about(action, "node", actor.actor_id, actor.actor_name);
  }
  entry.outcome = event.kind == SecurityEventKind::channel_closed ? "ok" : "denied";
  return entry;
}

// The node's word is taken for an organization that its cluster serves, and about a resource of
// that one: every token names one. A host of an organization is another's in nothing, and who owns
// it decides what it says.
std::optional<OrganizationId> concerned(const Node& node, const SecurityEvent& event,
                                        const SecuritySubjects& known) {
  if (!event.organization || !known.organizations.contains(*event.organization)) {
    return std::nullopt;
  }
  if (node.organization && node.organization != event.organization) return std::nullopt;
  if (!event.resource) return std::nullopt;
  const auto it = known.resources.find(*event.resource);
  if (it == known.resources.end() || it->second.organization != *event.organization) {
    return std::nullopt;
  }
  return event.organization;
}

// Two entries, as of everything in an organization's path: the platform's names the nodes.
void write_entries(const NodeCall& call, const SecurityEvent& event,
                   const SecuritySubjects& known) {
  json detail = detail_of(event);
  if (event.peer) detail["peer"] = event.peer->str();
  if (event.organization) detail["organization"] = event.organization->str();
  call.tx.audit(about(call.audit_entry(), event, known).with(detail));
  const auto organization = concerned(call.node, event, known);
  if (!organization) return;
  SecurityEvent seen = event;
  seen.peer.reset();
  AuditEntry entry =
      about(AuditEntry::of_system(call.now, "rap-fabric"), seen, known).with(detail_of(seen));
  entry.organization = organization;
  call.tx.audit(std::move(entry));
}

}  // namespace

std::string to_json(const AuditedEvents& audited) {
  json runs = json::array();
  for (const auto& run : audited.runs) runs.push_back(to_value(run));
  return json{{"runs", std::move(runs)},
              {"full_at", to_unix(audited.full_at)},
              {"day_began", to_unix(audited.day_began)},
              {"today", audited.today}}
      .dump();
}

AuditedEvents audited_events_from(std::string_view text) {
  AuditedEvents out;
  const json object = json::parse(text, nullptr, false);
  if (!object.is_object()) return out;
  const auto runs = object.find("runs");
  const auto full_at = object.find("full_at");
  if (runs == object.end() || !runs->is_array()) return out;
  if (full_at == object.end() || !full_at->is_number_integer()) return out;
  out.full_at = from_unix(full_at->get<std::int64_t>());
  // Releases before these did not count days.
  const auto number = [&](const char* name) {
    const auto it = object.find(name);
    return it != object.end() && it->is_number_integer() ? it->get<std::int64_t>() : 0;
  };
  out.day_began = from_unix(number("day_began"));
  out.today =
      static_cast<int>(std::clamp<std::int64_t>(number("today"), 0, kMaxSecurityEventsADay));
  for (const json& item : *runs) {
    if (auto run = wire::security_events_taken_from(item)) out.runs.push_back(std::move(*run));
  }
  return out;
}

FreshEvents take_security_events(AuditedEvents& audited, const wire::SecurityEvents& said,
                                 WallTime now) {
  auto run = std::ranges::find(audited.runs, said.run, &wire::SecurityEventsTaken::run);
  if (run == audited.runs.end()) {
    audited.runs.push_back({said.run, 0});
    if (audited.runs.size() > kMaxAuditedRuns) audited.runs.erase(audited.runs.begin());
    run = audited.runs.end() - 1;
  }
  // A clock that went back stops nobody for longer than it takes to fill up.
  const WallTime full = now + kMaxSecurityEventBurst * kSecurityEventEvery;
  audited.full_at = std::clamp(audited.full_at, now, full);
  if (now < audited.day_began || now >= audited.day_began + std::chrono::days{1}) {
    audited.day_began = now;
    audited.today = 0;
  }
  FreshEvents fresh;
  for (const SecurityEvent& event : said.events) {
    if (event.seq <= run->seq) continue;
    if (!event.unknown_kind.empty()) {
      run->seq = event.seq;
      fresh.unknown.push_back(event);
      continue;
    }
    const bool has_said_much = audited.today >= kMaxSecurityEventsADay;
    const auto every = has_said_much ? kSecurityEventEveryThen : kSecurityEventEvery;
    if (audited.full_at + every > full) break;
    audited.full_at += every;
    if (!has_said_much) ++audited.today;
    run->seq = event.seq;
    fresh.known.push_back(event);
  }
  return fresh;
}

std::optional<wire::SecurityEventsTaken> audit_security_events(const NodeCallPorts& ports,
                                                               const NodeCall& call) {
  const auto member = call.body.find("security_events");
  if (member == call.body.end()) return std::nullopt;
  const auto said = wire::security_events_from(*member);
  if (!said) {
    ports.log.warn(LogCause::member(call.node.id.str()), "security_events.refused",
                   {{"node", call.node.name}, {"detail", said.error()}});
    return std::nullopt;
  }
  AuditedEvents audited = audited_events_from(call.admitted.audited_events);
  const auto fresh = take_security_events(audited, *said, call.now);
  const auto run = std::ranges::find(audited.runs, said->run, &wire::SecurityEventsTaken::run);
  if (fresh.empty()) return *run;
  // Another call of this node may have taken them meanwhile: then its next check-in says it.
  if (!call.tx.node_reports().record_audited_events(call.node.id, call.admitted.audited_events,
                                                    to_json(audited))) {
    return std::nullopt;
  }
  for (const SecurityEvent& event : fresh.unknown) {
    ports.log.warn(
        LogCause::member(call.node.id.str(), "unknown_kind"), "security.unknown_kind",
        {{"node", call.node.name},
         {"kind", event.unknown_kind},
         {"count", event.count},
         {"detail", "The node is of a newer release. Upgrade rap-control to audit it."}});
  }
  const SecuritySubjects known = call.tx.node_reports().security_subjects(fresh.known);
  for (const SecurityEvent& event : fresh.known) {
    write_entries(call, event, known);
    ports.log.warn(LogCause::member(call.node.id.str(), to_string(event.kind)), "security.event",
                   {{"node", call.node.name},
                    {"kind", to_string(event.kind)},
                    {"reason", event.reason},
                    {"count", event.count}});
  }
  return *run;
}

}  // namespace rap::control
