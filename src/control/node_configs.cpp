// Configurations of nodes: pulled, and then acknowledged or reported as refused.
#include "control/cluster_models.hpp"
#include "control/node_calls.hpp"
#include "crypto/dsse.hpp"
#include "snapshot/build.hpp"

namespace rap::control {

Outcome<Reply> pull_configs(Services& s, const Call& call) {
  const std::uint64_t version = call.admitted->config_version;
  // A node asks for the one it has, too: so that it is freshly issued.
  const bool wants_config = call.body.value("refresh", false) ||
                            version != static_cast<std::uint64_t>(call.integer("have"));
  Json configs = Json::array();
  const auto known = call.body.find("have_trust_bundle");
  if (!wants_config && known == call.body.end()) return reply({{"configs", std::move(configs)}});

  const auto cluster = s.models.at_least(*call.tx, version, s.authority.get(), call.now);
  if (!cluster) return refuse(ProblemCode::internal_error, "The cluster is not initialised.");
  // First the roots, each signed by one before it, then the configuration that names them.
  for (const StoredBundle& bundle : cluster->bundles) {
    if (known == call.body.end() ||
        bundle.version <= unsigned_member(call.body, "have_trust_bundle")) {
      continue;
    }
    configs.push_back(
        {{"type", kTrustBundle}, {"version", bundle.version}, {"envelope", bundle.envelope}});
  }
  if (wants_config) {
    const auto config = snapshot::build_node_config(cluster->index, call.node->id, call.now);
    if (config) {
      const std::string payload = snapshot::to_json(*config);
      const SigningKey& signer = cluster->authority->config_key;
      configs.push_back(
          {{"type", kNodeConfig},
           {"version", config->version},
           {"envelope", crypto::seal_envelope(signer.key, signer.kid, snapshot::kNodeConfigType,
                                              as_bytes(payload))}});
    }
  }
  return reply({{"configs", std::move(configs)}});
}

Outcome<Reply> acknowledge_configs(Services&, const Call& call) {
  for (const Json& ack : call.body["acks"]) {
    if (ack["type"] != kNodeConfig) continue;  // which names the bundle it came with
    call.tx->nodes().record_ack(call.node->id, unsigned_member(ack, "version"), call.now);
  }
  return no_content();
}

Outcome<Reply> report_config_errors(Services& s, const Call& call) {
  for (const Json& error : call.body["errors"]) {
    const std::string text = "version " + std::to_string(unsigned_member(error, "version")) + ": " +
                             error["error"].get<std::string>();
    call.tx->nodes().record_config_error(call.node->id, text, call.now);
    s.log.warn("node.config_error", {{"node", call.node->name}, {"error", text}});
  }
  return no_content();
}

}  // namespace rap::control
