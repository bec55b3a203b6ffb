#include "node/agent/configuration/config_gate.hpp"

#include <nlohmann/json.hpp>

#include "base/try.hpp"
#include "snapshot/configuration/denied.hpp"
#include "snapshot/configuration/increment.hpp"
#include "snapshot/configuration/node_config.hpp"
#include "snapshot/history.hpp"
#include "snapshot/trust_bundle.hpp"
#include "wire/json_reader.hpp"

namespace rap::agent {
namespace {

std::unexpected<ConfigRefusal> refuse(ConfigFault fault, std::string detail) {
  return std::unexpected(ConfigRefusal{fault, std::move(detail)});
}

// The text of the roots in force need not be read again, which takes longer than all else.
bool names_known_roots(const std::string& pem, const std::vector<crypto::Certificate>& in_force) {
  std::string known;
  for (const crypto::Certificate& root : in_force) known += root.pem();
  if (!known.empty() && pem == known) return true;
  const auto roots = crypto::Certificate::chain_from_pem(pem);
  return roots && snapshot::are_all_trusted(*roots, in_force);
}

// What was signed is believed; whether it is to be acted on, too?
std::expected<VerifiedConfig, ConfigRefusal> judge(const wire::JsonValue& value,
                                                   const crypto::Sha256& sha256,
                                                   const ConfigScope& scope,
                                                   std::uint64_t version_floor, WallTime now) {
  const auto config = snapshot::read_node_config(value);
  if (!config) return refuse(ConfigFault::malformed, config.error());
  if (config->cluster != scope.cluster) {
    return refuse(ConfigFault::wrong_cluster, "it is for cluster " + config->cluster.str());
  }
  if (config->node != scope.node) {
    return refuse(ConfigFault::wrong_node, "it is for node " + config->node.str());
  }
  if (config->version < version_floor) {
    return refuse(ConfigFault::rolled_back, "version " + std::to_string(config->version) +
                                                " is below " + std::to_string(version_floor) +
                                                ", which this node already had");
  }
  // A node that has none yet takes the version as it is.
  if (version_floor > 0 && config->version > version_floor &&
      config->version - version_floor > kMaxVersionJump &&
      config->version > snapshot::highest_number(now)) {
    return refuse(ConfigFault::fast_forward,
                  "version " + std::to_string(config->version) + " is more than " +
                      std::to_string(kMaxVersionJump) + " above " + std::to_string(version_floor) +
                      ", and above what a history that begins now would have; if the control "
                      "plane's database was restored, this node's clock is behind");
  }
  // The key that signs configurations is online; it must not be able to bring in a root.
  if (!names_known_roots(config->trust_bundle_pem, scope.roots)) {
    return refuse(ConfigFault::untrusted_roots,
                  "it names a root that no signed trust bundle brought to this node");
  }
  VerifiedConfig verified{config->version,
                          from_unix(config->issued_at),
                          std::chrono::seconds{config->valid_for_s},
                          sha256,
                          value,
                          config->has_role(policy::NodeRole::entry),
                          config->documents,
                          snapshot::deny_list_of(*config)};
  if (!verified.denied) {
    return refuse(ConfigFault::malformed, "its list of revocations cannot be used");
  }
  if (is_expired(verified, now)) {
    return refuse(ConfigFault::expired,
                  "it was good for " + std::to_string(config->valid_for_s) +
                      " s after it was issued; if it was issued just now, this node's clock or "
                      "the control plane's is wrong");
  }
  return verified;
}

}  // namespace

std::string_view to_string(ConfigFault fault) {
  switch (fault) {
    case ConfigFault::bad_envelope: return "bad_envelope";
    case ConfigFault::malformed: return "malformed";
    case ConfigFault::wrong_cluster: return "wrong_cluster";
    case ConfigFault::wrong_node: return "wrong_node";
    case ConfigFault::rolled_back: return "rolled_back";
    case ConfigFault::fast_forward: return "fast_forward";
    case ConfigFault::mix_and_match: return "mix_and_match";
    case ConfigFault::gap: return "gap";
    case ConfigFault::wrong_increment: return "wrong_increment";
    case ConfigFault::untrusted_roots: return "untrusted_roots";
    case ConfigFault::expired: return "expired";
  }
  return "";
}

std::expected<VerifiedConfig, ConfigRefusal> verify_config(std::string_view envelope,
                                                           const ConfigScope& scope,
                                                           std::uint64_t version_floor,
                                                           WallTime now) {
  const auto payload =
      crypto::open_envelope(envelope, snapshot::kNodeConfigType, scope.keys, 1, scope.check);
  if (!payload) {
    return refuse(ConfigFault::bad_envelope, std::string(crypto::to_string(payload.error())));
  }
  auto parsed = wire::parse_strict_json(as_text(*payload));
  if (!parsed) {
    return refuse(ConfigFault::malformed, "the document must be JSON without duplicate members");
  }
  return judge(wire::JsonValue(std::move(*parsed)), crypto::sha256(*payload), scope, version_floor,
               now);
}

std::string GrownConfig::envelope() const {
  return crypto::put_in_envelope(snapshot::kNodeConfigType, as_bytes(payload), signatures.dump());
}

std::expected<GrownConfig, ConfigRefusal> apply_increment(std::string_view text,
                                                          const VerifiedConfig& base,
                                                          const ConfigScope& scope,
                                                          std::uint64_t version_floor,
                                                          WallTime now) {
  auto increment = snapshot::parse_increment(text);
  if (!increment) return refuse(ConfigFault::malformed, increment.error());
  if (increment->cluster != scope.cluster) {
    return refuse(ConfigFault::wrong_cluster, "it is for cluster " + increment->cluster.str());
  }
  if (increment->node != scope.node) {
    return refuse(ConfigFault::wrong_node, "it is for node " + increment->node.str());
  }
  if (increment->base_version != base.version || increment->base_sha256 != base.sha256) {
    return refuse(ConfigFault::gap, "it goes on from version " +
                                        std::to_string(increment->base_version) + ", and version " +
                                        std::to_string(base.version) + " is in force here");
  }
  const auto result = snapshot::apply_patch(base.value, increment->patch);
  GrownConfig grown{{}, result ? result->dump() : "", std::move(increment->signatures)};
  const crypto::Sha256 sha256 = crypto::sha256(as_bytes(grown.payload));
  if (!result || sha256 != increment->sha256) {
    return refuse(ConfigFault::wrong_increment, "its changes do not lead to what it announces");
  }
  const auto is_signed = crypto::check_envelope(snapshot::kNodeConfigType, as_bytes(grown.payload),
                                                grown.signatures, scope.keys, scope.check);
  if (!is_signed) {
    return refuse(ConfigFault::bad_envelope, std::string(crypto::to_string(is_signed.error())));
  }
  grown.config = RAP_TRY(judge(*result, sha256, scope, version_floor, now));
  return grown;
}

}  // namespace rap::agent
