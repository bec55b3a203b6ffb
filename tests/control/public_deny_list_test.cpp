// The deny list of clients out of the inventory, and who is a candidate after a revocation.
#include "control/pki/status/deny_list_publication.hpp"

#include <gtest/gtest.h>

#include "control/pki/own_certificate.hpp"
#include "snapshot/public_deny_list.hpp"
#include "test_world.hpp"

namespace rap::store {
namespace {

using namespace std::chrono_literals;

class DenyListOfClients : public ::testing::Test {
 protected:
  DenyListOfClients() { issue_worker(); }
  void issue_worker() {
    const auto key = crypto::PrivateKey::generate(crypto::KeyType::p256);
    crypto::SubjectNames names;
    names.uris = {wire::SpiffeId{ControlPlane::authority().cluster, wire::SpiffeId::Kind::worker,
                                 NodeId::parse(seed().entry)->bytes()}
                      .str()};
    names.dns = {"entry-n.test"};
    const Answered issued = w.control->node_call(
        seed().entry, "certificates", {{"kind", "worker"}, {"csr", crypto::make_csr(key, names)}});
    EXPECT_EQ(issued.status, 200) << issued.text;
    worker = crypto::Certificate::from_pem(issued.body.value("certificate_chain", ""));
  }
  snapshot::PublicDenyList opened(const json& given) {
    const auto list = snapshot::open_deny_list(
        given.at("envelope").get<std::string>(), given.at("signer").get<std::string>(),
        {ControlPlane::authority().roots, ControlPlane::authority().cluster}, w.control->now);
    EXPECT_TRUE(list) << to_string(list.error());
    return list.value_or(snapshot::PublicDenyList{});
  }
  json fetched() {
    const Answered a = w.as("user@alpha", "GET", "deny-list");
    EXPECT_EQ(a.status, 200) << a.text;
    return a.body;
  }
  Answered session(const json& more = json::object()) {
    return w.as("user@alpha", "POST", "sessions", session_wanted("secret-alpha", more));
  }
  void revoke(bool key) {
    const Answered done =
        w.as("root", "POST", "certificates/" + worker->serial_hex() + "/revoke", {{"key", key}});
    EXPECT_EQ(done.status, 200) << done.text;
  }

