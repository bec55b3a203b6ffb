// Values of registered types on their way to nodes: manifests, objects, acknowledgements, errors.
#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "crypto/tokens/dsse.hpp"
#include "test_world.hpp"
#include "wire/http/byte_range.hpp"

namespace rap::store {
namespace {

class ConfigDelivery : public ::testing::Test {
 protected:
  ConfigDelivery() {
    put("configs/cp_agent_runtime", {{"checkin_interval_ms", 2000}}, "root");
    put("organizations/alpha/configs/app_policy", {{"protocols", {"ssh"}}}, "admin@alpha");
    put("organizations/beta/configs/app_policy", {{"max_session_s", 60}}, "admin@beta");
  }
  void put(const std::string& path, const json& value, const std::string& who) {
    const Answered a = w.as(who, "PUT", path, {{"value", value}});
    ASSERT_EQ(a.status, 200) << a.text;
  }
  // A value too large to come with the manifest.
  void put_large_bundle() {
    std::string pem;
    while (pem.size() < 14'000) pem += ControlPlane::authority().roots.front().pem();
    put("organizations/alpha/configs/app_mtls_trust_bundle", {{"pem", pem}}, "admin@alpha");
  }
  json pull(const std::string& node, const json& have = json::array(), std::uint64_t version = 0) {
    const Answered a =
        w.control->node_call(node, "configs/pull", {{"have", version}, {"have_documents", have}});
    EXPECT_EQ(a.status, 200) << a.text;
    return in(a, "configs");
  }
  static json of_type(const json& configs, const std::string& type) {
    for (const json& item : configs) {
      if (item["type"] == type) return item;
    }
    return {};
  }
  Answered get(const std::string& node, const std::string& name, wire::HttpHeaders headers = {},
               const std::string& kind = "configs") {
    wire::HttpRequest request =
        ControlPlane::request_of("GET", "/cp/v2/objects/" + kind + "/" + name, nullptr);
    request.headers = std::move(headers);
    request.peer = wire::SpiffeId::of_node(ControlPlane::authority().cluster, *NodeId::parse(node));
    request.peer_certificate_serial = seed().serials.at(node);
    return w.control->node_request(request);
  }
  static std::string payload_of(const std::string& envelope, std::string_view type) {
    const auto& key = ControlPlane::authority().config_key;
    const auto payload = crypto::open_envelope(envelope, type, {{key.kid, key.key.public_key()}});
    EXPECT_TRUE(payload);
    return payload ? std::string(as_text(*payload)) : "";
  }
  json status_of(const std::string& type, const std::string& node) {
    for (const json& item : in(w.as("keeper", "GET", "config-status"), "items")) {
      if (item["type"] == type && item["node"] == node) return item;
    }
    return {};
  }

  // Runs `call`, whose last statement waits for a lock of ours, and kills its connection there.
  template <class Call>
  void kill_between_statements(Call call) {
    Connection other = TestCluster::open(w.conninfo, "postgres");
    ASSERT_TRUE(other.script("BEGIN; LOCK TABLE node_config_documents IN ACCESS EXCLUSIVE MODE"));
    std::jthread caller(call);
    Connection killer = TestCluster::open(w.conninfo, "postgres");
    bool killed = false;
    while (!killed) {
      const auto rows = killer.query(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = "
          "current_database() AND wait_event_type = 'Lock'",
          {});
      ASSERT_TRUE(rows);
      killed = !rows->empty();
    }
    caller.join();
    ASSERT_TRUE(other.script("ROLLBACK"));
  }

  SeededWorld w;
};

TEST_F(ConfigDelivery, GivesEveryNodeTheDocumentsThatItsConfigurationListsOnce) {
  const json configs = pull(seed().egress);
  std::set<std::string> listed;
  const auto config = snapshot::parse_node_config(
      payload_of(of_type(configs, "node_config")["envelope"], snapshot::kNodeConfigType));
  ASSERT_TRUE(config) << config.error();
  json have = json::array();
  for (const snapshot::DocumentRef& ref : config->documents) {
    const json item = of_type(configs, ref.type);
    EXPECT_EQ(crypto::sha256_hex(as_bytes(payload_of(item["envelope"], snapshot::kDocumentType))),
              item["sha256"].get<std::string>());
    EXPECT_EQ(item["size"], item["envelope"].get<std::string>().size());
    have.push_back(to_hex(ref.sha256));
  }
  EXPECT_EQ(have.size(), 3U) << "the agent's, and the policies of both organizations it serves";
  EXPECT_EQ(configs.size(), 4U);
  EXPECT_EQ(pull(seed().egress, have).size(), 1U) << "what it has does not come again";
  const json relay = pull(seed().relay);
  EXPECT_TRUE(of_type(relay, "app_policy").is_null());
  EXPECT_FALSE(of_type(relay, "cp_agent_runtime").is_null());
}

TEST_F(ConfigDelivery, ServesLargeDocumentsAsObjectsInRanges) {
  put_large_bundle();
  const json item = of_type(pull(seed().egress), "app_mtls_trust_bundle");
  ASSERT_TRUE(item.contains("object")) << item;
  EXPECT_FALSE(item.contains("envelope"));
  const std::string name = item["object"];
  const Answered whole = get(seed().egress, name);
  ASSERT_EQ(whole.status, 200) << whole.text;
  EXPECT_EQ(whole.text.size(), item["size"]);
  EXPECT_EQ(crypto::sha256_hex(as_bytes(payload_of(whole.text, snapshot::kDocumentType))), name);
  EXPECT_EQ(whole.response.header("accept-ranges"), "bytes");
  const std::string etag(whole.response.header("etag"));

  std::string parts;
  while (parts.size() < whole.text.size()) {
    const Answered part =
        get(seed().egress, name, {{"range", wire::range_field(parts.size(), 4096)}});
    ASSERT_EQ(part.status, 206);
    EXPECT_EQ(part.response.header("etag"), etag);
    const auto range = wire::parse_content_range(part.response.header("content-range"));
    ASSERT_TRUE(range);
    EXPECT_EQ(range->first, parts.size());
    EXPECT_EQ(range->size, whole.text.size());
    parts += part.text;
  }
  EXPECT_EQ(parts, whole.text);

  const Answered beyond = get(seed().egress, name, {{"range", "bytes=9999999-"}});
  EXPECT_EQ(beyond.status, 416);
  EXPECT_EQ(beyond.response.header("content-range"),
            "bytes */" + std::to_string(whole.text.size()));
  EXPECT_EQ(get(seed().egress, name, {{"if-none-match", etag}}).status, 304);
  EXPECT_EQ(get(seed().egress, name, {{"range", "bytes=0-1"}, {"if-range", "\"other\""}}).status,
            200);
  EXPECT_EQ(get(seed().egress, name, {{"range", "bytes=0-1"}, {"if-range", etag}}).status, 206);
}

TEST_F(ConfigDelivery, ShowsANodeNoObjectsButItsOwn) {
  put_large_bundle();
  const std::string name = of_type(pull(seed().egress), "app_mtls_trust_bundle")["object"];
  EXPECT_EQ(get(seed().relay, name).code(), "object_not_found");
  EXPECT_EQ(get(seed().entry, name).code(), "object_not_found");
  EXPECT_EQ(get(seed().egress, std::string(64, '0')).code(), "object_not_found");
  EXPECT_EQ(get(seed().egress, name, {}, "secrets").code(), "object_not_found");
  EXPECT_EQ(
      w.as("admin@alpha", "DELETE", "organizations/alpha/configs/app_mtls_trust_bundle").status,
      204);
  EXPECT_EQ(get(seed().egress, name).code(), "object_not_found") << "it is not in force any more";
}

TEST_F(ConfigDelivery, ShowsWhichVersionEveryNodeAppliedAndWhatItCouldNot) {
  const json item = of_type(pull(seed().relay), "cp_agent_runtime");
  json ack = {{"type", item["type"]},
              {"version", item["version"]},
              {"layer", item["layer"]},
              {"organization", item["organization"]},
              {"resource", item["resource"]}};
  EXPECT_EQ(w.control->node_call(seed().relay, "configs/acks", {{"acks", {ack}}}).status, 204);
  EXPECT_EQ(status_of("cp_agent_runtime", seed().relay)["applied_version"], item["version"]);
  json error = ack;
  error["error"] = "no room";
  EXPECT_EQ(w.control->node_call(seed().relay, "configs/errors", {{"errors", {error}}}).status,
            204);
  EXPECT_EQ(status_of("cp_agent_runtime", seed().relay)["error"], "no room");
  ack["version"] = 0;  // one that was long under way
  EXPECT_EQ(w.control->node_call(seed().relay, "configs/acks", {{"acks", {ack}}}).status, 204);
  EXPECT_EQ(status_of("cp_agent_runtime", seed().relay)["applied_version"], item["version"]);
  EXPECT_EQ(w.as("root", "DELETE", "configs/cp_agent_runtime").status, 204);
  EXPECT_TRUE(status_of("cp_agent_runtime", seed().relay).is_null());
  EXPECT_EQ(w.control->node_call(seed().relay, "configs/acks", {{"acks", {ack}}}).status, 204)
      << "for what is not there any more";
}

TEST_F(ConfigDelivery, ShowsNodesThatAreSilentToo) {
  const auto owed = [&] {
    std::multiset<std::string> out;
    for (const json& item : in(w.as("keeper", "GET", "config-status"), "items")) {
      if (item.contains("pending_since")) out.insert(item["type"].get<std::string>());
    }
    return out;
  };
  // All three nodes are owed the agent's document, and entry and egress those of both policies.
  EXPECT_EQ(owed(), (std::multiset<std::string>{"app_policy", "app_policy", "app_policy",
                                                "app_policy", "cp_agent_runtime",
                                                "cp_agent_runtime", "cp_agent_runtime"}));
  const json silent = status_of("cp_agent_runtime", seed().relay);
  EXPECT_EQ(silent["applied_version"], 0);
  EXPECT_EQ(silent["pending_since"], to_unix(w.control->now));
  const json item = of_type(pull(seed().relay), "cp_agent_runtime");
  const json ack = {{"type", item["type"]},
                    {"version", item["version"]},
                    {"layer", item["layer"]},
                    {"organization", item["organization"]},
                    {"resource", item["resource"]}};
  EXPECT_EQ(w.control->node_call(seed().relay, "configs/acks", {{"acks", {ack}}}).status, 204);
  EXPECT_FALSE(status_of("cp_agent_runtime", seed().relay).contains("pending_since"));
  EXPECT_EQ(in(w.as("keeper", "GET", "config-status"), "items").back()["node"], seed().relay)
      << "those who lag come first";

  w.control->now += std::chrono::seconds(7);
  put("configs/cp_agent_runtime", {{"checkin_interval_ms", 3000}}, "root");
  EXPECT_EQ(status_of("cp_agent_runtime", seed().relay)["pending_since"], to_unix(w.control->now));
  EXPECT_EQ(w.as("root", "POST", "nodes/relay-n/disable", json::object()).status, 200);
  EXPECT_TRUE(status_of("cp_agent_runtime", seed().relay).is_null()) << "it is told nothing";
}

TEST_F(ConfigDelivery, TakesABatchOfAcknowledgementsWholeOrNotAtAll) {
  const json item = of_type(pull(seed().relay), "cp_agent_runtime");
  const json good = {{"type", item["type"]},
                     {"version", item["version"]},
                     {"layer", item["layer"]},
                     {"organization", ""},
                     {"resource", ""}};
  const json batch = {{"acks", {{{"type", "node_config"}, {"version", 5}}, good}}};
  kill_between_statements(
      [&] { EXPECT_GE(w.control->node_call(seed().relay, "configs/acks", batch).status, 500); });
  const auto acked = [&] {
    for (const json& node : in(w.as("root", "GET", "nodes"), "items")) {
      if (node["id"] == seed().relay) return node["config_version"].get<int>();
    }
    return -1;
  };
  EXPECT_EQ(acked(), 0);
  EXPECT_EQ(status_of("cp_agent_runtime", seed().relay)["applied_version"], 0);
  for (int i = 0; i < 2; ++i) {  // and twice is like once
    EXPECT_EQ(w.control->node_call(seed().relay, "configs/acks", batch).status, 204);
    EXPECT_EQ(acked(), 5);
    EXPECT_EQ(status_of("cp_agent_runtime", seed().relay)["applied_version"], item["version"]);
  }
}

}  // namespace
}  // namespace rap::store
