// Enrolment and the node listener.
#include <gtest/gtest.h>

#include "crypto/x509/validation/peer_verifier.hpp"
#include "test_world.hpp"

namespace rap::store {
namespace {

using namespace std::chrono_literals;

class Enrolment : public ::testing::Test {
 protected:
  std::string join_token(const json& body = {{"node_name", "fresh"}}) {
    const Answered a = w.as("root", "POST", "join-tokens", body);
    EXPECT_EQ(a.status, 201) << a.text;
    return a.body.value("join_token", "");
  }
  Answered enrol(const json& body) { return w.as("", "POST", "enrolments", body); }
  json request(const std::string& token) {
    return ControlPlane::enrolment(token, key, "fresh.test");
  }

  SeededWorld w;
  crypto::PrivateKey key = crypto::PrivateKey::generate(crypto::KeyType::p256);
};

TEST_F(Enrolment, WithAJoinTokenIsAnsweredAgainForTheSameRequestAndRefusedForAnother) {
  const json body = request(join_token());
  const Answered first = enrol(body);
  ASSERT_EQ(first.status, 202) << first.text;
  EXPECT_EQ(first.body["state"], "pending");
  EXPECT_EQ(enrol(body).text, first.text) << "the first answer may have been lost";
  w.control->now += 2h;
  EXPECT_EQ(enrol(body).text, first.text);
  key = crypto::PrivateKey::generate(crypto::KeyType::p256);
  json other = body;
  other["csr"] = request(join_token({{"node_name", "other"}}))["csr"];
  EXPECT_EQ(enrol(other).code(), "join_token_used");
}

TEST_F(Enrolment, NeedsALivingTokenOfThisNode) {
  json body = request(join_token({{"node_name", "fresh"}, {"ttl_s", 60}}));
  json other_node = body;
  other_node["node_id"] = seed().relay;
  EXPECT_EQ(enrol(other_node).code(), "join_token_invalid");
  json guessed = body;
  guessed["secret"] = "guess";
  EXPECT_EQ(enrol(guessed).code(), "join_token_invalid");
  w.control->now += 60s;
  EXPECT_EQ(enrol(body).code(), "join_token_expired");
}

TEST_F(Enrolment, OlderInvitationsEndWithANewerOne) {
  const json old = request(join_token());
  const json fresh = request(join_token());
  EXPECT_EQ(old["node_id"], fresh["node_id"]) << "still the same node";
  EXPECT_EQ(enrol(old).code(), "join_token_expired");
  EXPECT_EQ(enrol(fresh).status, 202);
  EXPECT_EQ(w.as("root", "POST", "join-tokens", {{"node_name", "fresh"}}).code(), "node_exists");
}

TEST_F(Enrolment, ARefusedRequestDoesNotUseUpTheToken) {
  const json body = request(join_token());
  json wrong = body;
  wrong["fabric_advertise"] = "elsewhere.test:4444";
  EXPECT_EQ(enrol(wrong).code(), "csr_names_mismatch");
  wrong = body;
  wrong["csr"] = "nonsense";
  EXPECT_EQ(enrol(wrong).code(), "csr_malformed");
  EXPECT_EQ(enrol(body).status, 202);
}

TEST_F(Enrolment, ShowsTheApproverEveryNameThatACertificateWillCarry) {
  const json body = request(join_token());
  ASSERT_EQ(enrol(body).status, 202);
  json shown;
  for (const json& e : in(w.as("keeper", "GET", "enrolments?state=pending"), "items")) {
    if (e["node_name"] == "fresh") shown = e;
  }
  const auto node = NodeId::parse(body["node_id"].get<std::string>()).value();
  const ClusterId cluster = ControlPlane::authority().cluster;
  EXPECT_EQ(shown["certificate_names"],
            (json{"fresh.test", wire::SpiffeId::of_node(cluster, node).str(),
                  wire::SpiffeId::of_worker(cluster, node).str()}));
}

TEST_F(Enrolment, NoNodeGetsANameOfTheControlPlane) {
  int n = 0;
  for (const char* host : {"control.test", "CONTROL.test"}) {
    const json body = ControlPlane::enrolment(
        join_token({{"node_name", "fresh-" + std::to_string(++n)}}), key, host);
    const Answered refused = enrol(body);
    EXPECT_EQ(refused.code(), "names_not_allowed") << host << refused.text;
  }
}

TEST_F(Enrolment, NoNodeGetsANameThatThePlatformLeavesOut) {
  const auto allow = [&](const json& names) {
    const Answered set = w.as("root", "PUT", "configs/node_names", {{"value", {{"allow", names}}}});
    EXPECT_EQ(set.status, 200) << set.text;
  };
  const json body = request(join_token());
  allow({"*.nodes.test"});
  EXPECT_EQ(enrol(body).code(), "names_not_allowed");
  allow({"*.test"});
  const Answered asked = enrol(body);
  ASSERT_EQ(asked.status, 202) << asked.text;
  const std::string approve = "enrolments/" + asked.body["id"].get<std::string>() + "/approve";
  allow({"*.nodes.test"});
  EXPECT_EQ(w.as("root", "POST", approve).code(), "names_not_allowed") << "judged again";
  allow({"*.test"});
  EXPECT_EQ(w.as("root", "POST", approve).status, 200);
}

TEST_F(Enrolment, YieldsACertificateOnApprovalForWhoKnowsThePollSecret) {
  const json body = request(join_token());
  const std::string id = enrol(body).body["id"];
  const std::string status = "enrolments/" + id + "/status";
  const json secret = {{"poll_secret", "poll secret"}};
  EXPECT_EQ(w.as("", "POST", status, secret).body, json({{"state", "pending"}}));
  EXPECT_EQ(w.as("root", "POST", "enrolments/" + id + "/approve").status, 200);
  EXPECT_EQ(w.as("", "POST", status, {{"poll_secret", "guess"}}).code(), "enrolment_not_found");

  const json answer = w.as("", "POST", status, secret).body;
  const auto chain =
      crypto::Certificate::chain_from_pem(answer["certificate_chain"].get<std::string>());
  ASSERT_EQ(chain->size(), 2U);
  EXPECT_EQ(chain->front().public_key().spki_sha256(), key.public_key().spki_sha256());
  EXPECT_EQ(answer["node_url"], "control.test:9091");
  EXPECT_EQ(answer["config_keys"][0]["kid"], ControlPlane::authority().config_key.kid);
  const auto roots = ControlPlane::authority().roots;
  const auto who = crypto::verify_peer(chain->front(), {chain->back()}, roots,
                                       crypto::PeerSide::client, wire::SpiffeId::Kind::node,
                                       ControlPlane::authority().cluster, w.control->now);
  ASSERT_TRUE(who);
  EXPECT_EQ(who->node().str(), body["node_id"].get<std::string>());
}

TEST_F(Enrolment, IsDecidedOnce) {
  const std::string id = enrol(request(join_token())).body["id"];
  EXPECT_EQ(w.as("root", "POST", "enrolments/" + id + "/deny").status, 200);
  EXPECT_EQ(w.as("root", "POST", "enrolments/" + id + "/approve").code(), "enrolment_decided");
  EXPECT_EQ(w.as("", "POST", "enrolments/" + id + "/status", {{"poll_secret", "poll secret"}})
                .body["state"],
            "denied");
  EXPECT_EQ(enrol(request(join_token())).status, 202) << "invited anew";
}

class NodeListener : public ::testing::Test {
 protected:
  Answered call(const std::string& path, const json& body = {}) {
    return w.control->node_call(seed().entry, path, body);
  }
  snapshot::NodeConfig config_of(const std::string& node) { return w.control->config_of(node); }

