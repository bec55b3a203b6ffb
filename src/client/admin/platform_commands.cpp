// rap admin join-tokens, enrolments, audit.
#include <limits>
#include <nlohmann/json.hpp>
#include <ostream>

#include "base/ids.hpp"
#include "base/try.hpp"
#include "client/admin/admin_groups.hpp"
#include "client/api/api_types.hpp"
#include "client/command/leaf.hpp"
#include "wire/enrolment_state.hpp"
#include "wire/max_listed.hpp"

namespace rap::client {

namespace {

Fallible<int> create_join_token(World& w, ApiClient& api, const Words& a) {
  op::CreateJoinTokenRequest request{.node_name = a["--node"]};
  request.ttl_s = a.count("--ttl");
  if (!a["--organization"].empty()) request.organization = a["--organization"];
  const auto answer = typed_as(api.ask(op::create_join_token(request)), "ttl_s", "--ttl");
  const auto made = RAP_TRY(op::as<op::CreateJoinTokenAnswer>(answer));
  return show(w, answer, made.join_token);  // it is bare on its line, to be copied into a file
}

void add_join_tokens(CLI::App& admin, Invocation& invocation) {
  CLI::App& group = *add_group(admin, "join-tokens", "Invitations for new nodes");
  Leaf(group, invocation, "create", "Invite a node: print a join token that works once")
      .option("--node", "NAME", "The new node's name")
      .required()
      .option("--organization", "ORG", "Whose host it is: its owner approves it, for itself alone")
      .count("--ttl", "SECONDS", std::numeric_limits<std::int64_t>::max(),
             "How long it is good for")
      .runs(create_join_token);
  Leaf(group, invocation, "delete", "Withdraw a join token that was not used")
      .word("ID", "Its id, as 'list' shows it")
      .runs([](World& w, ApiClient& api, const Words& a) {
        return show(w, api.ask(op::withdraw_join_token(a["ID"])),
                    "Join token " + a["ID"] + " is withdrawn.");
      });
  Leaf(group, invocation, "list", "List join tokens")
      .runs([](World& w, ApiClient& api, const Words&) {
        return show_items(w, api.ask(op::list_join_tokens()),
                          {{"NODE", "/node_name"},
                           {"EXPIRES", "/expires_at", Format::time},
                           {"USED", "/used_at", Format::time},
                           {"ID", "/id"}},
                          "No join tokens.");
      });
}

template <class Answer>
Fallible<std::vector<std::string>> ids_of(const Fallible<nlohmann::json>& answer,
                                          const std::string& node_name) {
  const auto pending = RAP_TRY(op::as<Answer>(answer));
  std::vector<std::string> ids;
  for (const auto& enrolment : pending.items) {
    if (enrolment.node_name == node_name) ids.push_back(enrolment.id);
  }
  return ids;
}

// The id of an enrolment given by id or by the name of its node.
Fallible<std::string> enrolment_id(ApiClient& api, const std::string& given,
                                   const std::string& organization) {
  if (EnrolmentId::parse(given)) return given;
  const std::string state(to_string(wire::EnrolmentState::pending));
  const auto ids =
      organization.empty()
          ? RAP_TRY(ids_of<op::ListEnrolmentsAnswer>(api.ask(op::list_enrolments({.state = state})),
                                                     given))
          : RAP_TRY(ids_of<op::ListOrganizationEnrolmentsAnswer>(
                api.ask(op::list_organization_enrolments(organization, {.state = state})), given));
  if (ids.size() == 1) return ids[0];
  if (ids.empty()) {
    return fail(ExitCode::not_found, "No enrolment of a node named " + given +
                                         " is waiting. 'rap admin enrolments list' shows all.");
  }
  return fail(ExitCode::failed, "Several enrolments of " + given +
                                    " are waiting. Compare them with 'rap admin enrolments list' "
                                    "and give the id of the right one.");
}

using DecisionCall = ApiCall (*)(std::string_view id);
using OrganizationDecision = ApiCall (*)(std::string_view organization, std::string_view id);

Leaf::Action decide(DecisionCall decision, OrganizationDecision of_organization,
                    const std::string& sentence) {
  return [=](World& w, ApiClient& api, const Words& a) -> Fallible<int> {
    const std::string& organization = a["--organization"];
    const auto id = RAP_TRY(enrolment_id(api, a["ENROLMENT"], organization));
    return show(w, api.ask(organization.empty() ? decision(id) : of_organization(organization, id)),
                a["ENROLMENT"] + sentence);
  };
}

constexpr const char* kOwnHostHelp = "A host of this organization, by its owner";

Fallible<int> list_enrolments(World& w, ApiClient& api, const Words& a) {
  std::optional<std::string> state;
  if (!a["--state"].empty()) state = a["--state"];
  const std::string& organization = a["--organization"];
  return show_items(w,
                    organization.empty()
                        ? api.ask(op::list_enrolments({.state = state}))
                        : api.ask(op::list_organization_enrolments(organization, {.state = state})),
                    {{"NODE", "/node_name"},
                     {"ORGANIZATION", "/organization"},
                     {"STATE", "/state"},
                     {"HOST", "/metadata/hostname"},
                     {"FROM", "/source_ip"},
                     {"CERTIFICATES FOR", "/certificate_names"},
                     {"ASKED", "/created_at", Format::time},
                     {"ID", "/id"}},
                    "No enrolments.");
}

void add_enrolments(CLI::App& admin, Invocation& invocation) {
  CLI::App& group = *add_group(admin, "enrolments", "Nodes that ask to join");
  Leaf(group, invocation, "list", "List enrolments")
      .option("--state", "STATE", "Only those in this state")
      .choices(wire::kEnrolmentStateNames)
      .option("--organization", "ORG", "Only those of this organization's hosts")
      .runs(list_enrolments);
  Leaf(group, invocation, "approve", "Let a node join")
      .word("ENROLMENT", "Its id, or the node's name")
      .option("--organization", "ORG", kOwnHostHelp)
      .runs(decide(op::approve_enrolment, op::approve_organization_enrolment, " may join."));
  Leaf(group, invocation, "deny", "Turn a node away")
      .word("ENROLMENT", "Its id, or the node's name")
      .option("--organization", "ORG", kOwnHostHelp)
      .runs(decide(op::deny_enrolment, op::deny_organization_enrolment, " is turned away."));
}

Fallible<int> verify_audit(World& w, ApiClient& api, const Words&) {
  const auto answer = api.ask(op::verify_audit());
  const auto log = RAP_TRY(op::as<op::VerifyAuditAnswer>(answer));
  const std::string whole =
      "The audit log is whole: " + std::to_string(log.entries) + " entries, head " + log.head + ".";
  const auto shown = show(w, answer, log.ok ? whole : "");
  if (!shown || log.ok) return shown;
  return fail(ExitCode::failed,
              "The audit log was changed: its hash chain is broken. Keep a copy "
              "of the database and find out who had access to it.");
}

// A text that is longer is not shown: ids, digests and sentences are, and tables have to fit.
constexpr std::size_t kLongestShown = 24;

// What an entry's detail has in single words and numbers: "notice=disk_failing".
std::string in_short(const nlohmann::json& detail) {
  std::string out;
  if (!detail.is_object()) return out;
  for (const auto& [name, value] : detail.items()) {
    if (!value.is_primitive() || value.is_null()) continue;
    const std::string said = value.is_string() ? value.get<std::string>() : value.dump();
    if (said.empty() || said.size() > kLongestShown) continue;
    out += " " + name + "=" + said;
  }
  return out;
}

Fallible<int> list_audit(World& w, ApiClient& api, const Words& a) {
  op::ListAuditQuery query;
  query.limit = a.count("--limit");
  query.before = a.count("--before");
  if (!a["--organization"].empty()) query.organization = a["--organization"];
  auto answer = api.ask(op::list_audit(query));
  const auto entries = op::as<op::ListAuditAnswer>(answer);
  if (!entries) return std::unexpected(entries.error());
  for (std::size_t i = 0; !w.json && i < entries->items.size(); ++i) {
    const auto& entry = entries->items[i];
    items_of(*answer)[i]["action"] = entry.action + in_short(entry.detail);
  }
  return show_items(w, answer,
                    {{"SEQ", "/seq"},
                     {"AT", "/at", Format::time},
                     {"WHO", "/actor/name"},
                     {"ACTION", "/action"},
                     {"WHAT", "/target/name"},
                     {"OUTCOME", "/outcome"},
                     {"FROM", "/source_ip"}},
                    "No entries.");
}

void add_audit(CLI::App& admin, Invocation& invocation) {
  CLI::App& group = *add_group(admin, "audit", "The record of what was done");
  Leaf(group, invocation, "list", "List the latest entries")
      .option("--organization", "ORG", "Only those of this organization")
      .count("--limit", "COUNT", static_cast<std::int64_t>(wire::kMaxListed), "How many (200)")
      .count("--before", "SEQ", std::numeric_limits<std::int64_t>::max(),
             "Only those before this one, to go on where a list ended")
      .runs(list_audit);
  Leaf(group, invocation, "verify", "Check that no entry was changed or removed")
      .runs(verify_audit);
}

}  // namespace

void add_platform_commands(CLI::App& admin, Invocation& invocation) {
  add_join_tokens(admin, invocation);
  add_enrolments(admin, invocation);
  add_audit(admin, invocation);
}

}  // namespace rap::client
