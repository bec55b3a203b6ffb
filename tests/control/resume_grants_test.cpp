// What a client that seals its own flows is given with an attachment: tokens and a grant for its
// keys, and the egresses of the resource's pool.
#include <gtest/gtest.h>

#include <set>

#include "crypto/tokens/data_plane_token.hpp"
#include "crypto/tokens/resume_grant.hpp"
#include "test_world.hpp"

namespace rap::store {
namespace {

using namespace std::chrono_literals;

class ResumeGrants : public ::testing::Test {
 protected:
  struct Client {
    crypto::PrivateKey proof = crypto::PrivateKey::generate(crypto::KeyType::ed25519);
    crypto::ClientKey flow{};

    json keys() const {
      return {{"flow_key", to_base64url(flow)},
              {"proof_key", to_base64url(proof.public_key().raw())}};
    }
  };
  ResumeGrants() {
    laptop.flow.fill(0xfb);
    phone.flow.fill(0xfe);
  }

  Answered start(const json& keys) {
    return w.as("user@alpha", "POST", "sessions",
                {{"resource", "secret-alpha"}, {"client_keys", keys}});
  }
  Answered attach(const std::string& session, const Client& client, int flows = 1) {
    return w.as("user@alpha", "POST", "sessions/" + session + "/attachments",
                {{"client_keys", client.keys()}, {"flows", flows}});
  }
  static std::vector<crypto::VerificationKey> keys() {
    const auto& key = ControlPlane::authority().token_key;
    return {{key.kid, key.key.public_key()}};
  }
  crypto::ResumeGrant grant_in(const Answered& a) {
    EXPECT_EQ(a.status, 201) << a.text;
    if (!a.body.contains("resume")) return {};
    const auto grant = crypto::verify_grant(a.body["resume"]["grant"].get<std::string>(), keys(),
                                            ControlPlane::authority().cluster, w.control->now);
    EXPECT_TRUE(grant);
    EXPECT_EQ(a.body["resume"]["expires_at"], to_unix(grant->expires_at));
    return grant.value_or(crypto::ResumeGrant{});
  }
  std::vector<crypto::DataPlaneToken> tokens_in(const Answered& a) {
    std::vector<crypto::DataPlaneToken> out;
    const auto read = [&](const json& of) {
      const auto token = crypto::verify_token(of["token"].get<std::string>(), keys(),
                                              ControlPlane::authority().cluster, w.control->now);
      EXPECT_TRUE(token);
      out.push_back(token.value_or(crypto::DataPlaneToken{}));
    };
    for (const json& candidate : in(a, "candidates")) {
      read(candidate);
      for (const json& more : candidate["more_tokens"]) read(more);
    }
    return out;
  }
  static std::vector<std::string> egresses_in(const Answered& a) {
    std::vector<std::string> out;
    if (!a.body.contains("resume")) return out;
    for (const json& egress : a.body["resume"]["egresses"]) out.push_back(egress["node"]);
    return out;
  }
  // A session that is started now is told of these.
  std::set<std::string> egresses() {
    const auto found = egresses_in(start(laptop.keys()));
    return {found.begin(), found.end()};
  }
  std::string add_egress(const std::string& name, const std::string& organization) {
    const std::string& root = seed().tokens.at("root");
    const std::string node = w.control->add_node(root, name, {"egress"});
    EXPECT_EQ(w.as("root", "PUT",
                   "organizations/" + organization + "/egress-pools/pool-" + organization +
                       "/nodes/" + name)
                  .status,
              204);
    return node;
  }
  void set_policy(const json& value) {
    const Answered a =
        w.as("admin@alpha", "PUT", "organizations/alpha/configs/app_policy", {{"value", value}});
    EXPECT_EQ(a.status, 200) << a.text;
  }

