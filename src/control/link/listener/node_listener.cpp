#include "control/link/listener/node_listener.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/try.hpp"
#include "control/link/listener/adoption.hpp"
#include "control/link/listener/node_table.hpp"
#include "control/link/pulls/config_calls.hpp"

namespace rap::control {
namespace {

constexpr int kNoContent = 204;

}  // namespace

NodeListener::NodeListener(NodeListenerPorts ports)
    : ports_(ports), routes_(node_listener_routes()) {
  ports_.metrics.add_routes("node", operations_of(routes_));
}

NodeExecutor NodeListener::executor_of(const wire::HttpRequest& request) const {
  return control::executor_of(routes_, request);
}

wire::HttpResponse NodeListener::handle(const wire::HttpRequest& request, WallTime now) {
  const auto found = match(routes_, request.method, request.path);
  auto outcome = answer(found, request, now);
  wire::HttpResponse response =
      outcome ? respond(found.route->answer.status, std::move(*outcome)) : respond(outcome.error());
  if (!found.allow.empty() && !found.route) response.headers.emplace_back("allow", found.allow);
  ports_.metrics.count_request("node", found.route ? found.route->operation : "", response.status);
  return response;
}

std::vector<wire::HttpResponse> NodeListener::handle_together(
    std::span<const wire::HttpRequest> requests, WallTime now) {
  const std::vector<bool> acknowledged =
      requests.size() > 1 ? acknowledge(requests, now) : std::vector<bool>(requests.size());
  std::vector<wire::HttpResponse> out;
  out.reserve(requests.size());
  for (std::size_t i = 0; i < requests.size(); ++i) {
    if (acknowledged[i]) {
      out.push_back(respond(kNoContent, no_content()));
      ports_.metrics.count_request("node", kAcknowledgeConfigs, kNoContent);
    } else {
      out.push_back(handle(requests[i], now));
    }
  }
  return out;
}

// Whose acknowledgement is stored; nobody's when the transaction failed.
std::vector<bool> NodeListener::acknowledge(std::span<const wire::HttpRequest> requests,
                                            WallTime now) {
  struct Ack {
    std::size_t place;
    NodeId node;
    Json body;
  };
  std::vector<Ack> acks;
  std::vector<NodeCredential> callers;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const auto found = match(routes_, requests[i].method, requests[i].path);
    if (!found.route || found.route->operation != kAcknowledgeConfigs) continue;
    const auto node = name_caller(requests[i], found.path_values.front().second);
    auto body = parse_body(*found.route, requests[i]);
    if (!node || !body || !requests[i].query.empty()) continue;
    callers.push_back({*node, requests[i].peer_certificate_serial});
    acks.push_back({i, *node, std::move(*body)});
  }
  std::vector<bool> stored(requests.size());
  const Scope scope = Scope::cluster(ports_.calls.authority->cluster);
  const auto done = ports_.database.run(scope, [&](Transaction& tx) {
    stored.assign(requests.size(), false);
    const std::vector<bool> admitted = tx.admissions().admitted_among(callers);
    std::vector<std::pair<NodeId, const Json&>> taken;
    for (std::size_t i = 0; i < acks.size(); ++i) {
      if (!admitted[i]) continue;
      stored[acks[i].place] = true;
      taken.emplace_back(acks[i].node, acks[i].body);
    }
    record_acks(tx, taken, now);
    return Ending::commit;
  });
  return done ? stored : std::vector<bool>(requests.size());
}