  SeededWorld w;
};

TEST_F(NodeListener, HearsOnlyTheNodeOfTheCertificate) {
  wire::HttpRequest request = ControlPlane::request_of(
      "POST", "/cp/v2/nodes/" + seed().entry + "/configs/pull", {{"have", 0}});
  EXPECT_EQ(w.control->node_request(request).code(), "wrong_node") << "no certificate at all";
  const auto cluster = ControlPlane::authority().cluster;
  request.peer = wire::SpiffeId::of_node(cluster, *NodeId::parse(seed().relay));
  request.peer_certificate_serial = seed().serials.at(seed().relay);
  EXPECT_EQ(w.control->node_request(request).code(), "wrong_node");
  SeededRandom rng(9);
  request.peer = wire::SpiffeId::of_node(ClusterId::random(rng), *NodeId::parse(seed().entry));
  EXPECT_EQ(w.control->node_request(request).code(), "wrong_cluster");
  request.peer = wire::SpiffeId::of_node(cluster, *NodeId::parse(seed().entry));
  EXPECT_EQ(w.control->node_request(request).code(), "certificate_revoked")
      << "the serial is not one that was issued to this node";
  request.peer_certificate_serial = seed().serials.at(seed().entry);
  EXPECT_EQ(w.control->node_request(request).status, 200);
  request.peer->kind = wire::SpiffeId::Kind::control;
  EXPECT_EQ(w.control->node_request(request).code(), "wrong_node");
}

TEST_F(NodeListener, ChecksEveryRouteBeforeItsBody) {
  for (const control::NodeRoute& route : w.control->node_listener().routes()) {
    std::string path(route.path);
    if (const auto at = path.find("{id}"); at != path.npos) path.replace(at, 4, seed().entry);
    wire::HttpRequest request =
        ControlPlane::request_of(std::string(route.method), path, "not an object");
    EXPECT_EQ(w.control->node_request(request).status, 403) << route.operation;
  }
}

TEST_F(NodeListener, OpensAStreamOfEventsThatIsTheNodesOwn) {
  wire::HttpRequest request =
      ControlPlane::request_of("GET", "/cp/v2/nodes/" + seed().entry + "/events", nullptr);
  EXPECT_EQ(w.control->node_request(request).code(), "wrong_node");
  request.peer =
      wire::SpiffeId::of_node(ControlPlane::authority().cluster, *NodeId::parse(seed().entry));
  request.peer_certificate_serial = seed().serials.at(seed().entry);
  EXPECT_EQ(w.control->node_request(request).response.event_stream, seed().entry);
  EXPECT_EQ(w.as("root", "POST", "nodes/entry-n/revoke", json::object()).status, 200);
  const Answered refused = w.control->node_request(request);
  EXPECT_EQ(refused.code(), "certificate_revoked");
  EXPECT_TRUE(refused.response.event_stream.empty());
}

TEST_F(NodeListener, TellsWhatIsNewAtACheckIn) {
  const json body = {{"versions", {{"agent", "1"}, {"fabric", "1"}, {"config_version", 3}}},
                     {"metadata", {{"hostname", "h"}, {"uptime_s", 5}}},
                     {"metrics", {{"load", 0.5}}}};
  const Answered a = call("checkin", body);
  ASSERT_EQ(a.status, 200) << a.text;
  EXPECT_GT(a.body["config_version"], 1);
  EXPECT_EQ(a.body["commands_seq"], 0);
  EXPECT_EQ(a.body["server_time"], to_unix(w.control->now));
  for (const json& node : in(w.as("root", "GET", "nodes"), "items")) {
    if (node["id"] != seed().entry) continue;
    EXPECT_EQ(node["last_seen_at"], to_unix(w.control->now));
    EXPECT_EQ(node["metadata"]["hostname"], "h");
    EXPECT_EQ(node["versions"]["config_version"], 3);
  }
}

TEST_F(NodeListener, GivesTheConfigurationOnceAndAgainAfterEveryChange) {
  const snapshot::NodeConfig config = config_of(seed().egress);
  EXPECT_EQ(config.resources.size(), 2U);
  const auto pull = [&](std::uint64_t have) {
    return w.control->node_call(seed().egress, "configs/pull", {{"have", have}})
        .body["configs"]
        .size();
  };
  EXPECT_EQ(pull(config.version), 0U);
  EXPECT_EQ(
      w.control
          ->node_call(seed().egress, "configs/pull", {{"have", config.version}, {"refresh", true}})
          .body["configs"]
          .size(),
      1U)
      << "issued anew when asked to";
  EXPECT_EQ(pull(config.version + 1), 1U) << "a restored database may be older than its nodes";

  const json resource = {{"name", "one-more"},
                         {"protocol", "tcp"},
                         {"host", "10.0.0.9"},
                         {"port", 80},
                         {"egress_pool", "pool-alpha"}};
  EXPECT_EQ(w.as("admin@alpha", "POST", "organizations/alpha/resources", resource).status, 201);
  EXPECT_EQ(pull(config.version), 1U);
  const snapshot::NodeConfig changed = config_of(seed().egress);
  EXPECT_EQ(changed.version, config.version + 1);
  EXPECT_EQ(changed.resources.size(), 3U);
}

TEST_F(NodeListener, TellsEachRoleItsOwn) {
  const auto entry = config_of(seed().entry);
  const auto relay = config_of(seed().relay);
  const auto egress = config_of(seed().egress);
  EXPECT_TRUE(entry.resources.empty());
  EXPECT_EQ(entry.pools.size(), 2U);
  EXPECT_EQ(entry.token_keys.size(), 1U);
  EXPECT_TRUE(relay.resources.empty() && relay.pools.empty() && relay.token_keys.empty());
  EXPECT_EQ(relay.peers.size(), 2U);
  EXPECT_TRUE(egress.pools.empty());
  EXPECT_EQ(egress.resources.size(), 2U);
}

TEST_F(NodeListener, RemembersAcknowledgementsAndErrors) {
  const auto node = [&] {
    for (const json& n : in(w.as("root", "GET", "nodes"), "items")) {
      if (n["id"] == seed().entry) return n;
    }
    return json{};
  };
  EXPECT_EQ(call("configs/errors",
                 {{"errors", {{{"type", "node_config"}, {"version", 4}, {"error", "no space"}}}}})
                .status,
            204);
  EXPECT_EQ(node()["config_error"], "version 4: no space");
  EXPECT_EQ(call("configs/acks", {{"acks", {{{"type", "node_config"}, {"version", 5}}}}}).status,
            204);
  EXPECT_EQ(node()["config_version"], 5);
  EXPECT_FALSE(node().contains("config_error"));
  EXPECT_GT(node()["wanted_config_version"], 5);
}

TEST_F(NodeListener, TakesTheResultOfItsOwnCommandsOnly) {
  w.as("user@alpha", "DELETE", "sessions/" + seed().session);
  const json command = call("commands/pull?since=0").body["commands"][0];
  EXPECT_EQ(command["seq"], 1);
  const std::string result = "commands/" + command["id"].get<std::string>() + "/result";
  EXPECT_EQ(w.control->node_call(seed().egress, result, {{"status", "ok"}}).code(),
            "command_not_found");
  EXPECT_EQ(call(result, {{"status", "ok"}, {"detail", ""}}).status, 204);
  EXPECT_TRUE(call("commands/pull?since=1").body["commands"].empty());
}

TEST_F(NodeListener, ShutsOutADisabledNodeAndTellsTheOthers) {
  EXPECT_EQ(config_of(seed().entry).peers.size(), 1U);
  EXPECT_EQ(w.as("root", "POST", "nodes/relay-n/disable").status, 200);
  EXPECT_EQ(w.control->node_call(seed().relay, "checkin", {{"versions", json::object()}}).code(),
            "node_disabled");
  const auto config = config_of(seed().entry);
  ASSERT_EQ(config.peers.size(), 2U) << "without a relay the egress dials the entry";
  for (const auto& peer : config.peers) {
    EXPECT_EQ(peer.disabled, peer.node.str() == seed().relay);
    EXPECT_EQ(peer.classes.empty(), peer.disabled);
  }
  for (const json& n : in(w.as("root", "GET", "nodes"), "items")) {
    EXPECT_EQ(n["state"] == "disabled", n["id"] == seed().relay) << n;
  }
}

TEST_F(NodeListener, ShowsChannelsToThePlatformWhileTheyAreFresh) {
  const json channel = {{"id", "0f8fad5b-d9cb-469f-a165-70867728950e"},
                        {"peer", seed().relay},
                        {"direction", "dial"},
                        {"state", "established"},
                        {"classes", {"input"}},
                        {"age_s", 1},
                        {"rtt_us", 2},
                        {"bytes_in", 3},
                        {"bytes_out", 4},
                        {"flows", 5},
                        {"last_reason", ""}};
  const json reconnect = {{"peer", seed().egress},
                          {"attempts", 3},
                          {"next_in_ms", 250},
                          {"last_reason", "certificate_revoked"},
                          {"stopped", true}};
  call("checkin",
       {{"versions", json::object()},
        {"observations", {{"channels", {channel, "nonsense"}}, {"reconnects", {reconnect, 7}}}}});
  const json items = w.as("keeper", "GET", "channels").body["items"];
  ASSERT_EQ(items.size(), 1U);
  EXPECT_EQ(items[0]["node"], seed().entry);
  EXPECT_EQ(items[0]["peer_name"], "relay-n");
  const json reconnects = w.as("keeper", "GET", "channels").body["reconnects"];
  ASSERT_EQ(reconnects.size(), 1U);
  EXPECT_EQ(reconnects[0]["node_name"], "entry-n");
  EXPECT_EQ(reconnects[0]["peer_name"], "egress-n");
  w.control->now += 61s;
  EXPECT_TRUE(w.as("keeper", "GET", "channels").body["items"].empty());
}

TEST_F(NodeListener, RefusesReportsThatTheDatabaseCouldNotKeep) {
  EXPECT_EQ(call("checkin", {{"versions", {{"agent", std::string(1, '\0')}}}}).code(),
            "invalid_member");
  EXPECT_EQ(call("checkin", {{"versions", 1}}).code(), "invalid_member");
  EXPECT_EQ(call("checkin", {{"versions", json::object()}, {"more", 1}}).code(), "invalid_member");
}

}  // namespace
}  // namespace rap::store