  SeededWorld w;
  std::optional<crypto::Certificate> worker;
};

TEST_F(DenyListOfClients, NamesARevokedWorkerAtOnceAndNoNodeCertificate) {
  const json before = fetched();
  EXPECT_TRUE(opened(before).entries.empty());
  revoke(false);
  const auto relay = seed().serials.at(seed().relay);
  EXPECT_EQ(w.as("root", "POST", "certificates/" + relay + "/revoke", json::object()).status, 200);
  const auto after = opened(fetched());
  EXPECT_GT(after.version, before["version"]);
  ASSERT_EQ(after.entries.size(), 1U);
  EXPECT_EQ(after.entries.front().issuer, worker->issuer_hash());
  EXPECT_EQ(after.entries.front().serial, worker->serial_hex());
}

// A revoked worker is not met by whoever has no list yet either.
TEST_F(DenyListOfClients, ARevokedWorkerIsNoCandidateUntilItHasAnotherCertificate) {
  const auto candidates = [&] { return in(session(), "candidates").size(); };
  const std::size_t all = candidates();
  ASSERT_GT(all, 0U);
  revoke(false);
  const Answered after = session();
  EXPECT_EQ(after.status == 201 ? in(after, "candidates").size() : 0U, all - 1) << after.text;
  issue_worker();
  EXPECT_EQ(candidates(), all);
}

TEST_F(DenyListOfClients, TheControlPlanesOwnCertificateIsRevokedLikeEveryOther) {
  const auto authority = ControlPlane::authority();
  const auto own_key = crypto::PrivateKey::generate(crypto::KeyType::p256);
  crypto::SubjectNames names;
  names.uris = {wire::SpiffeId{authority.cluster, wire::SpiffeId::Kind::control, {1}}.str()};
  names.dns = {"control.test"};
  SeededRandom rng{4};
  const auto leaf =
      crypto::issue_leaf(authority.intermediate, own_key.public_key(), names,
                         control::validity_from(w.control->now, std::chrono::days{1}), rng);
  const auto enter = [&] {
    return control::enter_own_certificate(w.control->database, authority,
                                          {leaf, authority.intermediate.certificate}, {},
                                          w.control->now);
  };
  EXPECT_EQ(enter(), control::OwnStanding::good);
  EXPECT_EQ(enter(), control::OwnStanding::good) << "once is enough";
  const auto shown = [&] {
    for (const json& c : in(w.as("root", "GET", "certificates"), "items")) {
      if (c["serial"] == leaf.serial_hex()) return c;
    }
    return json();
  };
  EXPECT_EQ(shown()["kind"], "control");
  EXPECT_EQ(shown()["cluster"], authority.cluster.str());
  EXPECT_FALSE(shown().contains("node"));
  const Answered done =
      w.as("root", "POST", "certificates/" + leaf.serial_hex() + "/revoke", {{"key", true}});
  EXPECT_EQ(done.status, 200) << done.text;
  EXPECT_EQ(shown()["status"], "revoked");
  EXPECT_EQ(enter(), control::OwnStanding::revoked);
  const auto deny = crypto::DenyList::make(opened(fetched()).entries);
  ASSERT_TRUE(deny);
  EXPECT_TRUE(deny->certificate(leaf.issuer_hash(), leaf.serial_hex()));
  EXPECT_TRUE(deny->key(leaf.key_hash()));
}

TEST_F(DenyListOfClients, NamesTheKeyWhenThatOrTheNodeWasRevoked) {
  revoke(true);
  const auto deny = crypto::DenyList::make(opened(fetched()).entries);
  ASSERT_TRUE(deny);
  EXPECT_TRUE(deny->key(worker->key_hash()));
  SeededWorld other;
  EXPECT_EQ(other.as("root", "POST", "nodes/entry-n/revoke", {{"severity", "close"}}).status, 200);
}

TEST_F(DenyListOfClients, ComesWithAnAttachmentUnlessTheClientHasIt) {
  const Answered first = session();
  ASSERT_EQ(first.status, 201) << first.text;
  ASSERT_TRUE(first.body.contains("deny_list"));
  const auto version = first.body["deny_list"]["version"].get<std::uint64_t>();
  EXPECT_EQ(opened(first.body["deny_list"]).version, version);
  EXPECT_FALSE(session({{"deny_list_version", version}}).body.contains("deny_list"));
  revoke(false);
  issue_worker();  // without another the entry would be no candidate
  EXPECT_EQ(opened(session({{"deny_list_version", version}}).body["deny_list"]).entries.size(), 1U);
}

TEST_F(DenyListOfClients, IsSignedAnewBeforeItGetsOldAndLosesWhatExpired) {
  revoke(false);
  const auto first = opened(fetched());
  EXPECT_EQ(first.expires_at - first.issued_at, control::kDenyListValidity);
  w.control->now += 14min;
  EXPECT_EQ(opened(fetched()).version, first.version);
  w.control->now += 2min;
  EXPECT_GT(opened(fetched()).version, first.version);
  w.control->now = worker->not_after() + 1s;
  const json later =
      w.control
          ->call("POST", "/api/v1/auth/login",
                 {{"email", "user@alpha.test"}, {"password", ControlPlane::kPassword}})
          .body;
  EXPECT_TRUE(opened(w.control->call("GET", "/api/v1/deny-list", {}, later.value("token", "")).body)
                  .entries.empty());
}

TEST_F(DenyListOfClients, ARevokedOrDisabledEntryIsNoCandidateAnyMore) {
  EXPECT_EQ(in(session(), "candidates").size(), 1U);
  EXPECT_EQ(w.as("root", "POST", "nodes/entry-n/disable", {}).status, 200);
  EXPECT_EQ(session().code(), "no_entry_node");
  SeededWorld other;
  EXPECT_EQ(other.as("root", "POST", "nodes/entry-n/revoke", {{"severity", "close"}}).status, 200);
  EXPECT_EQ(other.as("user@alpha", "POST", "sessions", session_wanted("secret-alpha")).code(),
            "no_entry_node");
}

TEST_F(DenyListOfClients, FallbacksAreAuditedAndCounted) {
  const json items = {{{"entry", "192.0.2.1:4443"}, {"cause", "certificate_revoked"}},
                      {{"entry", "192.0.2.2:4443"}, {"cause", "certificate_revoked"}}};
  const std::string path = "sessions/" + seed().session + "/fallbacks";
  EXPECT_EQ(w.as("user@alpha", "POST", path, {{"items", items}}).status, 204);
  EXPECT_EQ(
      w.as("user@alpha", "POST", path, {{"items", {{{"entry", "h"}, {"cause", "x"}}}}}).status,
      400);
  const json entries = in(w.as("root", "GET", "audit"), "items");
  EXPECT_EQ(entries.front()["action"], "session.fallback");
  EXPECT_EQ(entries.front()["detail"]["causes"]["certificate_revoked"], 2);
  EXPECT_NE(w.control->call("GET", "/metrics", {}, seed().tokens.at("root"))
                .text.find("rap_client_fallbacks_total{cause=\"certificate_revoked\"} 2"),
            std::string::npos);
}

}  // namespace
}  // namespace rap::store
