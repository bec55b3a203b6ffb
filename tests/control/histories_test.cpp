// The database goes back, and nodes follow into its new history (docs/decisions/histories.md).
#include <gtest/gtest.h>

#include "crypto/tokens/dsse.hpp"
#include "crypto/x509/ca.hpp"
#include "snapshot/certificate_names.hpp"
#include "snapshot/history.hpp"
#include "test_world.hpp"

namespace rap::store {
namespace {

using namespace std::chrono_literals;
using snapshot::number_at;

class Histories : public ::testing::Test {
 protected:
  Answered check_in(const std::string& node, std::uint64_t config, std::uint64_t command = 0) {
    return w.control->node_call(
        node, "checkin", {{"versions", {{"config_version", config}, {"commands_seq", command}}}});
  }
  json node(const std::string& name) {
    for (const json& n : in(w.as("root", "GET", "nodes"), "items")) {
      if (n["name"] == name) return n;
    }
    return {};
  }
  std::vector<json> audited(const std::string& action) {
    std::vector<json> out;
    for (const json& e : in(w.as("root", "GET", "audit"), "items")) {
      if (e["action"] == action) out.push_back(e);
    }
    return out;
  }
  bool in_metrics(const std::string& line) {
    return w.control->call("GET", "/metrics", nullptr, seed().tokens.at("root"))
               .text.find(line + "\n") != std::string::npos;
  }
  // What an owner of the database does.
  void sql(const std::string& script) {
    Connection owner = TestCluster::open(w.conninfo, kOwnerRole);
    ASSERT_TRUE(owner.script("BEGIN; SELECT set_config('rap.scope', 'platform', true); " + script +
                             "; COMMIT"));
    w.control->admission_cache.forget();
  }
  // A certificate for the entry node that no inventory has: the answer to its renewal was sent, and
  // the database was then restored from a backup.
  crypto::Certificate issue(const crypto::PrivateKey& of, WallTime at) {
    const auto& authority = ControlPlane::authority();
    const auto id = *NodeId::parse(seed().entry);
    return crypto::issue_leaf(
        authority.intermediate, of.public_key(),
        snapshot::node_certificate_names(authority.cluster, id, std::vector<wire::HostPort>{}),
        control::validity_from(at, control::kNodeCertificateLifetime), rng);
  }
  Answered check_in_with(const crypto::Certificate& certificate) {
    wire::HttpRequest request = w.control->node_request_of(seed().entry, "checkin",
                                                           {{"versions", {{"config_version", 0}}}});
    request.peer_certificate_serial = certificate.serial_hex();
    request.peer_certificate_der = as_text(certificate.der());
    return w.control->node_request(request);
  }

  SeededWorld w;
  SeededRandom rng{5};
  crypto::PrivateKey key = crypto::PrivateKey::generate(crypto::KeyType::p256);
};

TEST_F(Histories, ANodeThatKnowsMoreThanTheDatabaseBeginsANewOneThatAllFollow) {
  const std::uint64_t known = node("entry-n")["wanted_config_version"];
  EXPECT_TRUE(in_metrics("rap_database_histories 1"));
  sql("UPDATE clusters SET config_version = config_version - 3");
  const json answer = check_in(seed().entry, known).body;
  EXPECT_GT(answer["config_version"], known);
  EXPECT_EQ(answer["config_version"], number_at(w.control->now));
  EXPECT_GT(answer["commands_seq"], 0) << "commands go beyond the lost ones too";
  const json behind = node("relay-n");
  EXPECT_EQ(behind["notices"][0]["code"], "old_history");
  EXPECT_TRUE(in_metrics("rap_database_histories 2"));
  EXPECT_TRUE(in_metrics("rap_node_notices{code=\"old_history\"} 3"));
  const auto told = audited("database.went_back");
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0]["actor"]["name"], "entry-n");
  EXPECT_EQ(told[0]["detail"]["found_by"], "node_knew_more");

  EXPECT_EQ(check_in(seed().relay, known).body["config_version"], answer["config_version"])
      << "once for all";
  const json acks = {{"acks", {{{"type", "node_config"}, {"version", answer["config_version"]}}}}};
  EXPECT_EQ(w.control->node_call(seed().relay, "configs/acks", acks).status, 204);
  EXPECT_TRUE(node("relay-n")["notices"].empty());
}

TEST_F(Histories, ANodeThatFinishedACommandThatTheDatabaseDoesNotKnowTellsToo) {
  const json before = check_in(seed().entry, 0, 0).body;
  const json after = check_in(seed().entry, 0, 7).body;
  EXPECT_EQ(before["commands_seq"], 0);
  EXPECT_GT(after["commands_seq"], 7);
  w.as("user@alpha", "DELETE", "sessions/" + seed().session);
  const json commands =
      w.control->node_call(seed().entry, "commands/pull?since=7").body["commands"];
  ASSERT_EQ(commands.size(), 1U);
  EXPECT_GT(commands[0]["seq"], after["commands_seq"]);
}

