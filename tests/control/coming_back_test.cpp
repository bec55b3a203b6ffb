// Bad days of a node, as the control plane sees them: it is disabled and enabled, copied, late by
// the clock, and enrols again as the same node.
#include <gtest/gtest.h>

#include "test_world.hpp"

namespace rap::store {
namespace {

using namespace std::chrono_literals;

class ComingBack : public ::testing::Test {
 protected:
  Answered check_in(const std::string& node, json body = json::object()) {
    body["versions"] = json::object();
    w.control->now += 1s;
    return w.control->node_call(node, "checkin", body);
  }
  json node(const std::string& name) {
    for (const json& n : in(w.as("root", "GET", "nodes"), "items")) {
      if (n["name"] == name) return n;
    }
    return {};
  }
  std::vector<std::string> notices(const std::string& name) {
    std::vector<std::string> out;
    const json listed = node(name);
    for (const json& notice : listed["notices"]) out.push_back(notice["code"]);
    return out;
  }
  std::vector<std::string> statuses(const std::string& id) {
    std::vector<std::string> out;
    for (const json& c : in(w.as("root", "GET", "certificates"), "items")) {
      if (c["node"] == id) out.push_back(c["status"]);
    }
    return out;
  }
  std::size_t audited(const std::string& action) {
    std::size_t n = 0;
    for (const json& e : in(w.as("root", "GET", "audit"), "items")) n += e["action"] == action;
    return n;
  }
  std::string admin(const std::string& path, const json& body = json::object()) {
    const Answered a = w.as("root", "POST", path, body);
    return a.status < 300 ? "" : a.code();
  }
  // The host of the relay enrols with the token; yields the enrolment's id.
  std::string enrol_again(const std::string& token, const std::string& host = "moved.test") {
    const Answered a = w.as("", "POST", "enrolments", ControlPlane::enrolment(token, key, host));
    EXPECT_EQ(a.status, 202) << a.text;
    return a.body.value("id", "");
  }

