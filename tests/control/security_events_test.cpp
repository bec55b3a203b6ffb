// High-risk events of the data plane in the audit log: once each, with node and cluster, told to
// the organization they concern, and never more of a node than its rate.
#include <gtest/gtest.h>

#include "control/link/security_audit.hpp"
#include "test_world.hpp"

namespace rap::store {
namespace {

using namespace std::chrono_literals;
using control::kMaxSecurityEventBurst;
using control::kSecurityEventEvery;

const std::string kRun(wire::kSecurityRunBytes, 'a');
const std::string kOtherRun(wire::kSecurityRunBytes, 'b');

class SecurityEventsAudited : public ::testing::Test {
 protected:
  SecurityEventsAudited() {
    for (const json& o : in(w.as("root", "GET", "organizations"), "items")) {
      organizations[o["name"]] = *OrganizationId::parse(o["id"].get<std::string>());
    }
    const json listed = in(w.as("admin@alpha", "GET", "organizations/alpha/resources"), "items");
    resource = *ResourceId::parse(listed.at(0)["id"].get<std::string>());
    resource_name = listed.at(0)["name"];
  }
  static wire::SecurityEvent event(std::uint64_t seq) {
    return {.seq = seq,
            .kind = wire::SecurityEventKind::token_forged,
            .reason = "token_invalid",
            .source = "203.0.113.7",
            .count = 3,
            .first_at = 1'800'000'000,
            .last_at = 1'800'000'005};
  }
  wire::SecurityEvent replay(std::uint64_t seq, const std::string& organization) {
    return {.seq = seq,
            .kind = wire::SecurityEventKind::token_replayed,
            .reason = "token_replayed",
            .peer = NodeId::parse(seed().relay),
            .organization = organizations.at(organization),
            .user = UserId::random(rng),
            .resource = resource,
            .count = 1,
            .first_at = 1,
            .last_at = 1};
  }
  Answered check_in(const json& events, const std::string& node = seed().egress) {
    w.control->now += 1s;
    return w.control->node_call(node, "checkin",
                                {{"versions", json::object()}, {"security_events", events}});
  }
  // Up to which number they are taken, as the answer says.
  std::uint64_t tell(const std::string& run, std::vector<wire::SecurityEvent> events) {
    const Answered a = check_in(to_value(wire::SecurityEvents{run, std::move(events)}));
    EXPECT_EQ(a.status, 200) << a.text;
    const json taken = a.body.value("security_events_taken", json::object());
    return taken.value("run", "") == run ? taken["seq"].get<std::uint64_t>() : 0;
  }
  std::vector<json> audited(const std::string& who, const std::string& query = "?limit=1000") {
    std::vector<json> out;
    for (const json& e : in(w.as(who, "GET", "audit" + query), "items")) {
      if (e["action"].get<std::string>().starts_with("security.")) out.push_back(e);
    }
    return out;
  }

  std::string stored(const std::string& question) {
    Connection c = TestCluster::open(w.conninfo, "postgres");
    return (*c.query(question, {}))[0].text(0);
  }

  SeededWorld w;
  SeededRandom rng{5};
  std::map<std::string, OrganizationId> organizations;
  ResourceId resource;
  std::string resource_name;
};

TEST_F(SecurityEventsAudited, NameTheNodeTheClusterAndHowOften) {
  EXPECT_EQ(tell(kRun, {event(1)}), 1U);
  const auto entries = audited("root");
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0]["action"], "security.token_forged");
  EXPECT_EQ(entries[0]["outcome"], "denied");
  EXPECT_EQ(entries[0]["actor"]["kind"], "node");
  EXPECT_EQ(entries[0]["actor"]["id"], seed().egress);
  EXPECT_EQ(entries[0]["detail"]["count"], 3);
  EXPECT_EQ(entries[0]["detail"]["source"], "203.0.113.7");
  EXPECT_EQ(stored("SELECT cluster_id FROM audit_log WHERE action = 'security.token_forged'"),
            ControlPlane::authority().cluster.str());
  EXPECT_EQ(w.as("root", "GET", "audit/verify").body["ok"], true);
}

// The answer was lost, the stream broke, the agent or the control plane began anew.
TEST_F(SecurityEventsAudited, AreThereOnceHoweverOftenTheyCome) {
  EXPECT_EQ(tell(kRun, {event(1), event(2)}), 2U);
  EXPECT_EQ(tell(kRun, {event(1), event(2)}), 2U);
  EXPECT_EQ(tell(kRun, {event(2), event(3)}), 3U);
  EXPECT_EQ(audited("root").size(), 3U);
  EXPECT_EQ(tell(kOtherRun, {event(1)}), 1U) << "rap-fabric began anew";
  EXPECT_EQ(tell(kRun, {event(3)}), 3U) << "and a call of before came late";
  EXPECT_EQ(audited("root").size(), 4U);
}

TEST_F(SecurityEventsAudited, AreSeenByTheOrganizationTheyConcernWithoutTheNodes) {
  EXPECT_EQ(tell(kRun, {replay(1, "alpha")}), 1U);
  const auto seen = audited("admin@alpha", "?organization=alpha");
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0]["action"], "security.token_replayed");
  EXPECT_EQ(seen[0]["target"]["name"], resource_name);
  EXPECT_TRUE(seen[0]["detail"].contains("user"));
  for (const std::string& node : {seed().egress, seed().relay, std::string("egress-n")}) {
    EXPECT_EQ(seen[0].dump().find(node), std::string::npos) << "topology is the platform's";
  }
  EXPECT_TRUE(audited("admin@beta", "?organization=beta").empty());
  for (const json& e : audited("root")) {
    if (!e.contains("organization_id")) EXPECT_EQ(e["detail"]["peer"], seed().relay);
  }
}

