// The delta channel (CP-4): what changed of the security data since a node's cursors.
#include "control/link/pulls/deltas.hpp"

#include <algorithm>

#include "control/http/json_reply.hpp"
#include "control/link/node_calls.hpp"
#include "control/link/pulls/security_changes.hpp"
#include "wire/http/node_api_calls.hpp"

namespace rap::control {
namespace {

using snapshot::DeltaStream;
using snapshot::kMaxDeltasAPull;

// A cursor that means nothing here: beyond what was ever numbered (the database is an older copy),
// or from before a removal that nobody remembers, or of another history of the database. The node
// builds that list anew. A removal that was numbered before it began with the list took nothing
// from what it has.
bool is_lost(std::uint64_t since, std::uint64_t began, const DeltaExtent& extent) {
  return since > extent.seq || (since > 0 && std::max(since, began) < extent.forgotten);
}

struct Pulled {
  snapshot::SecurityChanges changes;
  Json restart = Json::array();
  bool more = false;
};

template <class Change>
void finish(const NodeCall& call, DeltaStream stream, std::uint64_t since,
            std::vector<Change>& found, Pulled& pulled) {
  pulled.more = pulled.more || found.size() == kMaxDeltasAPull;
  const std::string member = std::string(to_string(stream)) + "_began";
  const auto began = call.body.contains(member) ? unsigned_member(call.body, member.c_str()) : 0;
  if (!is_lost(since, began, call.tx.security_changes().extent(stream))) return;
  found.clear();
  pulled.restart.push_back(to_string(stream));
}

// Whoever begins with a list is told the newest number there was before it was read.
void say_newest(const NodeCall& call, DeltaStream stream, std::uint64_t since, Json& answer) {
  if (since > 0) return;
  answer[std::string(to_string(stream)) + "_newest"] =
      call.tx.security_changes().extent(stream).seq;
}

// Each cursor that was named is said again: an answer tells by itself what it reaches on from.
Outcome<Reply> pull_deltas(const NodeCallPorts&, const NodeCall& call) {
  Pulled pulled;
  Json answer = Json::object();
  SecurityChangeRepository& security = call.tx.security_changes();
  if (call.body.contains("epochs_since")) {
    const auto since = static_cast<std::uint64_t>(call.integer("epochs_since"));
    answer["epochs_since"] = since;
    say_newest(call, DeltaStream::epochs, since, answer);
    pulled.changes.epochs = security.epochs(since, kMaxDeltasAPull);
    finish(call, DeltaStream::epochs, since, pulled.changes.epochs, pulled);
  }
  if (call.body.contains("blocklist_since")) {
    const auto since = static_cast<std::uint64_t>(call.integer("blocklist_since"));
    answer["blocklist_since"] = since;
    say_newest(call, DeltaStream::blocklist, since, answer);
    pulled.changes.blocklist = security.blocklist(since, kMaxDeltasAPull);
    finish(call, DeltaStream::blocklist, since, pulled.changes.blocklist, pulled);
  }
  answer.update(snapshot::to_json(pulled.changes));
  answer["restart"] = std::move(pulled.restart);
  answer["more"] = pulled.more;
  return reply(answer);
}

}  // namespace

NodeRoute delta_route() {
  using namespace field;
  constexpr auto kMost = static_cast<std::int64_t>(kMaxDeltasAPull);
  const auto& call = kind_of(wire::NodeApiCall::pull_deltas);
  return {{.method = call.method,
           .path = call.path,
           .operation = call.operation,
           .summary = "Changes of auth epochs and of the blocklist since the node's cursors",
           .access = policy::Access::anyone,  // the certificate is the access
           .query = {},
           .body = {count("epochs_since").optional(), count("blocklist_since").optional(),
                    count("epochs_began").optional(), count("blocklist_began").optional()},
           .answer = {200,
                      {count("epochs_since").optional(), count("blocklist_since").optional(),
                       count("epochs_newest").optional(), count("blocklist_newest").optional(),
                       list("epochs", kMost, {uuid("user"), count("epoch"), count("seq")}),
                       list("blocklist", kMost,
                            {choice("kind", policy::kBlocklistKindNames),
                             text("value", snapshot::kMaxBlocklistValueBytes),
                             choice("action", snapshot::kBlocklistActions),
                             time("expires_at").optional(), count("seq")}),
                       text_list("restart", snapshot::kDeltaStreamNames),
                       of("more", FieldType::boolean)}}},
          NodeExecutor::deltas,
          pull_deltas,
          nullptr,
          true};
}

}  // namespace rap::control
