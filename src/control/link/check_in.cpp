// A node says what it runs and carries, and hears what is new (CP-2). Every node does so every few
// seconds: an idle one costs two statements.
#include <algorithm>

#include "control/link/node_calls.hpp"
#include "control/link/node_report.hpp"
#include "control/pki/authority.hpp"
#include "control/sessions/node_command.hpp"
#include "control/sessions/session.hpp"

namespace rap::control {
namespace {

constexpr std::size_t kMaxReportedSessions = 16384;
// A session that should be gone is commanded away again, but not on every check-in.
constexpr std::chrono::seconds kRepeatCommandAfter{10};

std::vector<SessionPresence> carried_sessions(const Json& observations) {
  std::vector<SessionPresence> out;
  const auto sessions = observations.find("sessions");
  if (sessions == observations.end() || !sessions->is_array()) return out;
  for (const Json& item : *sessions) {
    if (!item.is_object() || out.size() == kMaxReportedSessions) continue;
    const auto id_text = item.find("session_id");
    if (id_text == item.end() || !id_text->is_string()) continue;
    const auto id = SessionId::parse(id_text->get<std::string>());
    if (!id) continue;
    out.push_back({*id, unsigned_member(item, "flows"), unsigned_member(item, "bytes_up"),
                   unsigned_member(item, "bytes_down")});
  }
  return out;
}

std::string member_text(const NodeCall& call, const char* name) {
  const auto it = call.body.find(name);
  return it == call.body.end() ? "{}" : it->dump();
}

// The number of the node's last command, which may be one of these.
std::uint64_t reconcile_sessions(const NodeCallPorts& ports, const NodeCall& call,
                                 const std::vector<SessionPresence>& carried) {
  auto& sessions = call.tx.sessions();
  if (carried.empty() && !call.admitted.carries_sessions) return call.admitted.commands_seq;
  sessions.settle_states(sessions.record_presence(call.node.id, carried, call.now), call.now);
  std::vector<SessionId> ids;
  ids.reserve(carried.size());
  // Of one that was used and is not carried at this moment there is nothing to end.
  for (const SessionPresence& p : carried) {
    if (p.flows > 0) ids.push_back(p.session);
  }
  const auto ended = sessions.ended_among(ids);
  for (const SessionId id : ended) {
    call.tx.commands().terminate_session(call.node.id, id, CommandId::random(ports.rng), call.now,
                                         call.now - kRepeatCommandAfter);
  }
  return ended.empty() ? call.admitted.commands_seq : call.tx.commands().last(call.node.id);
}

// One that the node does not have yet.
void add_audit_head(Json& answer, const NodeCallPorts& ports, const NodeCall& call) {
  const auto head = ports.audit_head ? ports.audit_head() : nullptr;
  if (head && head->seq != unsigned_member(call.body["versions"], "audit_head")) {
    answer["audit_head"] = head->envelope;
  }
}

}  // namespace

std::uint64_t unsigned_member(const Json& object, const char* name) {
  const auto it = object.find(name);
  if (it == object.end() || !it->is_number_unsigned()) return 0;
  return std::min<std::uint64_t>(it->get<std::uint64_t>(), INT64_MAX);
}

Outcome<Reply> check_in(const NodeCallPorts& ports, const NodeCall& call) {
  Node report = call.node;
  report.certificate_serial = call.request.peer_certificate_serial;
  report.versions = member_text(call, "versions");
  report.metrics = member_text(call, "metrics");
  report.metadata = member_text(call, "metadata");
  report.observations = member_text(call, "observations");
  const auto observations = call.body.find("observations");
  const auto carried = observations == call.body.end() ? std::vector<SessionPresence>{}
                                                       : carried_sessions(*observations);
  call.tx.node_reports().record_check_in(report, call.now);
  const std::uint64_t commands_seq = reconcile_sessions(ports, call, carried);
  // The certificate was issued under another root than the one that issues now.
  const bool wants_renewal = call.admitted.ca_ref != ports.authority->ca_ref();
  Json answer = {{"config_version", call.admitted.config_version},
                 {"commands_seq", commands_seq},
                 {"renew_certificate", wants_renewal},
                 {"server_time", to_unix(call.now)}};
  add_audit_head(answer, ports, call);
  return reply(answer);
}

}  // namespace rap::control
