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
  Json answer = Json::object();
  snapshot::SecurityChanges changes;
  Json restart = Json::array();
  bool more = false;
};

// One list from the node's cursor on, which is said again if it was named: an answer tells by
// itself what it reaches on from. Whoever begins with a list is told the newest number there was
// before it was read.
template <class Change>
void pull(const NodeCall& call, DeltaStream stream,
          std::vector<Change> (SecurityChangeRepository::*read)(std::uint64_t, std::size_t),
          std::vector<Change>& found, Pulled& pulled) {
  const std::string name(to_string(stream));
  if (!call.body.contains(name + "_since")) return;
  SecurityChangeRepository& security = call.tx.security_changes();
  const std::uint64_t since = unsigned_member(call.body, (name + "_since").c_str());
  pulled.answer[name + "_since"] = since;
  if (since == 0) pulled.answer[name + "_newest"] = security.extent(stream).seq;
  found = (security.*read)(since, kMaxDeltasAPull);
  pulled.more = pulled.more || found.size() == kMaxDeltasAPull;
  const std::string member = name + "_began";
  const auto began = call.body.contains(member) ? unsigned_member(call.body, member.c_str()) : 0;
  if (!is_lost(since, began, security.extent(stream))) return;
  found.clear();
  pulled.restart.push_back(name);
}

Outcome<Reply> pull_deltas(const NodeCallPorts&, const NodeCall& call) {
  Pulled pulled;
  auto& [epochs, blocklist] = pulled.changes;
  pull(call, DeltaStream::epochs, &SecurityChangeRepository::epochs, epochs, pulled);
  pull(call, DeltaStream::blocklist, &SecurityChangeRepository::blocklist, blocklist, pulled);
  pulled.answer.update(snapshot::to_json(pulled.changes));
  pulled.answer["restart"] = std::move(pulled.restart);
  pulled.answer["more"] = pulled.more;
  return reply(pulled.answer);
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