  SeededWorld w;
  Client laptop;
  Client phone;
};

TEST_F(ResumeGrants, SayOfWhomAndForWhatTheTokensAre) {
  const Answered a = attach(seed().session, laptop, 3);
  const auto grant = grant_in(a);
  const auto tokens = tokens_in(a);
  ASSERT_EQ(tokens.size(), 3U);
  for (const crypto::DataPlaneToken& token : tokens) {
    EXPECT_EQ(token.flow_key, laptop.flow) << "each opens what this client seals, and nothing else";
    EXPECT_NE(token.id, grant.id);
    EXPECT_EQ(grant.cluster, token.cluster);
    EXPECT_EQ(grant.session, token.session);
    EXPECT_EQ(grant.attachment, token.attachment);
    EXPECT_EQ(grant.user, token.user);
    EXPECT_EQ(grant.auth_epoch, token.auth_epoch);
    EXPECT_EQ(grant.device, token.device);
    EXPECT_EQ(grant.organization, token.organization);
    EXPECT_EQ(grant.resource, token.resource);
    EXPECT_EQ(grant.egress_pool, token.egress_pool);
    EXPECT_EQ(grant.classes, token.classes);
    EXPECT_EQ(grant.session_began, token.session_began);
    EXPECT_EQ(grant.issued_at, token.issued_at);
  }
  EXPECT_FALSE(grant.device.is_nil());
  EXPECT_EQ(grant.session.str(), seed().session);
  EXPECT_EQ(grant.flow_key, laptop.flow);
  EXPECT_EQ(to_base64url(grant.proof_key), laptop.keys()["proof_key"].get<std::string>());
}

TEST_F(ResumeGrants, ComeWithEveryAttachmentAsWhoNamesNoKeysGetsNone) {
  const std::string attachments = "sessions/" + seed().session + "/attachments";
  for (const auto& [path, body] : std::vector<std::pair<std::string, json>>{
           {"sessions", {{"resource", "secret-alpha"}}}, {attachments, json::object()}}) {
    const Answered a = w.as("user@alpha", "POST", path, body);
    EXPECT_EQ(a.code(), "invalid_member") << path;
    EXPECT_EQ(a.body.value("detail", ""), "'client_keys' is missing.") << path;
  }
}

TEST_F(ResumeGrants, OfTwoClientsOfOneSessionAreEachForItsOwnKeys) {
  const Answered first = attach(seed().session, laptop);
  const Answered second = attach(seed().session, phone);
  const auto of_laptop = grant_in(first);
  const auto of_phone = grant_in(second);
  EXPECT_EQ(of_phone.flow_key, phone.flow);
  EXPECT_NE(of_laptop.proof_key, of_phone.proof_key);
  const Bytes exporter(crypto::kResumeExporterBytes, 1);
  const Bytes first_message(100, 2);
  const std::string text = first.body["resume"]["grant"];
  const crypto::ResumeTranscript seen{text, *NodeId::parse(seed().entry), exporter, first_message};
  EXPECT_TRUE(
      crypto::verify_resume_proof(of_laptop, seen, crypto::make_resume_proof(laptop.proof, seen)));
  EXPECT_FALSE(
      crypto::verify_resume_proof(of_laptop, seen, crypto::make_resume_proof(phone.proof, seen)));
}

TEST_F(ResumeGrants, EndWithTheLongestThatTheSessionMayLast) {
  EXPECT_EQ(grant_in(start(laptop.keys())).expires_at, w.control->now + 24h) << "a day without one";
  set_policy({{"max_session_s", 3600}});
  const Answered a = start(laptop.keys());
  const WallTime end = w.control->now + 1h;
  EXPECT_EQ(grant_in(a).expires_at, end);
  w.control->now += 59min;
  EXPECT_EQ(grant_in(attach(a.body["session"]["id"], laptop)).expires_at, end);
  w.control->now += 1min;
  EXPECT_EQ(attach(a.body["session"]["id"], laptop).code(), "session_terminated");
  set_policy({{"max_session_s", 30 * 86'400}});
  EXPECT_EQ(grant_in(start(laptop.keys())).expires_at, w.control->now + 24h) << "a day at most";
}

TEST_F(ResumeGrants, ComeWithHowLongAnEgressHoldsAFlow) {
  EXPECT_EQ(start(laptop.keys()).body["resume"]["hold_s"], 300);
  set_policy({{"flow_hold_s", 0}});
  EXPECT_EQ(start(laptop.keys()).body["resume"]["hold_s"], 0);
  EXPECT_EQ(w.as("admin@alpha", "PUT", "organizations/alpha/configs/app_policy",
                 {{"value", {{"flow_hold_s", 3601}}}})
                .code(),
            "invalid_member");
}

TEST_F(ResumeGrants, ForKeysThatAreNoneAreRefusedWithTheNameOfTheMember) {
  const auto refusal = [&](json keys) {
    const Answered a = start(keys);
    EXPECT_EQ(a.code(), "invalid_member") << a.text;
    return a.body.value("detail", "");
  };
  json keys = laptop.keys();
  keys.erase("proof_key");
  EXPECT_EQ(refusal(keys), "'client_keys.proof_key' is missing.");
  keys["proof_key"] = to_base64url(Bytes(31));
  EXPECT_EQ(refusal(keys), "'client_keys.proof_key' must be 32 bytes in base64url.");
  keys = laptop.keys();
  keys["flow_key"] = to_base64(Bytes(32, 0xfb));
  EXPECT_EQ(refusal(keys), "'client_keys.flow_key' must be 32 bytes in base64url.");
  EXPECT_EQ(w.as("user@alpha", "POST", "sessions/" + seed().session + "/attachments",
                 {{"client_keys", "none"}})
                .code(),
            "invalid_member");
}

TEST_F(ResumeGrants, ComeWithTheEgressesOfTheResourcesPoolAndNothingOfTheWayThere) {
  const std::string alphas = add_egress("egress-a", "alpha");
  const std::string betas = add_egress("egress-b", "beta");
  const Answered a = start(laptop.keys());
  EXPECT_EQ(egresses(), (std::set{seed().egress, alphas}));
  for (const json& egress : a.body["resume"]["egresses"]) {
    EXPECT_EQ(egress["flow_key"], to_base64url(Bytes(32, 7)));
    EXPECT_EQ(egress.size(), 2U) << egress;
  }
  for (const std::string& mark :
       {betas, seed().relay, std::string("egress-a"), std::string("egress-n"),
        std::string("relay-n"), std::string(":4444")}) {
    EXPECT_EQ(a.text.find(mark), std::string::npos) << mark;
  }
}

TEST_F(ResumeGrants, KeepASessionWithItsEgressAndSpreadSessionsOverAll) {
  for (int i = 0; i < 3; ++i) add_egress("egress-" + std::to_string(i), "alpha");
  std::set<std::string> first;
  for (int i = 0; i < 40; ++i) {
    const Answered a = start(laptop.keys());
    const auto told = egresses_in(a);
    ASSERT_EQ(told.size(), 4U) << a.text;
    first.insert(told.front());
    EXPECT_EQ(egresses_in(attach(a.body["session"]["id"], laptop)), told);
  }
  EXPECT_EQ(first.size(), 4U);
}

TEST_F(ResumeGrants, NameNoEgressThatTakesNoNewFlow) {
  const std::string other = add_egress("egress-a", "alpha");
  const std::set<std::string> both = {seed().egress, other};
  ASSERT_EQ(egresses(), both);
  const auto root = [&](const std::string& what, const json& body = {}) {
    return w.as("root", "POST", "nodes/egress-a/" + what, body).status;
  };
  EXPECT_EQ(root("disable"), 200);
  EXPECT_EQ(egresses(), std::set{seed().egress});
  EXPECT_EQ(root("enable"), 200);
  EXPECT_EQ(egresses(), both);
  EXPECT_EQ(root("drain", {{"deadline_s", 600}}), 200);
  EXPECT_EQ(egresses(), std::set{seed().egress});
  EXPECT_EQ(root("undrain"), 200);
  EXPECT_EQ(w.as("root", "PUT", "nodes/egress-a/roles", {{"roles", {"relay"}}}).status, 200);
  EXPECT_EQ(egresses(), std::set{seed().egress}) << "a member that is no egress any more";
}

TEST_F(ResumeGrants, NameNoEgressWithoutAKey) {
  add_egress("egress-a", "alpha");
  auto database = TestCluster::open(w.conninfo, kAppRole);
  ASSERT_TRUE(
      database.script("SELECT set_config('rap.scope', 'platform', false); "
                      "UPDATE nodes SET seal_key = NULL WHERE name = 'egress-a'"));
  EXPECT_EQ(egresses(), std::set{seed().egress});
  ASSERT_TRUE(database.script("UPDATE nodes SET seal_key = NULL"));
  EXPECT_EQ(start(laptop.keys()).code(), "egress_pool_empty");
}

TEST_F(ResumeGrants, AreInTheAuditLogWithTheirEnd) {
  grant_in(attach(seed().session, laptop));
  const json entries = in(w.as("owner@alpha", "GET", "audit?organization=alpha"), "items");
  const auto attached = std::ranges::find_if(entries, [&](const json& e) {
    return e["action"] == "session.attached" && e["detail"].contains("resumable_until");
  });
  ASSERT_NE(attached, entries.end());
  EXPECT_EQ((*attached)["detail"]["resumable_until"], to_unix(w.control->now + 24h));
}

}  // namespace
}  // namespace rap::store
