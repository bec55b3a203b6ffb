// Renewing certificates, and rotating the platform's trust.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "control/pki/rotation/rotations.hpp"
#include "crypto/ocsp/ocsp.hpp"
#include "crypto/tokens/dsse.hpp"
#include "test_world.hpp"

namespace rap::store {
namespace {

using namespace std::chrono_literals;

class Trust : public ::testing::Test {
 protected:
  Trust() : nodes{seed().entry, seed().relay, seed().egress} {}

  Answered renew(const std::string& node, const crypto::PrivateKey& with) {
    const std::string host = node == seed().entry   ? "entry"
                             : node == seed().relay ? "relay"
                                                    : "egress";
    crypto::SubjectNames names;
    names.uris = {
        wire::SpiffeId::of_node(ControlPlane::authority().cluster, *NodeId::parse(node)).str()};
    names.dns = {host + "-n.test"};
    return w.control->node_call(node, "certificates", {{"csr", crypto::make_csr(with, names)}});
  }
  // The node goes on with the certificate it was given.
  void use(const std::string& node, const Answered& renewed) {
    const auto leaf =
        crypto::Certificate::from_pem(renewed.body["certificate_chain"].get<std::string>());
    w.control->serials[node] = leaf->serial_hex();
  }
  json check_in(const std::string& node) {
    const Answered a = w.control->node_call(node, "checkin", {{"versions", json::object()}});
    EXPECT_EQ(a.status, 200) << a.text;
    return a.body;
  }
  json pull(const std::string& node, std::uint64_t have_bundle) {
    return w.control
        ->node_call(node, "configs/pull", {{"have", 0}, {"have_trust_bundle", have_bundle}})
        .body["configs"];
  }
  snapshot::NodeConfig config_in(const json& pulled) {
    const auto& signer = ControlPlane::authority().config_key;
    const auto payload =
        crypto::open_envelope(pulled.back()["envelope"].get<std::string>(),
                              snapshot::kNodeConfigType, {{signer.kid, signer.key.public_key()}});
    return *snapshot::parse_node_config(as_text(*payload));
  }
  void acknowledge(const std::string& node) {
    const std::uint64_t version = pull(node, 99).back()["version"];
    EXPECT_EQ(w.control
                  ->node_call(node, "configs/acks",
                              {{"acks", {{{"type", "node_config"}, {"version", version}}}}})
                  .status,
              204);
  }
  json token_key() { return w.as("keeper", "GET", "trust/token-key").body; }
  std::vector<std::string> kids(const std::string& node) {
    std::vector<std::string> out;
    const auto config = config_in(pull(node, 99));
    for (const auto& offered : config.token_keys) out.push_back(offered.kid);
    return out;
  }
  std::string signed_with() { return w.control->current->token_key.kid; }
  json status() { return w.as("keeper", "GET", "trust").body; }
  std::string phase() { return status()["phase"]; }
  void prepare() {
    SeededRandom rng(21);
    w.control->trust_keys.prepare(ControlPlane::root(), w.control->now, rng);
  }
  Answered rotate(bool force = false) {
    return w.as("root", "POST", "trust/rotate", force ? json{{"force", true}} : json::object());
  }
  void keep() { control::keep_trust(w.control->rotation(), w.control->now); }
  json certificate(const std::string& serial) {
    for (const json& c : in(w.as("root", "GET", "certificates"), "items")) {
      if (c["serial"] == serial) return c;
    }
    return {};
  }