TEST_F(Histories, ALyingNodeBeginsNoneTooOftenAndNoneThatNothingCouldFollow) {
  const std::uint64_t counted = node("entry-n")["wanted_config_version"];
  const std::uint64_t too_high = snapshot::highest_number(w.control->now) + 1;
  EXPECT_EQ(check_in(seed().entry, too_high).body["config_version"], counted);
  const json first = check_in(seed().entry, counted + 1).body;
  EXPECT_EQ(first["config_version"], number_at(w.control->now));
  const std::uint64_t lie = number_at(w.control->now) + 5;
  w.control->now += 599s;
  EXPECT_EQ(check_in(seed().entry, lie).body["config_version"], first["config_version"]);
  w.control->now += 1s;
  EXPECT_GT(check_in(seed().entry, lie).body["config_version"], first["config_version"]);
}

TEST_F(Histories, ALieBesideATruthIsNotBelievedWithIt) {
  const std::uint64_t counted = node("entry-n")["wanted_config_version"];
  const json answer = check_in(seed().entry, std::uint64_t{1} << 60, 7).body;
  EXPECT_GT(answer["config_version"], counted) << "a command that is not known tells of a loss";
  EXPECT_LE(answer["config_version"], snapshot::highest_number(w.control->now));
  EXPECT_LE(answer["commands_seq"], snapshot::highest_number(w.control->now));
}

TEST_F(Histories, TheServersOwnNoteTellsBeforeAnyNodeDoes) {
  const std::uint64_t counted = node("entry-n")["wanted_config_version"];
  const auto keep = [&](std::uint64_t noted) {
    return *control::keep_history(w.control->house(), noted, w.control->now);
  };
  EXPECT_FALSE(keep(0).went_back);
  EXPECT_FALSE(keep(counted).went_back);
  const auto kept = keep(counted + 1);
  EXPECT_TRUE(kept.went_back);
  EXPECT_EQ(kept.config_version, number_at(w.control->now));
  EXPECT_FALSE(keep(kept.config_version).went_back);
  EXPECT_EQ(audited("database.went_back")[0]["detail"]["found_by"], "server_knew_more");
}

TEST_F(Histories, ADatabaseThatIsNowSomewhereElseIsInANewOne) {
  const auto keep = [&] { return *control::keep_history(w.control->house(), 0, w.control->now); };
  EXPECT_FALSE(keep().went_back);
  sql("UPDATE clusters SET lineage = 'another.server'");
  EXPECT_TRUE(keep().went_back);
  EXPECT_FALSE(keep().went_back);
  EXPECT_EQ(audited("database.went_back")[0]["detail"]["found_by"], "database_elsewhere");
}

TEST_F(Histories, ACertificateThatWeIssuedAndLostIsAdoptedAndSaid) {
  const auto certificate = issue(key, w.control->now - 1h);
  EXPECT_EQ(check_in_with(certificate).status, 200);
  EXPECT_EQ(audited("database.went_back")[0]["detail"]["found_by"], "unknown_certificate");
  ASSERT_EQ(audited("certificate.adopted").size(), 1U);
  EXPECT_EQ(audited("certificate.adopted")[0]["actor"]["name"], "entry-n");
  EXPECT_EQ(check_in_with(certificate).status, 200);
  EXPECT_EQ(audited("certificate.adopted").size(), 1U);

  const auto another =
      issue(crypto::PrivateKey::generate(crypto::KeyType::p256), w.control->now - 30min);
  EXPECT_EQ(check_in_with(another).status, 200);
  EXPECT_EQ(audited("database.went_back").size(), 1U) << "it is from the same lost history";
}

TEST_F(Histories, ACertificateThatIsRevokedIsNeverAdopted) {
  const auto certificate = issue(key, w.control->now - 1h);
  ASSERT_EQ(check_in_with(certificate).status, 200);
  const std::string path = "certificates/" + certificate.serial_hex() + "/revoke";
  ASSERT_EQ(w.as("root", "POST", path, {{"key", true}}).status, 200);
  EXPECT_EQ(check_in_with(certificate).code(), "certificate_revoked");
  EXPECT_EQ(check_in_with(issue(key, w.control->now)).code(), "certificate_revoked")
      << "nor another one of its key";
  ASSERT_EQ(w.as("root", "POST", "nodes/entry-n/revoke", json::object()).status, 200);
  const auto other = crypto::PrivateKey::generate(crypto::KeyType::p256);
  EXPECT_EQ(check_in_with(issue(other, w.control->now)).code(), "certificate_revoked");
}

TEST_F(Histories, ACertificateOfAnotherIssuerIsNeverAdopted) {
  const auto& authority = ControlPlane::authority();
  const auto issuer = crypto::make_intermediate(
      ControlPlane::root(), authority.cluster,
      control::validity_from(w.control->now, control::kNodeCertificateLifetime), rng);
  const auto id = *NodeId::parse(seed().entry);
  const auto certificate = crypto::issue_leaf(
      issuer, key.public_key(),
      snapshot::node_certificate_names(authority.cluster, id, std::vector<wire::HostPort>{}),
      control::validity_from(w.control->now, control::kNodeCertificateLifetime), rng);
  EXPECT_EQ(check_in_with(certificate).code(), "certificate_revoked");
}

}  // namespace
}  // namespace rap::store
