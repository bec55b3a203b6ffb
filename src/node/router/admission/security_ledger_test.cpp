#include "node/router/admission/security_ledger.hpp"

#include "node/router/router_world.hpp"
#include "wire/agent/agent_messages.hpp"

namespace rap::router {
namespace {

using wire::SecurityEvent;
using wire::SecurityEventKind;

class SecurityLedgerTest : public ::testing::Test {
 protected:
  SecurityLedgerTest() { go_on({}); }
  void go_on(Duration by) {
    now += by;
    ledger.advance(now, kWall + std::chrono::duration_cast<std::chrono::seconds>(now - kStart));
  }
  static SecurityEvent forged(const std::string& source) {
    return {.kind = SecurityEventKind::token_forged, .reason = "token_invalid", .source = source};
  }
  static std::uint64_t sum(const wire::SecurityEvents& told) {
    std::uint64_t n = 0;
    for (const SecurityEvent& event : told.events) n += event.count;
    return n;
  }
  void take_all() {
    const auto& told = ledger.told();
    if (!told.events.empty()) ledger.taken({told.run, told.events.back().seq});
  }

  static constexpr MonoTime kStart{1h};
  SeededRandom rng{7};
  MonoTime now = kStart;
  SecurityLedger ledger{rng};
};

TEST_F(SecurityLedgerTest, TellsTheFirstAtOnceAndCountsTheRestForTheNext) {
  ledger.note(forged("203.0.113.7"));
  ASSERT_EQ(ledger.told().events.size(), 1U);
  EXPECT_EQ(ledger.told().events[0].count, 1U);
  go_on(10s);
  for (int i = 0; i < 5; ++i) ledger.note(forged("203.0.113.7"));
  EXPECT_EQ(ledger.told().events[0].count, 1U) << "what was told may have been audited";
  ASSERT_EQ(ledger.told().events.size(), 2U);
  const SecurityEvent& next = ledger.told().events[1];
  EXPECT_EQ(next.seq, 2U);
  EXPECT_EQ(next.count, 5U);
  EXPECT_EQ(next.first_at, to_unix(kWall) + 10);
  EXPECT_EQ(ledger.counts()[static_cast<std::size_t>(SecurityEventKind::token_forged)], 6U);
}

TEST_F(SecurityLedgerTest, ForgetsWhatIsAuditedAndNothingElse) {
  ledger.note(forged("203.0.113.7"));
  ledger.note(forged("203.0.113.8"));
  const wire::SecurityEvents told = ledger.told();
  ledger.taken({std::string(wire::kSecurityRunBytes, '0'), 2});
  EXPECT_EQ(ledger.told(), told) << "of another run";
  ledger.taken({told.run, 1});
  ASSERT_EQ(ledger.told().events.size(), 1U);
  EXPECT_EQ(ledger.told().events[0], told.events[1]);
  ledger.taken({told.run, 2});
  ledger.taken({told.run, 1});
  EXPECT_TRUE(ledger.told().events.empty());
  EXPECT_EQ(ledger.waiting(), 0U);
}

// A botnet, for hours, while the control plane is away: memory stays bounded and no count is lost.
TEST_F(SecurityLedgerTest, ManySourcesFillNothingAndEveryOneIsCounted) {
  std::uint64_t noted = 0;
  for (int minute = 0; minute < 4 * 60; ++minute) {
    for (int i = 0; i < 20; ++i, ++noted) {
      ledger.note(forged("2001:db8:" + std::to_string(minute) + ":" + std::to_string(i) + "::/64"));
    }
    ledger.told();
    EXPECT_LE(ledger.waiting(), wire::kMaxSecurityEventsAtOnce + kMaxApart + 1);
    go_on(60s);
  }
  EXPECT_EQ(ledger.told().events.size(),
            wire::kMaxSecurityEventsAtOnce - (wire::kSecurityEventKinds - 1));
  std::uint64_t counted = 0;
  for (int i = 0; i < 12 * 60 && ledger.waiting() > 0; ++i) {
    counted += sum(ledger.told());
    take_all();
    go_on(60s);
  }
  EXPECT_EQ(counted, noted);
}

TEST_F(SecurityLedgerTest, OneSourceKeepsNoPlaceFromOthers) {
  for (int i = 0; i < 1000; ++i) {
    SecurityEvent event = forged("203.0.113.7");
    event.resource = ResourceId::random(rng);
    ledger.note(event);
  }
  EXPECT_EQ(ledger.waiting(), kMaxApartOfASource + 1);
  ledger.note(forged("203.0.113.8"));
  const auto& told = ledger.told();
  EXPECT_NE(std::ranges::find(told.events, "203.0.113.8", &SecurityEvent::source),
            told.events.end());
}

TEST_F(SecurityLedgerTest, AFloodOfOneKindHidesNoOther) {
  for (int i = 0; i < 1000; ++i) ledger.note(forged("10.0." + std::to_string(i) + ".0"));
  ledger.note({.kind = SecurityEventKind::seal_broken, .peer = NodeId::random(rng)});
  EXPECT_NE(
      std::ranges::find(ledger.told().events, SecurityEventKind::seal_broken, &SecurityEvent::kind),
      ledger.told().events.end());
}

// Strangers with bad certificates and bad tokens, for hours, while one event is taken every 20 s.
TEST_F(SecurityLedgerTest, KindsThatGoOnAndOnHideNoOther) {
  const auto besiege = [&](int i) {
    for (const auto kind :
         {SecurityEventKind::peer_certificate_refused, SecurityEventKind::token_forged}) {
      ledger.note(
          {.kind = kind, .reason = "x", .source = "10.0." + std::to_string(i % 200) + ".1"});
    }
    const auto& told = ledger.told();
    if (!told.events.empty()) ledger.taken({told.run, told.events.front().seq});
    go_on(20s);
  };
  for (int i = 0; i < 4 * 60 * 3; ++i) besiege(i);
  ledger.note({.kind = SecurityEventKind::seal_broken, .peer = NodeId::random(rng)});
  const auto is_told = [&] {
    const auto& events = ledger.told().events;
    return std::ranges::find(events, SecurityEventKind::seal_broken, &SecurityEvent::kind) !=
           events.end();
  };
  EXPECT_TRUE(is_told()) << "at once";
  for (std::size_t i = 0; i < wire::kMaxSecurityEventsAtOnce && is_told(); ++i) besiege(7);
  EXPECT_FALSE(is_told()) << "and it is taken in its turn";
}

TEST_F(SecurityLedgerTest, TellsOfASourceAtALimitedRate) {
  std::size_t told = 0;
  for (int second = 0; second < 600; ++second) {
    ledger.note(forged("203.0.113.7"));
    told += ledger.told().events.size();
    take_all();
    go_on(1s);
  }
  EXPECT_LE(told, kToldOfASource.burst + 10);
  EXPECT_GE(told, 10U);
}

// One that cannot be read would be told with the others again and again, and none be taken.
TEST_F(SecurityLedgerTest, NothingThatIsNotedKeepsTheRestFromBeingRead) {
  for (const char* source : {"fe80::1%eth0", "\x1b[2J", "no address"}) ledger.note(forged(source));
  ledger.note(forged(std::string(2 * wire::kMaxSecurityTextBytes, '1')));
  ledger.note({.kind = SecurityEventKind::target_denied, .reason = "Denied!", .address = "a host"});
  const auto& told = ledger.told();
  EXPECT_EQ(sum(told), 5U);
  EXPECT_TRUE(wire::decode_to_agent(wire::encode_to_agent(told)));
}

class NotedRefusals : public RouterTest {
 protected:
  std::vector<SecurityEvent> noted(WorldNode& node) { return node.router.ledger().told().events; }
  SecurityEvent only(WorldNode& node) {
    const auto all = noted(node);
    EXPECT_EQ(all.size(), 1U);
    return all.empty() ? SecurityEvent{} : all[0];
  }
};

TEST_F(NotedRefusals, AReplayNamesWhoseTokenItIsAndWhereItCameFrom) {
  const auto t = token();
  const std::string text = sign(t);
  open(dial(), new_flow(), text);
  EXPECT_TRUE(noted(entry).empty());
  EXPECT_EQ(refused(text), FlowReason::token_replayed);
  const SecurityEvent event = only(entry);
  EXPECT_EQ(event.kind, SecurityEventKind::token_replayed);
  EXPECT_EQ(event.reason, "token_replayed");
  EXPECT_EQ(event.source, "203.0.113.9");
  EXPECT_EQ(event.user, t.user);
  EXPECT_EQ(event.organization, t.organization);
  EXPECT_EQ(event.resource, t.resource);
}

TEST_F(NotedRefusals, ATokenFromBeforeTheStartIsToldFromOneThatWasUsed) {
  auto t = token();
  t.issued_at = t.session_began = kWall - 101s;
  t.expires_at = t.issued_at + 60s;
  wall = kWall - 60s;
  refused(sign(t));
  EXPECT_EQ(only(entry).reason, "issued_before_start");
}

TEST_F(NotedRefusals, AForgedTokenIsOfNobodyButItsAddress) {
  refused("no token");
  const SecurityEvent event = only(entry);
  EXPECT_EQ(event.kind, SecurityEventKind::token_forged);
  EXPECT_EQ(event.source, "203.0.113.9");
  EXPECT_FALSE(event.user);
  EXPECT_FALSE(event.organization);
}

TEST_F(NotedRefusals, AGenuineTokenForSomethingElseIsMisused) {
  auto t = token();
  t.entry = relay_id;
  refused(sign(t));
  EXPECT_EQ(only(entry).kind, SecurityEventKind::token_misused);
  t = token();
  t.resource = ResourceId::random(rng);
  refused(sign(t));
  const SecurityEvent event = only(egress);
  EXPECT_EQ(event.kind, SecurityEventKind::token_misused);
  EXPECT_EQ(event.reason, "wrong_resource");
  EXPECT_EQ(event.peer, relay_id) << "the neighbour it came from";
}

TEST_F(NotedRefusals, WhatHappensToHonestPeopleIsNoEvent) {
  auto t = token();
  t.issued_at -= 90s;
  t.session_began -= 90s;
  t.expires_at = t.issued_at + 60s;
  refused(sign(t));
  EXPECT_TRUE(noted(entry).empty()) << "expired";
}

TEST_F(NotedRefusals, DataThatDoesNotAuthenticateNamesTheNeighbourItCameFrom) {
  FlowAtClient& flow = open(dial());
  tamper = true;
  say(flow, "altered on its way");
  const SecurityEvent event = only(egress);
  EXPECT_EQ(event.kind, SecurityEventKind::seal_broken);
  EXPECT_EQ(event.peer, relay_id);
  EXPECT_EQ(event.organization, resource.organization);
}

}  // namespace
}  // namespace rap::router