  SeededWorld w;
  std::vector<std::string> nodes;
  crypto::PrivateKey key = crypto::PrivateKey::generate(crypto::KeyType::p256);
};

TEST_F(Trust, ARenewalGivesASecondCertificateAndRetiresTheFirst) {
  const std::string first = seed().serials.at(seed().entry);
  const Answered a = renew(seed().entry, key);
  ASSERT_EQ(a.status, 200) << a.text;
  EXPECT_EQ(renew(seed().entry, key).text, a.text) << "the first answer may have been lost";
  EXPECT_EQ(certificate(first)["status"], "retiring");
  EXPECT_EQ(check_in(seed().entry)["renew_certificate"], false) << "both are good";
  use(seed().entry, a);
  EXPECT_EQ(certificate(w.control->serials[seed().entry])["status"], "active");
  check_in(seed().entry);
  EXPECT_EQ(renew(seed().entry, key).code(), "csr_malformed") << "a renewal needs a new key";
}

TEST_F(Trust, ARenewalIsForTheNamesOfItsNode) {
  crypto::SubjectNames names;
  names.uris = {
      wire::SpiffeId::of_node(ControlPlane::authority().cluster, *NodeId::parse(seed().relay))
          .str()};
  EXPECT_EQ(
      w.control->node_call(seed().entry, "certificates", {{"csr", crypto::make_csr(key, names)}})
          .code(),
      "csr_names_mismatch");
}

TEST_F(Trust, ANodeHearsHowItsOwnCertificatesStandAndNoOthers) {
  const auto chain = crypto::Certificate::chain_from_pem(
      renew(seed().entry, key).body["certificate_chain"].get<std::string>());
  ASSERT_TRUE(chain);
  const Bytes asked = crypto::make_ocsp_request(chain->at(0), chain->at(1));
  const auto status = [&](const std::string& node, ByteView request) {
    return w.control->node_call(node, "certificates/status",
                                {{"ocsp_request", to_base64(request)}});
  };
  const Answered own = status(seed().entry, asked);
  ASSERT_EQ(own.status, 200) << own.text;
  EXPECT_EQ(own.body["ocsp"], to_base64(as_bytes("answer to " + std::string(as_text(asked)))));
  EXPECT_EQ(status(seed().relay, asked).code(), "certificate_not_found");
  EXPECT_EQ(status(seed().entry, as_bytes(std::string_view("noise"))).code(), "malformed_request");
  EXPECT_EQ(status(seed().entry, crypto::make_ocsp_request(chain->at(1), chain->at(1))).code(),
            "certificate_not_found");
  // It hears of what was revoked, as long as it may come itself.
  w.as("root", "POST", "certificates/" + chain->front().serial_hex() + "/revoke");
  EXPECT_EQ(status(seed().entry, asked).status, 200);
  w.as("root", "POST", "nodes/entry-n/disable");
  EXPECT_EQ(status(seed().entry, asked).code(), "node_disabled");
}

TEST_F(Trust, ANodeGetsNoMoreCertificatesThanItNeeds) {
  Answered last;
  for (int i = 0; i < 20; ++i) {
    last = renew(seed().entry, crypto::PrivateKey::generate(crypto::KeyType::p256));
  }
  EXPECT_EQ(last.code(), "too_many_attempts");
}

TEST_F(Trust, NeedsAPreparedRootAndOnlyTheOwnerRotates) {
  EXPECT_EQ(phase(), "stable");
  EXPECT_EQ(status()["prepared"], false);
  EXPECT_EQ(rotate().code(), "trust_not_prepared");
  prepare();
  EXPECT_EQ(status()["prepared"], true);
  EXPECT_EQ(w.as("keeper", "POST", "trust/rotate", json::object()).status, 403);
}

TEST_F(Trust, RotatesPhaseByPhaseAndNeverAheadOfANode) {
  prepare();
  const std::string old_ref = status()["ca_ref"];
  ASSERT_EQ(rotate().status, 200);
  EXPECT_EQ(phase(), "distributing");
  EXPECT_EQ(status()["late_nodes"].size(), 3U);
  EXPECT_EQ(rotate().code(), "trust_rotating");

  // The bundle comes before the configuration that names it, and verifies under the old root.
  const json pulled = pull(seed().entry, 1);
  ASSERT_EQ(pulled.size(), 2U);
  EXPECT_EQ(pulled[0]["type"], "trust_bundle");
  const auto bundle = snapshot::open_trust_bundle(pulled[0]["envelope"].get<std::string>(),
                                                  ControlPlane::authority().cluster,
                                                  ControlPlane::authority().roots, 1);
  ASSERT_TRUE(bundle);
  EXPECT_EQ(bundle->roots.size(), 2U);
  EXPECT_EQ(config_in(pulled).trust_bundle_pem, bundle->pem());
  EXPECT_EQ(config_in(pulled).trust_bundle_version, 2U);
  EXPECT_EQ(pull(seed().entry, 2).size(), 1U) << "it has it already";

  acknowledge(seed().entry);
  acknowledge(seed().relay);
  keep();
  EXPECT_EQ(phase(), "distributing") << "the egress does not know the new root";
  EXPECT_EQ(status()["late_nodes"][0]["name"], "egress-n");
  EXPECT_EQ(check_in(seed().entry)["renew_certificate"], false);
  acknowledge(seed().egress);
  keep();
  EXPECT_EQ(phase(), "reissuing");

  for (const std::string& node : nodes) {
    EXPECT_EQ(check_in(node)["renew_certificate"], true);
    keep();
    EXPECT_EQ(phase(), "reissuing");
    use(node, renew(node, crypto::PrivateKey::generate(crypto::KeyType::p256)));
    EXPECT_EQ(check_in(node)["renew_certificate"], false);
  }
  keep();
  EXPECT_EQ(phase(), "retiring");
  const auto retiring = config_in(pull(seed().entry, 99));
  EXPECT_EQ(retiring.trust_bundle_version, 3U);
  EXPECT_EQ(retiring.trust_bundle_floor, 1U) << "nobody is refused before all know";
  EXPECT_EQ(crypto::Certificate::chain_from_pem(retiring.trust_bundle_pem)->size(), 1U);
  for (const std::string& node : nodes) acknowledge(node);
  keep();
  EXPECT_EQ(phase(), "stable");
  EXPECT_NE(status()["ca_ref"], old_ref);
  EXPECT_EQ(config_in(pull(seed().entry, 99)).trust_bundle_floor, 3U);
  EXPECT_EQ(pull(seed().entry, 1).size(), 3U) << "who slept through it gets the whole way";
}

// Else what was read before another's step could be followed after it, and undo it.
TEST_F(Trust, IsFollowedBeforeAnotherCanTakeTheNextStep) {
  Connection other = TestCluster::open(w.conninfo, "postgres");
  std::vector<std::string> refused;
  w.control->trust_keys.on_follow = [&] {
    const auto locked = other.query("SELECT FROM trust FOR UPDATE NOWAIT", {});
    refused.push_back(locked ? "" : locked.error().sqlstate);
  };
  keep();
  EXPECT_THAT(refused, ::testing::ElementsAre("55P03"));
  prepare();
  ASSERT_EQ(rotate().status, 200);
  EXPECT_THAT(refused, ::testing::ElementsAre("55P03", "55P03"));
}

TEST_F(Trust, GoesOnWithoutLateNodesWhenForcedAndSaysWhoWasLeft) {
  prepare();
  rotate();
  EXPECT_EQ(rotate(true).body["phase"], "reissuing");
  EXPECT_EQ(rotate(true).body["phase"], "retiring");
  EXPECT_EQ(rotate(true).body["phase"], "stable");
  std::size_t forced = 0;
  for (const json& entry : in(w.as("root", "GET", "audit"), "items")) {
    if (!entry["action"].get<std::string>().starts_with("trust.")) continue;
    if (entry["detail"]["forced"] == false) continue;
    ++forced;
    EXPECT_EQ(entry["detail"]["left_behind"].size(), 3U);
  }
  EXPECT_EQ(forced, 3U);
}

TEST_F(Trust, NodesThatLeftHoldNothingUp) {
  prepare();
  rotate();
  acknowledge(seed().entry);
  acknowledge(seed().relay);
  w.as("root", "POST", "nodes/egress-n/revoke", json::object());
  keep();
  EXPECT_EQ(phase(), "reissuing");
}

TEST_F(Trust, PeopleAreShownTheWayToTheNewRoot) {
  prepare();
  rotate();
  const json answer = w.as("", "GET", "trust-bundle").body;
  EXPECT_EQ(answer["version"], 2);
  ASSERT_EQ(answer["bundles"].size(), 1U);
  EXPECT_TRUE(snapshot::open_trust_bundle(answer["bundles"][0].get<std::string>(),
                                          ControlPlane::authority().cluster,
                                          ControlPlane::authority().roots, 1));
}

TEST_F(Trust, AKeyForTokensIsKnownToAllBeforeItSignsAndTheFormerOneAsLongAsItsTokens) {
  const std::string first = signed_with();
  EXPECT_EQ(token_key()["phase"], "stable");
  EXPECT_EQ(kids(seed().entry), std::vector{first});
  EXPECT_EQ(w.as("keeper", "POST", "trust/token-key/rotate", json::object()).status, 403);
  const json begun = w.as("root", "POST", "trust/token-key/rotate", json::object()).body;
  EXPECT_EQ(begun["phase"], "distributing");
  const std::string next = begun["next_kid"];
  EXPECT_EQ(w.as("root", "POST", "trust/token-key/rotate", json::object()).code(),
            "trust_rotating");
  const std::vector both = {first, next};
  EXPECT_EQ(kids(seed().entry), both);
  acknowledge(seed().entry);
  acknowledge(seed().egress);
  keep();
  EXPECT_EQ(signed_with(), first) << "the relay does not know it yet";
  acknowledge(seed().relay);
  keep();
  EXPECT_EQ(token_key()["phase"], "overlapping");
  EXPECT_EQ(signed_with(), next);
  EXPECT_EQ(kids(seed().egress), both);
  w.control->now += 119s;
  keep();
  EXPECT_EQ(token_key()["phase"], "overlapping");
  w.control->now += 1s;
  keep();
  EXPECT_EQ(token_key()["phase"], "stable");
  EXPECT_EQ(token_key()["kid"], next);
  EXPECT_EQ(signed_with(), next);
  EXPECT_EQ(kids(seed().entry), std::vector{next});
}

TEST_F(Trust, WithForceAKeyForTokensIsReplacedWithoutWaiting) {
  for (const char* phase : {"distributing", "overlapping", "stable"}) {
    EXPECT_EQ(w.as("root", "POST", "trust/token-key/rotate", {{"force", true}}).body["phase"],
              phase);
  }
}

}  // namespace
}  // namespace rap::store
