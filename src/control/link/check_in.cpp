// A node says what it runs and carries, and hears what is new (CP-2). Every node does so every few
// seconds: an idle one costs two statements.
#include <algorithm>

#include "control/core/cluster.hpp"
#include "control/core/history_loss.hpp"
#include "control/link/node_calls.hpp"
#include "control/link/node_report.hpp"
#include "control/link/security_audit.hpp"
#include "control/nodes/notices/incarnations.hpp"
#include "control/nodes/notices/noticing.hpp"
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
                                 const NodeAdmission& admitted,
                                 const std::vector<SessionPresence>& carried) {
  auto& sessions = call.tx.sessions();
  if (carried.empty() && !admitted.carries_sessions) return admitted.commands_seq;
  sessions.settle_states(sessions.record_presence(call.node.id, carried, call.now), call.now);
  std::vector<SessionId> ids;
  ids.reserve(carried.size());
  // A session that was used and is not carried at this moment has nothing to end.
  for (const SessionPresence& p : carried) {
    if (p.flows > 0) ids.push_back(p.session);
  }
  const auto ended = sessions.ended_among(ids);
  for (const SessionId id : ended) {
    call.tx.commands().terminate_session(call.node.id, id, CommandId::random(ports.rng), call.now,
                                         call.now - kRepeatCommandAfter);
  }
  return ended.empty() ? admitted.commands_seq : call.tx.commands().last(call.node.id);
}

// What this node knows that the database does not: then that went back.
void follow_history(const NodeCallPorts& ports, const NodeCall& call, NodeAdmission& admitted) {
  const Json& versions = call.body["versions"];
  const std::uint64_t config = unsigned_member(versions, "config_version");
  const std::uint64_t command = unsigned_member(versions, "commands_seq");
  if (config <= admitted.config_version && command <= admitted.commands_seq) return;
  const auto history = call.tx.cluster().lock_history();
  if (!history) return;
  const std::uint64_t commanded = call.tx.commands().last(call.node.id);
  // Each number is believed by itself: one that is none says nothing beside one that is.
  std::uint64_t known = 0;
  if (tells_of_loss(*history, config, history->config_version, call.now)) known = config;
  if (tells_of_loss(*history, command, commanded, call.now)) known = std::max(known, command);
  if (known != 0) {
    begin_history(call.tx, call.audit_entry(), HistoryLoss::node_ahead, known, call.now);
    ports.log.error("database.went_back", {{"found_by", to_string(HistoryLoss::node_ahead)},
                                           {"node", call.node.name},
                                           {"known", known}});
  }
  admitted.config_version = call.tx.cluster().config_version();
  admitted.commands_seq = call.tx.commands().last(call.node.id);
}

// Whether this is a copy of the node, which is kept out.
bool is_kept_out(const NodeCallPorts& ports, const NodeCall& call) {
  const std::string who = call.text("incarnation");
  if (who.empty()) return false;  // an older agent
  const Incarnations before = incarnations_from(call.admitted.incarnations);
  Incarnations after = before;
  const auto verdict = take_check_in(after, who, call.admitted.checked_in_at, call.now);
  if (after != before) call.tx.node_reports().record_incarnations(call.node.id, to_json(after));
  const bool caught = verdict == IncarnationVerdict::caught;
  if (caught || verdict == IncarnationVerdict::returned) {
    call.tx.audit(call.audit_entry()
                      .about("node.copied", "node", call.node.id.str(), call.node.name)
                      .with({{"kept_out", after.kept_out.back()}}));
    ports.log.error("node.copied", {{"node", call.node.name},
                                    {"detail",
                                     "Two agents run with its identity; the one that came later is "
                                     "kept out."}});
  }
  return caught || verdict == IncarnationVerdict::kept_out;
}

// What the node says of itself is told where owners look later. The entry and the note that it was
// told are of one transaction: a crash takes back both.
void tell_of_notices(const NodeCallPorts& ports, const NodeCall& call, const Node& report) {
  ToldNotices told = told_notices_from(call.admitted.told_notices);
  const ToldNotices before = told;
  const auto changes = follow_notices(told, notices_of(report, call.now), call.now);
  if (told == before) return;
  call.tx.node_reports().record_told_notices(call.node.id, to_json(told));
  for (const NoticeChange& change : changes) {
    const std::string_view action = change.began ? "node.notice_began" : "node.notice_ended";
    Json detail = {{"notice", to_string(change.code)}};
    if (change.began) detail["text"] = change.text;
    if (change.left_out > 0) detail["changes_left_out"] = change.left_out;
    call.tx.audit(
        call.audit_entry().about(action, "node", call.node.id.str(), call.node.name).with(detail));
    ports.log.warn(
        action,
        {{"node", call.node.name}, {"notice", to_string(change.code)}, {"detail", change.text}});
  }
}

Json answer_to(const NodeCall& call, const NodeAdmission& admitted, bool renew, bool kept_out) {
  return {{"config_version", admitted.config_version},
          {"commands_seq", admitted.commands_seq},
          {"renew_certificate", renew},
          {"kept_out", kept_out},
          {"server_time", to_unix(call.now)}};
}

// The next configuration is being sent to all who keep a stream of events: who heard of it here
// first would ask for it, which takes several times the work and comes later. If it gets lost, the
// next check-in tells.
bool is_on_its_way(const NodeCallPorts& ports, const NodeCall& call,
                   const NodeAdmission& admitted) {
  const auto known = ports.given.find(call.node.id);
  if (!known || !known->config || call.now >= known->awaits_until) return false;
  return unsigned_member(call.body["versions"], "config_version") == known->config->version &&
         known->config->version < admitted.config_version;
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
  NodeAdmission admitted = call.admitted;
  // What a copy says of the node is not the node's.
  if (is_kept_out(ports, call)) return reply(answer_to(call, admitted, false, true));
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
  tell_of_notices(ports, call, report);
  follow_history(ports, call, admitted);
  if (is_on_its_way(ports, call, admitted)) {
    admitted.config_version = unsigned_member(call.body["versions"], "config_version");
  }
  admitted.commands_seq = reconcile_sessions(ports, call, admitted, carried);
  // The certificate was issued under another root than the one that issues now.
  const bool wants_renewal = admitted.ca_ref != ports.authority->ca_ref();
  Json answer = answer_to(call, admitted, wants_renewal, false);
  add_audit_head(answer, ports, call);
  if (const auto taken = audit_security_events(ports, call)) {
    answer["security_events_taken"] = to_value(*taken);
  }
  return reply(answer);
}

}  // namespace rap::control