Outcome<Reply> NodeListener::answer(const Match<NodeRoute>& found, const wire::HttpRequest& request,
                                    WallTime now) {
  if (!found.route && found.allow.empty()) {
    return refuse(ProblemCode::not_found, "There is nothing at this path for nodes.");
  }
  if (!found.route) {
    return refuse(ProblemCode::method_not_allowed, "This path takes " + found.allow + ".");
  }
  const NodeRoute& route = *found.route;
  // Objects are at paths without a node: who asks is whoever the certificate names.
  const auto in_path =
      std::ranges::find(found.path_values, "id", [](const auto& value) { return value.first; });
  const auto id =
      RAP_TRY(name_caller(request, in_path == found.path_values.end()
                                       ? std::nullopt
                                       : std::optional<std::string_view>(in_path->second)));
  const auto body = RAP_TRY(parse_body(route, request));
  const auto versions = versions_for(route, id, request);
  if (versions) {
    if (auto known = answer_of_memory(route, id, request, *versions, body, now)) return *known;
  }
  // One transaction a call: who was admitted is still admitted when the call takes effect.
  const Scope scope = Scope::cluster(request.peer->cluster);
  auto made = transact(ports_.database, scope, [&](Transaction& tx) -> Outcome<Reply> {
    auto admitted = RAP_TRY(admit(tx, id, request, now));
    ports_.admission_cache.remember(id, request.peer_certificate_serial,
                                    admitted.second.admissions);
    RAP_TRY(check_query(route, request.query));
    const NodeCall call{{.request = request,
                         .now = now,
                         .cluster = request.peer->cluster,
                         .body = body,
                         .path_values = found.path_values},
                        std::move(admitted.first),
                        std::move(admitted.second),
                        tx};
    return run_guarded(ports_.calls.log, route.operation,
                       [&] { return route.handler(ports_.calls, call); });
  });
  if (made && versions && route.same_for_all) {
    ports_.answers.keep(route.operation, request.body, *versions, made->body);
  }
  return made;
}

// nullopt: the database has to be asked about this call.
std::optional<ClusterVersions> NodeListener::versions_for(const NodeRoute& route, NodeId id,
                                                          const wire::HttpRequest& request) {
  if (route.from_memory == nullptr && !route.same_for_all) return std::nullopt;
  return ports_.admission_cache.versions_for(id, request.peer_certificate_serial);
}

std::optional<Reply> NodeListener::answer_of_memory(const NodeRoute& route, NodeId id,
                                                    const wire::HttpRequest& request,
                                                    const ClusterVersions& versions,
                                                    const nlohmann::json& body, WallTime now) {
  if (route.same_for_all) {
    const auto shared = ports_.answers.find(route.operation, request.body, versions);
    return shared ? std::optional(Reply{.body = *shared}) : std::nullopt;
  }
  try {
    return route.from_memory(ports_.calls, {id, versions, body, now});
  } catch (const std::exception&) {
    return std::nullopt;  // the handler says what is wrong
  }
}

// TLS has proven the certificate; its node must be the one the path names, if it names one.
Outcome<NodeId> NodeListener::name_caller(const wire::HttpRequest& request,
                                          std::optional<std::string_view> path_id) const {
  if (!request.peer || request.peer->kind != wire::SpiffeId::Kind::node) {
    return refuse(ProblemCode::wrong_node, "Come with a node's certificate.");
  }
  if (request.peer->cluster != ports_.calls.authority->cluster) {
    return refuse(ProblemCode::wrong_cluster, "This control plane serves another cluster.");
  }
  const NodeId id = request.peer->node();
  if (path_id && id.str() != *path_id) {
    return refuse(ProblemCode::wrong_node,
                  "The certificate is of node " + id.str() + ", not of the node in the path.");
  }
  return id;
}

// It must still take part, and its certificate be one that was issued and not revoked.
Outcome<std::pair<Node, NodeAdmission>> NodeListener::admit(Transaction& tx, NodeId id,
                                                            const wire::HttpRequest& request,
                                                            WallTime now) {
  const std::string& serial = request.peer_certificate_serial;
  auto found = tx.admissions().admit(id, serial);
  if (!found) {
    return refuse(ProblemCode::node_disabled,
                  "The control plane does not know this node. If its database was restored from a "
                  "backup older than the node, invite the node anew: 'rap admin join-tokens "
                  "create', and an empty state directory here.");
  }
  if (found->first.state == NodeState::revoked) {
    return refuse(ProblemCode::certificate_revoked,
                  "This node was revoked. Its host may come back as a new node only, with a new "
                  "join token and an empty state directory.");
  }
  if (found->first.state != NodeState::approved) {
    return refuse(ProblemCode::node_disabled,
                  "This node is " + std::string(to_string(found->first.state)) +
                      ". A platform administrator can say why, and let it take part with 'rap "
                      "admin nodes enable'; this agent goes on asking.");
  }
  if (!found->second.has_certificate &&
      adopt_certificate(ports_.calls, tx, found->first, request, now)) {
    found = tx.admissions().admit(id, serial);
  }
  if (!found || !found->second.has_certificate) {
    return refuse(ProblemCode::certificate_revoked,
                  "This certificate was revoked or never issued; enrol again with a new join "
                  "token.");
  }
  return std::move(*found);
}

}  // namespace rap::control