  SeededWorld w;
  crypto::PrivateKey key = crypto::PrivateKey::generate(crypto::KeyType::p256);
};

TEST_F(ComingBack, ADisabledNodeThatIsEnabledIsWhatItWas) {
  ASSERT_EQ(check_in(seed().relay).status, 200);
  ASSERT_EQ(admin("nodes/relay-n/disable"), "");
  EXPECT_EQ(check_in(seed().relay).code(), "node_disabled");
  EXPECT_EQ(statuses(seed().relay), std::vector<std::string>{"revoked"});
  ASSERT_EQ(admin("nodes/relay-n/enable"), "");
  EXPECT_EQ(check_in(seed().relay).status, 200);
  EXPECT_EQ(statuses(seed().relay), std::vector<std::string>{"active"});
  EXPECT_EQ(node("relay-n")["roles"], json({"relay"}));
  EXPECT_EQ(audited("node.enabled"), 1U);
  EXPECT_EQ(admin("nodes/relay-n/enable"), "") << "once more is harmless";
  EXPECT_EQ(audited("node.enabled"), 1U);
}

TEST_F(ComingBack, WhatWasRevokedForItselfIsNotGoodAgainWithItsNode) {
  const std::string serial = seed().serials.at(seed().relay);
  ASSERT_EQ(admin("certificates/" + serial + "/revoke"), "");
  ASSERT_EQ(admin("nodes/relay-n/disable"), "");
  ASSERT_EQ(admin("nodes/relay-n/enable"), "");
  EXPECT_EQ(check_in(seed().relay).code(), "certificate_revoked");

  ASSERT_EQ(admin("nodes/entry-n/disable"), "");
  ASSERT_EQ(admin("certificates/" + seed().serials.at(seed().entry) + "/revoke"), "");
  ASSERT_EQ(admin("nodes/entry-n/enable"), "");
  EXPECT_EQ(check_in(seed().entry).code(), "certificate_revoked") << "nor while it was disabled";
}

TEST_F(ComingBack, OnlyANodeThatWasAMemberIsEnabled) {
  EXPECT_EQ(admin("nodes/newcomer/enable"), "node_not_approved");
  ASSERT_EQ(admin("nodes/newcomer/disable"), "");
  EXPECT_EQ(admin("nodes/newcomer/enable"), "node_not_approved");
  ASSERT_EQ(admin("nodes/relay-n/revoke"), "");
  EXPECT_EQ(admin("nodes/relay-n/enable"), "node_revoked");
  EXPECT_EQ(w.as("admin@alpha", "POST", "nodes/entry-n/enable").status, 403);
}

TEST_F(ComingBack, AClockThatIsOffIsShownWithTheNodeAndInTheMetrics) {
  check_in(seed().relay, {{"metrics", {{"clock_skew_s", 4}}}});
  EXPECT_EQ(node("relay-n")["clock_skew_s"], 4);
  EXPECT_TRUE(notices("relay-n").empty());
  check_in(seed().relay, {{"metrics", {{"clock_skew_s", -12}}}});
  EXPECT_EQ(notices("relay-n"), std::vector<std::string>{"clock_off"});
  EXPECT_NE(node("relay-n")["notices"][0]["text"].get<std::string>().find("12 s behind"),
            std::string::npos);
  const std::string metrics =
      w.control->call("GET", "/metrics", nullptr, seed().tokens.at("root")).text;
  EXPECT_NE(metrics.find("rap_node_clock_skew_seconds{node=\"relay-n\"} -12\n"), std::string::npos);
  EXPECT_NE(metrics.find("rap_node_notices{code=\"clock_off\"} 1\n"), std::string::npos);
  check_in(seed().relay, {{"metrics", {{"clock_skew_s", INT64_MIN}}}});
  EXPECT_EQ(notices("relay-n"), std::vector<std::string>{"clock_off"});
}

// Scenario 37.
TEST_F(ComingBack, ACopyOfANodeIsKeptOutAndSaid) {
  const auto as = [&](const char* who) { return check_in(seed().relay, {{"incarnation", who}}); };
  EXPECT_EQ(as("node").status, 200);
  EXPECT_EQ(as("copy").status, 200);
  EXPECT_EQ(audited("node.copied"), 0U) << "it might be the node, restarted";
  EXPECT_EQ(as("node").status, 200);
  EXPECT_EQ(as("copy").body["kept_out"], true);
  EXPECT_EQ(as("node").body["kept_out"], false);
  EXPECT_EQ(audited("node.copied"), 1U);
  EXPECT_EQ(notices("relay-n"), std::vector<std::string>{"copied"});
  w.control->now += 1h;
  EXPECT_EQ(as("node").status, 200);
  EXPECT_TRUE(notices("relay-n").empty()) << "the copy has been gone for an hour";
}

// Scenario 39.
TEST_F(ComingBack, AReadmittedNodeKeepsItsNameAndRolesAndWhatItHadIsSuperseded) {
  const std::string before = seed().serials.at(seed().relay);
  const Answered made = w.as("root", "POST", "nodes/relay-n/readmit", json::object());
  ASSERT_EQ(made.status, 201) << made.text;
  const std::string id = enrol_again(made.body["join_token"]);
  EXPECT_EQ(node("relay-n")["state"], "approved") << "a token alone takes nothing away";
  EXPECT_EQ(check_in(seed().relay).status, 200);
  ASSERT_EQ(admin("enrolments/" + id + "/approve"), "");

  const json listed = node("relay-n");
  EXPECT_EQ(listed["id"], seed().relay);
  EXPECT_EQ(listed["roles"], json({"relay"}));
  EXPECT_EQ(listed["state"], "approved");
  EXPECT_EQ(listed["fabric_advertise"], "moved.test:4444");
  EXPECT_EQ(check_in(seed().relay).code(), "certificate_revoked");
  for (const json& c : in(w.as("root", "GET", "certificates"), "items")) {
    if (c["node"] == seed().relay && c["serial"] != before) {
      w.control->serials[seed().relay] = c["serial"];
    }
  }
  EXPECT_EQ(check_in(seed().relay).status, 200);
  EXPECT_EQ(audited("node.readmitted"), 1U);
}

TEST_F(ComingBack, AReadmissionThatIsDeniedChangesNothing) {
  const json made = w.as("root", "POST", "nodes/relay-n/readmit", json::object()).body;
  ASSERT_EQ(admin("enrolments/" + enrol_again(made["join_token"]) + "/deny"), "");
  EXPECT_EQ(node("relay-n")["state"], "approved");
  EXPECT_EQ(check_in(seed().relay).status, 200);
}

TEST_F(ComingBack, OnlyAMemberIsReadmitted) {
  EXPECT_EQ(admin("nodes/newcomer/readmit"), "node_not_approved");
  EXPECT_EQ(admin("nodes/nobody/readmit"), "node_not_found");
  ASSERT_EQ(admin("nodes/relay-n/disable"), "");
  EXPECT_EQ(admin("nodes/relay-n/readmit"), "");
  ASSERT_EQ(admin("nodes/relay-n/revoke"), "");
  EXPECT_EQ(admin("nodes/relay-n/readmit"), "node_revoked");
}

}  // namespace
}  // namespace rap::store
