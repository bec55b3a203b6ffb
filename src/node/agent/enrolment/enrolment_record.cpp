#include "node/agent/enrolment/enrolment_record.hpp"

#include <nlohmann/json.hpp>

namespace rap::agent {

std::string to_json(const EnrolmentRecord& r) {
  nlohmann::json keys = nlohmann::json::array();
  for (const ConfigKey& key : r.config_keys) {
    keys.push_back({{"kid", key.kid}, {"public_key_pem", key.public_key_pem}});
  }
  return nlohmann::json{{"cluster_id", r.cluster.str()},
                        {"node_id", r.node.str()},
                        {"control_url", r.control_url},
                        {"root_fingerprint", r.root_fingerprint},
                        {"join_secret_hash", r.join_secret_hash},
                        {"csr", r.csr},
                        {"poll_secret", r.poll_secret},
                        {"seal_public", r.seal_public},
                        {"data_plane_advertise", r.data_plane_advertise},
                        {"fabric_advertise", r.fabric_advertise},
                        {"enrolment_id", r.enrolment_id},
                        {"node_url", r.node_url},
                        {"config_keys", keys}}
      .dump(1);
}

std::expected<EnrolmentRecord, std::string> parse_enrolment_record(std::string_view text) {
  try {
    const auto json = nlohmann::json::parse(text);
    const auto cluster = ClusterId::parse(json.at("cluster_id").get<std::string>());
    const auto node = NodeId::parse(json.at("node_id").get<std::string>());
    if (!cluster || !node) return std::unexpected("holds a malformed id");
    EnrolmentRecord r{.cluster = *cluster,
                      .node = *node,
                      .control_url = json.at("control_url"),
                      .root_fingerprint = json.at("root_fingerprint"),
                      .join_secret_hash = json.at("join_secret_hash"),
                      .csr = json.at("csr"),
                      .poll_secret = json.at("poll_secret"),
                      .seal_public = json.at("seal_public"),
                      .data_plane_advertise = json.at("data_plane_advertise"),
                      .fabric_advertise = json.at("fabric_advertise"),
                      .enrolment_id = json.at("enrolment_id"),
                      .node_url = json.at("node_url"),
                      .config_keys = {}};
    for (const auto& key : json.at("config_keys")) {
      r.config_keys.push_back({key.at("kid"), key.at("public_key_pem")});
    }
    return r;
  } catch (const nlohmann::json::exception& e) {
    return std::unexpected("is damaged (" + std::string(e.what()) + ")");
  }
}

std::optional<std::vector<crypto::VerificationKey>> verification_keys(
    const std::vector<ConfigKey>& keys) {
  std::vector<crypto::VerificationKey> out;
  for (const ConfigKey& key : keys) {
    auto parsed = crypto::PublicKey::from_pem(key.public_key_pem);
    if (!parsed) return std::nullopt;
    out.push_back({key.kid, *parsed});
  }
  return out;
}

}  // namespace rap::agent
