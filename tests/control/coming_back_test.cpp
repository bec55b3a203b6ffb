// Bad days of a node, as the control plane sees them: it is disabled and enabled, copied, late by
// the clock, and enrols again as the same node.
#include <gtest/gtest.h>

#include "control/nodes/notices/notice.hpp"
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

TEST_F(ComingBack, AListenerThatFailsIsShownWithWhatToDoUntilItOpens) {
  const auto failing = [&](const json& listeners) {
    check_in(seed().relay, {{"observations", {{"failed_listeners", listeners}}}});
    const json listed = node("relay-n");
    return listed["notices"].empty() ? "" : listed["notices"][0]["text"].get<std::string>();
  };
  const auto fabric = [](const char* fault) {
    return json{{"listener", "fabric"}, {"address", "192.0.2.7:7443"}, {"fault", fault}};
  };
  EXPECT_NE(failing(json::array({fabric("address_missing")}))
                .find("192.0.2.7:7443: the host does not have"),
            std::string::npos);
  EXPECT_EQ(notices("relay-n"), std::vector<std::string>{"listener_failed"});
  EXPECT_NE(failing(json::array({fabric("port_taken")})).find("'ss -ltnp sport = :7443'"),
            std::string::npos);
  EXPECT_NE(failing(json::array({fabric("not_permitted"), fabric("failed")})).find("1 more"),
            std::string::npos);
  // A node that lies gets nothing of its own before an administrator's eyes.
  for (const json& lie : {json{{"fault", "port_taken"}, {"address", "\x1b[2J:1"}}, json("text"),
                          json{{"fault", "\x1b[2J"}, {"address", "192.0.2.7:1"}}, json(7)}) {
    const std::string text = failing(json::array({lie}));
    EXPECT_EQ(text.find('\x1b'), std::string::npos);
    EXPECT_NE(text.find("the log of its rap-fabric"), std::string::npos) << text;
  }
  EXPECT_EQ(failing(json::object()), "");
  EXPECT_EQ(failing(json::array()), "");
}

TEST_F(ComingBack, ANodeThatIsReachedElsewhereThanOthersAreToldIsNamedWithBothAddresses) {
  const auto says = [&](const json& advertised) {
    check_in(seed().relay, {{"metadata", {{"advertised", advertised}}}});
    const json listed = node("relay-n");
    return listed["notices"].empty() ? "" : listed["notices"][0]["text"].get<std::string>();
  };
  const std::string fabric = node("relay-n")["fabric_advertise"];
  const std::string people = node("relay-n")["data_plane_advertise"];
  EXPECT_EQ(says({{"fabric", fabric}, {"data_plane", people}}), "");
  const std::string text = says({{"fabric", "moved.test:4444"}, {"data_plane", people}});
  EXPECT_EQ(notices("relay-n"), std::vector<std::string>{"address_differs"});
  EXPECT_NE(text.find("Nodes reach it at moved.test:4444, and are told " + fabric + "."),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("'rap admin nodes readmit relay-n'"), std::string::npos);
  EXPECT_EQ(audited("node.notice_began"), 1U);
  EXPECT_NE(says({{"fabric", fabric}, {"data_plane", "moved.test:4443"}})
                .find("People reach it at moved.test:4443, and are told " + people),
            std::string::npos);
  EXPECT_NE(says({{"fabric", "moved.test:4444"}, {"data_plane", "moved.test:4443"}})
                .find("its address for people differs too"),
            std::string::npos);
  // What the node says is not taken up, and a lie is none of the addresses there are.
  EXPECT_EQ(node("relay-n")["fabric_advertise"], fabric);
  for (const json& lie : {json("text"), json(7), json{{"fabric", "\x1b[2J:1"}}, json::object(),
                          json{{"fabric", 7}, {"data_plane", nullptr}}}) {
    EXPECT_EQ(says(lie), "") << lie;
  }
  const std::string longest = std::string(253, 'a') + ":4444";
  EXPECT_LE(says({{"fabric", longest}, {"data_plane", longest}}).size(), 1024U);
}

TEST_F(ComingBack, ADiskThatFailsIsShownWithWhatToDo) {
  const auto says = [&](const json& disk) {
    check_in(seed().relay, {{"metrics", {{"disk", disk}}}});
    const json listed = node("relay-n");
    return listed["notices"].empty() ? "" : listed["notices"][0]["text"].get<std::string>();
  };
  EXPECT_NE(says("full").find("Make room"), std::string::npos);
  EXPECT_EQ(notices("relay-n"), std::vector<std::string>{"disk_failing"});
  EXPECT_NE(says("read_only").find("mount it writable"), std::string::npos);
  EXPECT_NE(says("slow").find("takes seconds"), std::string::npos);
  EXPECT_EQ(says("\x1b[2J").find('\x1b'), std::string::npos);
  EXPECT_EQ(says(nullptr), "");
}

