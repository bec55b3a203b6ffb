// Draining nodes, and revoking nodes, certificates and keys.
#include <gtest/gtest.h>

#include <algorithm>

#include "test_world.hpp"

namespace rap::store {
namespace {

using namespace std::chrono_literals;
using snapshot::RevocationKind;
using wire::Severity;

class Leaving : public ::testing::Test {
 protected:
  snapshot::NodeConfig config_of(const std::string& node) { return w.control->config_of(node); }
  json node(const std::string& id) {
    for (const json& n : in(w.as("root", "GET", "nodes"), "items")) {
      if (n["id"] == id) return n;
    }
    return {};
  }
  json certificate(const std::string& serial) {
    for (const json& c : in(w.as("root", "GET", "certificates"), "items")) {
      if (c["serial"] == serial) return c;
    }
    return {};
  }
  Answered check_in(const std::string& id, const json& observations = json::object()) {
    return w.control->node_call(id, "checkin",
                                {{"versions", json::object()}, {"observations", observations}});
  }
  Answered session() {
    return w.as("user@alpha", "POST", "sessions", session_wanted("secret-alpha"));
  }
  std::vector<std::string> actions() {
    std::vector<std::string> out;
    for (const json& entry : in(w.as("root", "GET", "audit"), "items")) {
      out.push_back(entry["action"]);
    }
    return out;
  }
  bool was_audited(const std::string& action) {
    const auto all = actions();
    return std::ranges::find(all, action) != all.end();
  }
  static std::size_t count(const snapshot::NodeConfig& config, RevocationKind kind) {
    return static_cast<std::size_t>(
        std::ranges::count(config.revocations, kind, &snapshot::Revocation::kind));
  }

