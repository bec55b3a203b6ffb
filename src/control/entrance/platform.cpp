// Health, the trust bundle and the description of the API, which are everybody's; and metrics.
#include "control/core/cluster.hpp"
#include "control/entrance/routes.hpp"
#include "control/http/json_reply.hpp"
#include "control/nodes/node.hpp"
#include "control/nodes/notices/notice.hpp"
#include "control/people/metrics_token.hpp"
#include "control/pki/authority.hpp"
#include "control/sessions/session.hpp"
#include "wire/http/node_api_calls.hpp"

namespace rap::control {
namespace {

Outcome<Reply> healthz(PlatformPorts&, const Call&) { return reply({{"status", "ok"}}); }

Outcome<Reply> readyz(PlatformPorts& ports, const Call& call) {
  return transact(ports.database, call.cluster_scope(), [&](Transaction& tx) -> Outcome<Reply> {
    if (tx.cluster().config_version() == 0) {
      return refuse(ProblemCode::database_unavailable,
                    "The database holds no cluster; run 'rap-control init' first.");
    }
    return reply({{"status", "ready"}});
  });
}

Outcome<ClusterFigures> cluster_figures(PlatformPorts& ports, const Call& call) {
  return transact(ports.database, call.cluster_scope(), [&](Transaction& tx) {
    const auto nodes = tx.nodes().list();
    ClusterFigures figures{.nodes = tx.nodes().count_by_state(),
                           .sessions = tx.sessions().count_by_state(),
                           .histories = 1,
                           .notices = count_notices(nodes, call.now),
                           .clock_skews = {},
                           .metrics_tokens = {}};
    for (const Node& node : nodes) {
      if (node.state != NodeState::approved) continue;
      if (const auto skew = clock_skew_of(node)) figures.clock_skews.emplace_back(node.name, *skew);
    }
    for (const MetricsToken& token : tx.metrics_tokens().list()) {
      figures.metrics_tokens.emplace_back(token.name, token.expires_at);
    }
    if (const auto history = tx.cluster().history()) figures.histories = history->count;
    return Outcome<ClusterFigures>(std::move(figures));
  });
}

// What this server counts by itself is told while the database is away, too: above all that it is.
Outcome<Reply> metrics(PlatformPorts& ports, const Call& call) {
  std::optional<ClusterFigures> known;
  // One that is believed from memory may have been removed: the database that would tell so may be
  // back by now, and what it knows is not for it.
  if (!call.from_memory) {
    auto figures = cluster_figures(ports, call);
    if (figures) {
      known = std::move(*figures);
    } else if (figures.error().code != ProblemCode::database_unavailable) {
      return std::unexpected(std::move(figures.error()));
    }
  }
  return Reply{ports.metrics.text(known), "text/plain; version=0.0.4"};
}

Outcome<Reply> trust_bundle(PlatformPorts& ports, const Call&) {
  const auto authority = ports.authority.get();
  return reply({{"ca_ref", authority->ca_ref()},
                {"root_fingerprint", authority->root_fingerprint()},
                {"pem", authority->trust_bundle_pem()},
                {"version", authority->bundle_version},
                {"bundles", authority->bundles}});
}

Outcome<Reply> describe(PlatformPorts& ports, const Call&) { return Reply{ports.description}; }

RouteOf<PlatformPorts> open_route(std::string_view path, std::string_view operation,
                                  std::string_view summary, Fields members,
                                  HandlerOf<PlatformPorts> handler) {
  return {{.method = "GET",
           .path = path,
           .operation = operation,
           .summary = summary,
           .access = policy::Access::anyone,
           .query = {},
           .body = {},
           .answer = {200, std::move(members)}},
          handler};
}

}  // namespace

std::vector<RouteOf<PlatformPorts>> platform_routes() {
  using namespace field;
  const Fields status = {text("status")};
  const wire::NodeApiCallKind& bundle = kind_of(wire::NodeApiCall::get_trust_bundle);
  return {
      open_route("/healthz", "getHealth", "The server runs", status, healthz),
      open_route("/readyz", "getReadiness", "The server can do its work", status, readyz),
      open_route("/api/v1/readyz", "getApiReadiness", "The same below the API's prefix", status,
                 readyz),
      open_route(bundle.path, bundle.operation,
                 "The platform's root certificates, for clients that know their fingerprint, and "
                 "the signed "
                 "bundles that lead there from an older root",
                 {text("ca_ref"), of("root_fingerprint", FieldType::sha256_hex), text("pem", 65536),
                  count("version"), text_list("bundles", 64)},
                 trust_bundle),
      open_route("/api/v1/openapi.json", "getDescription", "This description",
                 {text("openapi"), of("info", FieldType::free_object),
                  list("servers", 8, {text("url")}), list("security", 8, {text_list("bearer", 0)}),
                  of("paths", FieldType::free_object), of("components", FieldType::free_object)},
                 describe),
      {{.method = "GET",
        .path = "/metrics",
        .operation = "getMetrics",
        .summary = "Counters and gauges in Prometheus' text format; a metrics token opens it too",
        .access = policy::Access::platform,
        .query = {},
        .body = {},
        .answer = {200, {}}},
       metrics},
  };
}

}  // namespace rap::control
