// Configurations of nodes: pulled, and then acknowledged or reported as refused.
#include <algorithm>
#include <map>
#include <set>

#include "base/encoding.hpp"
#include "base/log/log.hpp"
#include "control/configuration/cluster_models.hpp"
#include "control/configuration/config_document.hpp"
#include "control/link/node_calls.hpp"
#include "control/link/node_report.hpp"
#include "control/link/pulls/config_calls.hpp"
#include "control/link/pulls/pulled_configs.hpp"
#include "control/link/pulls/pushed_configs.hpp"
#include "crypto/tokens/dsse.hpp"
#include "snapshot/configuration/build.hpp"
#include "snapshot/configuration/document_json.hpp"
#include "snapshot/configuration/increment.hpp"

namespace rap::control {
namespace {

// A document above this, or beyond what is sent in all, is fetched as an object.
constexpr std::size_t kMaxInlineDocument = std::size_t{16} * 1024;
constexpr std::size_t kMaxInlineDocuments = std::size_t{1024} * 1024;

Json manifest(std::string_view type, std::uint64_t version, const std::string& envelope,
              const crypto::Sha256& payload) {
  return {
      {"type", type}, {"version", version}, {"sha256", to_hex(payload)}, {"size", envelope.size()}};
}

// The increment from the configuration that the node has; nullopt when that configuration is not
// known here or the increment is no shorter than the whole.
std::optional<std::string> increment_to(const NodeCallPorts& ports, const Json& ask,
                                        const snapshot::NodeConfig& config,
                                        const std::string& payload, const std::string& signatures) {
  const std::string have = ask.value("have_sha256", "");
  const std::uint64_t version = unsigned_member(ask, "have");
  const auto state = have.empty() ? nullptr : ports.models.recall(config.cluster, version);
  if (!state) return std::nullopt;
  const auto base = snapshot::build_node_config(
      state->index, config.node, from_unix(ask.value("have_issued_at", std::int64_t{0})));
  if (!base) return std::nullopt;
  const crypto::Sha256 base_hash = crypto::sha256(as_bytes(snapshot::to_json(*base)));
  if (to_hex(base_hash) != have) return std::nullopt;
  wire::JsonValue patch = snapshot::make_patch(snapshot::differing_members(*base, config));
  if (patch.get().size() > snapshot::kMaxPatchOperations) return std::nullopt;
  std::string text = to_json(snapshot::Increment{.cluster = config.cluster,
                                                 .node = config.node,
                                                 .base_version = version,
                                                 .base_sha256 = base_hash,
                                                 .version = config.version,
                                                 .sha256 = crypto::sha256(as_bytes(payload)),
                                                 .signatures = wire::JsonValue::of(signatures),
                                                 .patch = std::move(patch)});
  if (text.size() >= payload.size()) return std::nullopt;
  return text;
}

// Adds the documents that the configuration lists and the node has not.
void add_documents(PulledConfigs& configs, const ClusterState& cluster,
                   const snapshot::NodeConfig& config, const Json& have) {
  std::set<std::string> known;
  for (const Json& hash : have) known.insert(hash.get<std::string>());
  std::size_t sent = 0;
  for (const snapshot::DocumentRef& ref : config.documents) {
    const std::string name = to_hex(ref.sha256);
    if (known.contains(name)) continue;
    const std::string& envelope = cluster.envelopes.at(ref.sha256);
    Json item = manifest(ref.type, ref.version, envelope, ref.sha256);
    put_scope(item, ref.scope);
    if (envelope.size() > kMaxInlineDocument || sent + envelope.size() > kMaxInlineDocuments) {
      item["object"] = name;
      configs.add(item);
    } else {
      sent += envelope.size();
      configs.add(item, "envelope", envelope);
    }
  }
}

// The question of a node: it says what it has, and so what of this version it lacks.
struct Asked {
  Asked(const Json& body, std::uint64_t version)
      : ask(body),
        knows_bundles(body.contains("have_trust_bundle")),
        // A node asks for the one it has, too: so that it is freshly issued.
        config(body.value("refresh", false) || version != unsigned_member(body, "have")) {}
  bool nothing() const { return !config && !knows_bundles; }