  SeededWorld w;
};

TEST_F(Leaving, ADrainIsToldToTheNodeAndItsNeighboursAndCanBeUndone) {
  const auto before = config_of(seed().egress);
  EXPECT_EQ(w.as("root", "POST", "nodes/egress-n/drain", {{"deadline_s", 600}}).status, 200);
  const auto own = config_of(seed().egress);
  EXPECT_GT(own.version, before.version);
  EXPECT_TRUE(own.draining);
  EXPECT_EQ(own.drain_deadline, to_unix(w.control->now + 600s));
  const auto relay = config_of(seed().relay);
  const auto peer =
      std::ranges::find(relay.peers, *NodeId::parse(seed().egress), &snapshot::Peer::node);
  ASSERT_NE(peer, relay.peers.end());
  EXPECT_TRUE(peer->draining);
  EXPECT_TRUE(config_of(seed().entry).pools.empty());
  EXPECT_TRUE(was_audited("node.draining"));

  EXPECT_EQ(w.as("root", "POST", "nodes/egress-n/undrain").status, 200);
  EXPECT_FALSE(config_of(seed().egress).draining);
  EXPECT_EQ(config_of(seed().entry).pools.size(), 2U);
  EXPECT_TRUE(was_audited("node.undrained"));
}

TEST_F(Leaving, EveryChangeOfRoutesBeginsAnEpochThatAnAdministratorCanRequire) {
  const auto before = config_of(seed().relay);
  w.as("root", "POST", "nodes/egress-n/drain", json::object());
  const auto drained = config_of(seed().relay);
  EXPECT_GT(drained.route_epoch, before.route_epoch);
  EXPECT_EQ(drained.route_epoch_floor, before.route_epoch_floor) << "the floor is not raised alone";

  const Answered required = w.as("root", "POST", "routes/require-current");
  EXPECT_EQ(required.body["route_epoch"], drained.route_epoch);
  const auto after = config_of(seed().relay);
  EXPECT_EQ(after.route_epoch_floor, drained.route_epoch);
  EXPECT_GT(after.version, drained.version) << "every node must hear of it";
  EXPECT_TRUE(was_audited("routes.required"));
}

TEST_F(Leaving, NothingNewIsPlacedOnWhatDrains) {
  EXPECT_EQ(session().status, 201);
  w.as("root", "POST", "nodes/entry-n/drain", json::object());
  EXPECT_EQ(session().code(), "no_entry_node");
  w.as("root", "POST", "nodes/entry-n/undrain");
  w.as("root", "POST", "nodes/egress-n/drain", json::object());
  EXPECT_EQ(session().code(), "egress_pool_empty");
  w.as("root", "POST", "nodes/egress-n/undrain");
  EXPECT_EQ(session().status, 201);
}

TEST_F(Leaving, ANodeIsDrainedWhenItSaysSo) {
  EXPECT_FALSE(node(seed().relay)["draining"]);
  w.as("root", "POST", "nodes/relay-n/drain", json::object());
  EXPECT_TRUE(node(seed().relay)["draining"]);
  EXPECT_FALSE(node(seed().relay).contains("drain_deadline"));
  check_in(seed().relay, {{"draining", false}, {"drained", true}});
  EXPECT_FALSE(node(seed().relay)["drained"]) << "it does not know of the drain yet";
  check_in(seed().relay, {{"draining", true}, {"drained", false}});
  EXPECT_FALSE(node(seed().relay)["drained"]);
  check_in(seed().relay, {{"draining", true}, {"drained", true}});
  EXPECT_TRUE(node(seed().relay)["drained"]);
  EXPECT_EQ(w.as("root", "POST", "nodes/newcomer/drain", json::object()).code(),
            "node_not_approved");
}

TEST_F(Leaving, ARevokedNodeIsShutOutAtOnceAndDeniedEverywhere) {
  const std::string serial = seed().serials.at(seed().relay);
  const auto before = config_of(seed().entry);
  EXPECT_EQ(w.as("root", "POST", "nodes/relay-n/revoke", json::object()).body["state"], "revoked");
  EXPECT_EQ(check_in(seed().relay).code(), "certificate_revoked");
  EXPECT_EQ(certificate(serial)["status"], "revoked");
  EXPECT_EQ(certificate(serial)["revoked_at"], to_unix(w.control->now));

  const auto config = config_of(seed().entry);
  EXPECT_GT(config.version, before.version);
  EXPECT_GT(config.revocation_version, before.revocation_version);
  ASSERT_EQ(config.revocations.size(), 3U) << "the node, its certificate, its key";
  EXPECT_EQ(count(config, RevocationKind::node), 1U);
  EXPECT_EQ(count(config, RevocationKind::key), 1U);
  for (const snapshot::Revocation& r : config.revocations) {
    EXPECT_EQ(r.severity, wire::Severity::close);
    if (r.kind == RevocationKind::node) {
      EXPECT_EQ(r.node.str(), seed().relay);
    }
    if (r.kind != RevocationKind::certificate) continue;
    EXPECT_EQ(r.serial, serial);
    EXPECT_NE(r.issuer, crypto::Sha256{});
  }
  for (const snapshot::Peer& p : config.peers) EXPECT_NE(p.node.str(), seed().relay);
  EXPECT_TRUE(was_audited("node.revoked"));
}

TEST_F(Leaving, WhatDrainsAfterARevocationCanStillBeClosed) {
  w.as("root", "POST", "nodes/relay-n/revoke", {{"severity", "drain"}});
  for (const auto& r : config_of(seed().entry).revocations) {
    EXPECT_EQ(r.severity, wire::Severity::drain);
  }
  w.as("root", "POST", "nodes/relay-n/revoke", json::object());
  w.as("root", "POST", "nodes/relay-n/revoke", {{"severity", "drain"}});
  for (const auto& r : config_of(seed().entry).revocations) {
    EXPECT_EQ(r.severity, wire::Severity::close) << "never back to the smaller one";
  }
}

TEST_F(Leaving, ARevokedNodeNeverComesBackButItsNameDoes) {
  w.as("root", "POST", "nodes/relay-n/revoke", json::object());
  EXPECT_EQ(w.as("root", "POST", "nodes/relay-n/disable").body["state"], "revoked");
  EXPECT_EQ(w.as("root", "POST", "nodes/relay-n/drain", json::object()).code(),
            "node_not_approved");
  const std::string second = w.control->add_node(seed().tokens.at("root"), "relay-n", {"relay"});
  EXPECT_NE(second, seed().relay);
  EXPECT_EQ(check_in(second).status, 200);
  EXPECT_EQ(node(second)["state"], "approved");
  EXPECT_EQ(node(seed().relay)["state"], "revoked");
}

TEST_F(Leaving, ARevocationBeforeTheApprovalHolds) {
  w.as("root", "POST", "nodes/newcomer/revoke", json::object());
  EXPECT_EQ(w.as("root", "POST", "enrolments/" + seed().pending_enrolment + "/approve").code(),
            "node_revoked");
}

TEST_F(Leaving, OneCertificateIsRevokedWithoutItsNode) {
  const std::string serial = seed().serials.at(seed().relay);
  EXPECT_EQ(w.as("root", "POST", "certificates/" + serial + "/revoke", {{"severity", "drain"}})
                .body["status"],
            "revoked");
  EXPECT_EQ(check_in(seed().relay).code(), "certificate_revoked");
  EXPECT_EQ(node(seed().relay)["state"], "approved");
  auto config = config_of(seed().entry);
  ASSERT_EQ(config.revocations.size(), 1U);
  EXPECT_EQ(config.revocations[0].kind, RevocationKind::certificate);
  EXPECT_EQ(config.revocations[0].severity, wire::Severity::drain);

  w.as("root", "POST", "certificates/" + serial + "/revoke", {{"key", true}});
  config = config_of(seed().entry);
  EXPECT_EQ(config.revocations.size(), 2U);
  EXPECT_EQ(count(config, RevocationKind::key), 1U);
  EXPECT_TRUE(was_audited("certificate.revoked"));
  EXPECT_EQ(w.as("root", "POST", "certificates/00/revoke", json::object()).code(),
            "certificate_not_found");
}

TEST_F(Leaving, ACertificateThatDrainsCanStillBeClosed) {
  const std::string path = "certificates/" + seed().serials.at(seed().relay) + "/revoke";
  w.as("root", "POST", path, {{"severity", "drain"}});
  ASSERT_EQ(config_of(seed().entry).revocations.at(0).severity, wire::Severity::drain);
  const auto before = config_of(seed().entry).revocation_version;
  EXPECT_EQ(w.as("root", "POST", path, {{"severity", "close"}}).status, 200);
  EXPECT_EQ(config_of(seed().entry).revocations.at(0).severity, wire::Severity::close);
  EXPECT_GT(config_of(seed().entry).revocation_version, before);
}

TEST_F(Leaving, TheCertificateOfADisabledNodeCanBeRevokedForEverybody) {
  w.as("root", "POST", "nodes/relay-n/disable");
  ASSERT_TRUE(config_of(seed().entry).revocations.empty());
  w.as("root", "POST", "certificates/" + seed().serials.at(seed().relay) + "/revoke",
       json::object());
  EXPECT_EQ(count(config_of(seed().entry), RevocationKind::certificate), 1U);
}

TEST_F(Leaving, ARevocationIsForgottenWhenNothingItConcernsIsValidAnyMore) {
  w.as("root", "POST", "nodes/relay-n/revoke", json::object());
  EXPECT_EQ(config_of(seed().entry).revocations.size(), 3U);
  w.control->now += control::kNodeCertificateLifetime;
  EXPECT_TRUE(config_of(seed().entry).revocations.empty());
}

}  // namespace
}  // namespace rap::store