TEST_F(SecurityEventsAudited, OfANodeThatLiesReachNoOrganizationThatTheyAreNotOf) {
  EXPECT_EQ(tell(kRun, {replay(1, "beta")}), 1U) << "the resource is alpha's";
  EXPECT_TRUE(audited("admin@beta", "?organization=beta").empty());
  EXPECT_TRUE(audited("admin@alpha", "?organization=alpha").empty());
  EXPECT_EQ(audited("root").size(), 1U);
}

TEST_F(SecurityEventsAudited, OfAnOrganizationsOwnHostReachNoOther) {
  stored("DELETE FROM egress_pool_nodes WHERE node_id = '" + seed().egress +
         "' RETURNING node_id::text");
  stored("UPDATE nodes SET organization_id = '" + organizations.at("beta").str() +
         "' WHERE id = '" + seed().egress + "' RETURNING id::text");
  EXPECT_EQ(tell(kRun, {replay(1, "alpha")}), 1U) << "alpha's resource, and beta's host";
  EXPECT_TRUE(audited("admin@alpha", "?organization=alpha").empty());
  EXPECT_EQ(audited("root").size(), 1U) << "the platform sees which node it was";
  EXPECT_EQ(check_in(to_value(wire::SecurityEvents{kOtherRun, {replay(1, "alpha")}}), seed().entry)
                .status,
            200);
  EXPECT_EQ(audited("admin@alpha", "?organization=alpha").size(), 1U) << "the platform's node";
}

TEST_F(SecurityEventsAudited, AboutNoResourceAreOfNoOrganization) {
  wire::SecurityEvent event = replay(1, "alpha");
  event.resource.reset();
  EXPECT_EQ(tell(kRun, {event}), 1U);
  EXPECT_TRUE(audited("admin@alpha", "?organization=alpha").empty());
  EXPECT_EQ(audited("root").size(), 1U);
}

// A node that makes up as many as it likes, for an hour, under any number of runs.
TEST_F(SecurityEventsAudited, OfAHostileNodeFillNeitherTheLogNorWhatIsRemembered) {
  std::uint64_t seq = 0;
  for (int call = 0; call < 120; ++call) {
    std::vector<wire::SecurityEvent> many;
    for (std::size_t i = 0; i < wire::kMaxSecurityEventsAtOnce; ++i) many.push_back(event(++seq));
    std::string run(wire::kSecurityRunBytes, 'a');
    run[0] = "0123456789abcdef"[call % 16];
    run[1] = "0123456789abcdef"[call / 16];
    tell(run, many);
    w.control->now += 29s;
  }
  const auto most =
      static_cast<std::size_t>(kMaxSecurityEventBurst + 3600 / kSecurityEventEvery.count() + 1);
  const auto entries = audited("root");
  EXPECT_LE(entries.size(), most);
  EXPECT_GE(entries.size(), most - 8) << "and as many as it may are there";
  for (const json& e : entries) EXPECT_LE(e.dump().size(), 1024U);
  EXPECT_LE(std::stoi(stored("SELECT max(length(audited_events::text)) FROM node_status")), 512);
  // Another node's are taken as ever.
  const Answered other = check_in(to_value(wire::SecurityEvents{kRun, {event(1)}}), seed().entry);
  EXPECT_EQ(other.body["security_events_taken"]["seq"], 1);
}