  const Json& ask;
  const bool knows_bundles;
  const bool config;
};

Reply compose(const NodeCallPorts& ports, const ClusterState& cluster, NodeId node,
              const Asked& asked, WallTime now) {
  const auto ack_within = ack_spread(cluster.index.model().nodes.size());
  PulledConfigs configs;
  // First the roots, each signed by one before it, then the configuration that names them.
  for (const StoredBundle& bundle : cluster.bundles) {
    if (!asked.knows_bundles || bundle.version <= unsigned_member(asked.ask, "have_trust_bundle")) {
      continue;
    }
    configs.add(manifest(kTrustBundle, bundle.version, bundle.envelope,
                         crypto::sha256(as_bytes(bundle.envelope))),
                "envelope", bundle.envelope);
  }
  const auto config =
      asked.config ? snapshot::build_node_config(cluster.index, node, now) : std::nullopt;
  if (!config) return std::move(configs).reply(ack_within);
  const std::string payload = snapshot::to_json(*config);
  const SigningKey& signer = cluster.authority->config_key;
  const std::string signatures =
      crypto::sign_envelope(signer.key, signer.kid, snapshot::kNodeConfigType, as_bytes(payload));
  const std::string envelope =
      crypto::put_in_envelope(snapshot::kNodeConfigType, as_bytes(payload), signatures);
  const crypto::Sha256 sha256 = crypto::sha256(as_bytes(payload));
  const Json item = manifest(kNodeConfig, config->version, envelope, sha256);
  ports.given.given(node, {config->version, from_unix(config->issued_at), sha256});
  const auto increment = increment_to(ports, asked.ask, *config, payload, signatures);
  configs.add(item, increment ? "increment" : "envelope", increment ? *increment : envelope);
  if (const auto have = asked.ask.find("have_documents"); have != asked.ask.end()) {
    add_documents(configs, cluster, *config, *have);
  }
  return std::move(configs).reply(ack_within);
}

// The report of the document that an item is about; nullopt for the fabric's own types, which have
// no scope.
std::optional<DocumentReport> document_of(const Json& item) {
  const auto layer = snapshot::layer_from(item.value("layer", ""));
  if (!layer) return std::nullopt;
  return DocumentReport{.type = item["type"].get<std::string>(),
                        .layer = *layer,
                        .organization = OrganizationId::parse(item.value("organization", "")),
                        .resource = ResourceId::parse(item.value("resource", "")),
                        .version = unsigned_member(item, "version")};
}

}  // namespace

Outcome<Reply> pull_configs(const NodeCallPorts& ports, const NodeCall& call) {
  const std::uint64_t version = call.admitted.config_version;
  const Asked asked(call.body, version);
  if (asked.nothing()) return PulledConfigs().reply({});
  const auto cluster = ports.models.at_least(call.tx, version, ports.authority.get(), call.now);
  if (!cluster) return refuse(ProblemCode::internal_error, "The cluster is not initialised.");
  return compose(ports, *cluster, call.node.id, asked, call.now);
}

std::optional<Reply> pull_configs_from_memory(const NodeCallPorts& ports, const Poll& poll) {
  const Asked asked(poll.body, poll.versions.config_version);
  if (asked.nothing()) return PulledConfigs().reply({});
  const auto cluster = ports.models.held(poll.versions.config_version, ports.authority.get());
  if (!cluster) return std::nullopt;
  return compose(ports, *cluster, poll.node, asked, poll.now);
}

Outcome<Reply> acknowledge_configs(const NodeCallPorts&, const NodeCall& call) {
  record_acks(call.tx, {{call.node.id, call.body}}, call.now);
  return no_content();
}

void record_acks(Transaction& tx, const std::vector<std::pair<NodeId, const Json&>>& calls,
                 WallTime now) {
  std::map<NodeId, std::uint64_t> versions;  // each node once, and all in one order
  for (const auto& [node, body] : calls) {
    for (const Json& ack : body["acks"]) {
      if (const auto document = document_of(ack)) {
        tx.configs().record_applied(node, *document, now);
      } else if (ack["type"] == kNodeConfig) {  // which names the trust bundle it came with
        versions[node] = unsigned_member(ack, "version");
      }
    }
  }
  std::vector<AcknowledgedConfig> acks;
  for (const auto& [node, version] : versions) acks.push_back({node, version});
  if (!acks.empty()) tx.node_reports().record_acks(acks, now);
}

Outcome<Reply> report_config_errors(const NodeCallPorts& ports, const NodeCall& call) {
  for (const Json& error : call.body["errors"]) {
    const std::string what = error["error"].get<std::string>();
    const std::string type = error["type"].get<std::string>();
    ports.log.warn(LogCause::member(call.node.id.str()), "node.config_error",
                   {{"node", call.node.name}, {"type", type}, {"error", what}});
    if (const auto document = document_of(error)) {
      call.tx.configs().record_error(call.node.id, *document, what, call.now);
    }
    call.tx.node_reports().record_config_error(
        call.node.id, "version " + std::to_string(unsigned_member(error, "version")) + ": " + what,
        call.now);
  }
  return no_content();
}

}  // namespace rap::control