TEST_F(ComingBack, WhatANodeSaysOfItselfIsAuditedWhenItBeginsAndWhenItIsOver) {
  const json full = {{"metrics", {{"disk", "full"}}}};
  check_in(seed().relay, full);
  check_in(seed().relay, full);
  EXPECT_EQ(audited("node.notice_began"), 1U);
  check_in(seed().relay);
  EXPECT_EQ(audited("node.notice_ended"), 0U) << "not within a minute";
  w.control->now += 1min;
  check_in(seed().relay);
  check_in(seed().relay);
  EXPECT_EQ(audited("node.notice_ended"), 1U);
  const json told = in(w.as("root", "GET", "audit?limit=1"), "items")[0];
  EXPECT_EQ(told["detail"]["notice"], "disk_failing");
  EXPECT_EQ(told["target"]["name"], "relay-n");
}

TEST_F(ComingBack, ANodeThatIsNotHeardOfIsNamedUntilItIs) {
  check_in(seed().relay);
  w.control->now += control::kSilentAfter - 1s;
  EXPECT_TRUE(notices("relay-n").empty());
  w.control->now += 1s;
  EXPECT_EQ(notices("relay-n"), std::vector<std::string>{"silent"});
  EXPECT_NE(
      node("relay-n")["notices"][0]["text"].get<std::string>().find("since 2027-01-15 08:00 UTC"),
      std::string::npos);
  EXPECT_TRUE(notices("egress-n").empty()) << "it never came";
  check_in(seed().relay);
  EXPECT_TRUE(notices("relay-n").empty());
}

TEST_F(ComingBack, ACertificateThatIsNotRenewedIsShownBeforeItExpiresAndAfter) {
  check_in(seed().relay);
  const auto after = [&](std::chrono::days time) {
    w.control->now = ControlPlane::kStart + time;
    EXPECT_TRUE(control::keep_house(w.control->house(), w.control->now));
    const std::string token = w.control->sign_in("root@platform.test");
    for (const json& n : in(w.control->call("GET", "/api/v1/nodes", nullptr, token), "items")) {
      if (n["name"] == "relay-n") return n["notices"];
    }
    return json();
  };
  using std::chrono::days;
  ASSERT_EQ(after(days{79}).size(), 1U);
  const json soon = after(days{81});
  ASSERT_EQ(soon.size(), 2U) << soon;
  EXPECT_EQ(soon[0]["code"], "silent");
  EXPECT_EQ(soon[1]["code"], "certificate_expires_soon");
  const json over = after(days{91});
  ASSERT_EQ(over.size(), 1U) << over;
  EXPECT_EQ(over[0]["code"], "certificate_expired");
  EXPECT_NE(over[0]["text"].get<std::string>().find("rap admin nodes readmit relay-n"),
            std::string::npos);
}

TEST_F(ComingBack, ARenamedNodeIsTheSameNode) {
  ASSERT_EQ(check_in(seed().relay).status, 200);
  EXPECT_EQ(w.as("root", "PATCH", "nodes/relay-n", {{"name", "ENTRY-N"}}).code(), "node_exists");
  EXPECT_EQ(w.as("admin@alpha", "PATCH", "nodes/relay-n", {{"name", "x"}}).status, 403);
  const Answered renamed = w.as("root", "PATCH", "nodes/relay-n", {{"name", "relay-2"}});
  ASSERT_EQ(renamed.status, 200) << renamed.text;
  EXPECT_EQ(renamed.body["id"], seed().relay);
  EXPECT_EQ(check_in(seed().relay).status, 200) << "its certificate does not have the name";
  EXPECT_EQ(w.as("root", "GET", "nodes").body["items"].size(), 4U);
  EXPECT_EQ(w.as("root", "PATCH", "nodes/relay-n", {{"name", "x"}}).code(), "node_not_found");
  EXPECT_EQ(audited("node.renamed"), 1U);
}