TEST_F(SecurityEventsAudited, BeyondTheRateWaitAtTheNodeAndComeLater) {
  std::vector<wire::SecurityEvent> all;
  for (std::uint64_t seq = 1; seq <= 96; ++seq) all.push_back(event(seq));
  std::uint64_t taken = 0;
  for (int i = 0; i < 1000 && taken < 96; ++i) {
    std::vector<wire::SecurityEvent> some(
        all.begin() + static_cast<std::ptrdiff_t>(taken),
        all.begin() + static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(taken + 32, 96)));
    taken = std::max(taken, tell(kRun, some));
    w.control->now += 5s;
  }
  EXPECT_EQ(taken, 96U);
  EXPECT_EQ(audited("root").size(), 96U);
}

// The node is of a newer release.
TEST_F(SecurityEventsAudited, OfAnUnknownKindAreLeftOutAndTheRestIsTaken) {
  json said = to_value(wire::SecurityEvents{kRun, {event(1), event(2), event(3)}});
  said["events"][1]["kind"] = "of_another_release";
  const auto seq = [&](const json& body) {
    return check_in(body).body["security_events_taken"].value("seq", 0);
  };
  EXPECT_EQ(seq(said), 3);
  EXPECT_EQ(audited("root").size(), 2U);
  EXPECT_EQ(seq(said), 3);
  EXPECT_EQ(audited("root").size(), 2U);
  said = to_value(wire::SecurityEvents{kRun, {event(4)}});
  said["events"][0]["kind"] = "of_another_release";
  EXPECT_EQ(seq(said), 4) << "alone it is acknowledged too";
  EXPECT_EQ(audited("root").size(), 2U);
}

// For days, and in as many runs as it likes.
TEST(SecurityEventsTaken, OfANodeThatLiesWithoutEndAreSoManyADayAndNoMore) {
  control::AuditedEvents audited;
  WallTime now = from_unix(1'800'000'000);
  std::uint64_t seq = 0;
  for (int day = 0; day < 2; ++day) {
    std::size_t entries = 0;
    for (int call = 0; call < 86'400 / 30; ++call, now += 30s) {
      wire::SecurityEvents said{kRun, {}};
      while (said.events.size() < wire::kMaxSecurityEventsAtOnce) {
        said.events.push_back(
            {.seq = ++seq, .reason = "token_invalid", .first_at = 1, .last_at = 1});
      }
      entries += control::take_security_events(audited, said, now).known.size();
      EXPECT_EQ(control::audited_events_from(to_json(audited)), audited);
    }
    EXPECT_GE(entries, 512U);
    EXPECT_LE(entries, 512U + 96U + 1U);
  }
}

TEST_F(SecurityEventsAudited, ThatMakeNoSenseAreNotTakenAndTheCheckInIs) {
  for (const json& nonsense : {json{{"run", "x"}, {"events", json::array()}},
                               json{{"run", kRun}, {"events", {7}}}, json{{"run", kRun}}}) {
    const Answered a = check_in(nonsense);
    EXPECT_EQ(a.status, 200) << a.text;
    EXPECT_FALSE(a.body.contains("security_events_taken"));
  }
  json strange = to_value(wire::SecurityEvents{kRun, {event(1)}});
  strange["events"][0]["reason"] = "\u001b[2Jgone";
  EXPECT_FALSE(check_in(strange).body.contains("security_events_taken"));
  EXPECT_TRUE(audited("root").empty());
}

TEST_F(SecurityEventsAudited, WithoutOneACheckInCostsNoMoreThanBefore) {
  w.control->node_call(seed().egress, "checkin", {{"versions", json::object()}});
  const std::uint64_t before = w.control->statements();
  w.control->node_call(seed().egress, "checkin", {{"versions", json::object()}});
  EXPECT_EQ(w.control->statements() - before, 2U);
}

}  // namespace
}  // namespace rap::store