TEST_F(ComingBack, ANodeWithEgressRangesOfItsOwnKeepsItsNameUntilTheyAreGone) {
  const std::string path = "configs/egress_target_ranges";
  const json ranges = {{"nodes", {{"egress-n", {{"deny", {"10.9.1.7"}}}}}}};
  const Answered set = w.as("root", "PUT", path, {{"value", ranges}});
  ASSERT_LT(set.status, 300) << set.text;
  const Answered refused = w.as("root", "PATCH", "nodes/egress-n", {{"name", "egress-2"}});
  EXPECT_EQ(refused.code(), "invalid_member") << refused.text;
  EXPECT_EQ(w.as("root", "PATCH", "nodes/relay-n", {{"name", "Egress-N"}}).code(), "node_exists");
  ASSERT_LT(w.as("root", "DELETE", path).status, 300);
  EXPECT_EQ(w.as("root", "PATCH", "nodes/egress-n", {{"name", "egress-2"}}).status, 200);
}

TEST_F(ComingBack, EgressRangesAreOfPoolsAndNodesThatThereAre) {
  const auto set = [&](const char* name) {
    const json ranges = {{"nodes", {{name, {{"deny", {"10.9.1.7"}}}}}}};
    return w.as("root", "PUT", "configs/egress_target_ranges", {{"value", ranges}});
  };
  const Answered unknown = set("egress-typo");
  EXPECT_EQ(unknown.code(), "invalid_member") << unknown.text;
  EXPECT_NE(unknown.text.find("'egress-typo'"), std::string::npos) << unknown.text;
  EXPECT_NE(set("Egress-N").text.find("is called 'egress-n'"), std::string::npos);
  EXPECT_EQ(set("newcomer").status, 200) << "one that is to come";
  const json of_pool = {
      {"pools", {{"7c9e6679-7425-40de-944b-e07fc1f90ae7", {{"deny", {"10.9.1.7"}}}}}}};
  const Answered no_pool =
      w.as("root", "PUT", "configs/egress_target_ranges", {{"value", of_pool}});
  EXPECT_EQ(no_pool.code(), "invalid_member") << no_pool.text;
  EXPECT_NE(no_pool.text.find("no such egress pool"), std::string::npos) << no_pool.text;
}

TEST_F(ComingBack, ARevokedNodeCanBeDeletedAndStaysDenied) {
  EXPECT_EQ(w.as("root", "DELETE", "nodes/relay-n").code(), "node_exists");
  ASSERT_EQ(admin("nodes/relay-n/revoke"), "");
  EXPECT_EQ(w.as("root", "DELETE", "nodes/relay-n").status, 204);
  EXPECT_TRUE(node("relay-n").is_null());
  EXPECT_EQ(w.as("root", "DELETE", "nodes/relay-n").code(), "node_not_found");
  EXPECT_EQ(statuses(seed().relay), std::vector<std::string>{"revoked"});
  EXPECT_NE(check_in(seed().relay).status, 200);
  EXPECT_EQ(audited("node.removed"), 1U);
  EXPECT_EQ(w.as("root", "POST", "join-tokens", {{"node_name", "relay-n"}}).status, 201)
      << "its name is free";
  EXPECT_EQ(node("relay-n")["state"], "invited");
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

TEST_F(ComingBack, ADisabledEgressThatIsReadmittedServesThePoolsItServedBefore) {
  const auto pools = [&] {
    json out = json::object();
    for (const std::string organization : {"alpha", "beta"}) {
      const Answered listed =
          w.as("root", "GET", "organizations/" + organization + "/egress-pools");
      for (const json& pool : in(listed, "items")) out[pool["name"]] = pool["nodes"];
    }
    return out;
  };
  const json before = pools();
  ASSERT_EQ(before.size(), 2U);
  for (const json& nodes : before) ASSERT_EQ(nodes[0]["name"], "egress-n");
  ASSERT_EQ(admin("nodes/egress-n/disable"), "");
  EXPECT_EQ(pools(), before);
  const Answered made = w.as("root", "POST", "nodes/egress-n/readmit", json::object());
  ASSERT_EQ(made.status, 201) << made.text;
  const std::string id = enrol_again(made.body["join_token"]);
  EXPECT_EQ(node("egress-n")["state"], "disabled") << "until somebody decides";
  ASSERT_EQ(admin("enrolments/" + id + "/approve"), "");
  EXPECT_EQ(node("egress-n")["id"], seed().egress);
  EXPECT_EQ(node("egress-n")["state"], "approved");
  EXPECT_EQ(node("egress-n")["roles"], json({"egress"}));
  EXPECT_EQ(pools(), before);
  EXPECT_EQ(audited("egress_pool.node_readmitted"), 2U) << "and each owner can see that it did";
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
