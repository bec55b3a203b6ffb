// One connection to an entry, over real sockets: who is believed, and what a flow on it hears.
#include "client/network/entry_links.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "client/network/test_entry.hpp"
#include "client/testing/doubles.hpp"
#include "io/system/system.hpp"
#include "io/system/test_directory.hpp"
#include "snapshot/public_deny_list.hpp"

namespace rap::client {
namespace {

using testing::HasSubstr;
using wire::FallbackCause;
using wire::FlowReason;

// A flow that remembers what it hears, and stops the loop at its end.
struct Recorder final : SealedFlowUser {
  explicit Recorder(io::EventLoop& l) : loop(l) {}

  void flow_accepted() override {
    was_accepted = true;
    loop.stop();
  }
  void flow_received(ByteView) override {}
  void flow_finished() override {}
  void flow_writable() override {}
  bool flow_lacks_tokens(FlowReason) override { return false; }
  void flow_ended(wire::FlowEnding why, bool accepted, const std::string& more) override {
    EXPECT_EQ(accepted, was_accepted);
    reason = why;
    detail = more;
    loop.stop();
  }

  io::EventLoop& loop;
  bool was_accepted = false;
  wire::FlowEnding reason;
  std::string detail;
};

struct EntryLinksTest : testing::Test {
  // Asks for a flow there until there is one, or it is given up.
  void ask(const Candidate& candidate, const std::string& roots,
           const std::vector<crypto::DenyEntry>& denied = {}) {
    Account account = platform.account(deny_lists);
    account.roots_pem = roots;
    if (!denied.empty()) deny(account, denied);
    EntryLinks links(loop, account, "office", {keys, rng, fallbacks, distances});
    const auto attachment = platform.attachment({candidate}, {egress.known()});
    const FlowNumber number = links.open(flow, attachment, wire::TrafficClass::input);
    loop.run();
    links.leave(number);
    const auto passed_over = fallbacks.take();
    if (!passed_over.empty()) cause = passed_over.front().cause;
  }
  void deny(Account& account, const std::vector<crypto::DenyEntry>& denied) {
    const WallTime now = io::wall_now();
    const GivenDenyList given{
        snapshot::seal_deny_list({7, platform.cluster, now, now + std::chrono::hours{1}, denied},
                                 platform.intermediate),
        platform.intermediate.certificate.pem()};
    const auto taken = deny_lists.take(given, account.roots_pem, platform.cluster, now);
    ASSERT_TRUE(taken) << taken.error().text;
  }
  // Asks an entry that shows `identity`.
  void meet(const crypto::TlsIdentity& identity,
            const std::vector<crypto::DenyEntry>& denied = {}) {
    TestEntry entry(loop, identity);
    entry.lead_to(egress);
    ask(platform.candidate(entry.port()), platform.roots_pem(), denied);
    EXPECT_TRUE(flow.was_accepted || entry.tokens.empty()) << "nobody untrusted sees a token";
  }

  TestPlatform platform;
  SeededRandom rng{3};
  io::EventLoop loop;
  TestHome home;
  DenyListStore deny_lists{home};
  std::ostringstream err;
  FallbackLog fallbacks{err};
  EntryDistances distances;
  ClientKeys keys = ClientKeys::generate(rng);
  TestEgress egress{loop, keys.public_keys()};
  Recorder flow{loop};
  std::optional<FallbackCause> cause;
};

TEST_F(EntryLinksTest, AWorkerOfTheClusterWithAFreshStapleIsBelieved) {
  meet(platform.worker());
  EXPECT_TRUE(flow.was_accepted);
}

TEST_F(EntryLinksTest, AnEntryOfAnotherNameIsRefused) {
  meet(platform.worker({.host = "entry.example"}));
  EXPECT_FALSE(flow.was_accepted);
  EXPECT_EQ(flow.reason, FlowReason::peer_lost);
  EXPECT_EQ(cause, FallbackCause::hostname_mismatch);
  EXPECT_THAT(flow.detail, HasSubstr("127.0.0.1"));
}

TEST_F(EntryLinksTest, AnEntryThatOwesItsStapleIsRefused) {
  meet(platform.worker({.stapled = false}));
  EXPECT_FALSE(flow.was_accepted);
  EXPECT_EQ(cause, FallbackCause::status_not_good);
  EXPECT_THAT(flow.detail, HasSubstr("staple is missing"));
}

TEST_F(EntryLinksTest, AnotherWorkerThanTheOneThatWasChosenIsRefused) {
  meet(platform.worker({.node = NodeId::random(rng)}));
  EXPECT_FALSE(flow.was_accepted);
  EXPECT_EQ(cause, FallbackCause::certificate_invalid);
  EXPECT_THAT(flow.detail, HasSubstr("wrong_member"));
}

TEST_F(EntryLinksTest, ANodeThatIsNoWorkerIsRefused) {
  meet(platform.worker({.kind = wire::SpiffeId::Kind::node}));
  EXPECT_FALSE(flow.was_accepted);
  EXPECT_EQ(cause, FallbackCause::certificate_invalid);
}

TEST_F(EntryLinksTest, AWorkerUnderAnotherRootIsRefused) {
  meet(TestPlatform().worker());
  EXPECT_FALSE(flow.was_accepted);
  EXPECT_EQ(cause, FallbackCause::unknown_ca);
}

// An entry whose certificate comes from a public authority; the machine's bundle is `bundle`.
struct PublicEntryTest : EntryLinksTest {
  ~PublicEntryTest() override { ::unsetenv("SSL_CERT_FILE"); }
  void trust(const std::string& bundle) {
    const auto file = folder / "bundle.crt";
    std::ofstream(file) << bundle;
    ::setenv("SSL_CERT_FILE", file.c_str(), 1);
  }
  // Asks an entry that shows `shown` for a flow, where the platform named the key of `named`.
  void meet_public(const crypto::TlsIdentity& shown, const crypto::TlsIdentity& named,
                   const std::vector<crypto::DenyEntry>& denied = {}) {
    TestEntry entry(loop, shown);
    entry.lead_to(egress);
    ask(platform.public_candidate(entry.port(), named), platform.roots_pem(), denied);
    EXPECT_TRUE(flow.was_accepted || entry.tokens.empty()) << "nobody untrusted sees a token";
  }
  void meet_public(const crypto::TlsIdentity& shown) { meet_public(shown, shown); }

  io::TestDirectory folder;
};

TEST_F(PublicEntryTest, IsBelievedByTheBundleOfTheMachine) {
  trust(platform.roots_pem());
  meet_public(platform.of_public_authority());
  EXPECT_TRUE(flow.was_accepted);
}

// Whoever owns the name for a moment, or the authority, gets a certificate for it.
TEST_F(PublicEntryTest, OfAnotherKeyThanThePlatformNamesIsRefused) {
  trust(platform.roots_pem());
  meet_public(platform.of_public_authority(), platform.of_public_authority());
  EXPECT_FALSE(flow.was_accepted);
  EXPECT_EQ(cause, FallbackCause::certificate_invalid);
  EXPECT_THAT(flow.detail, HasSubstr("not its node's"));
}

TEST_F(PublicEntryTest, OfAnAuthorityThatIsNotInTheBundleIsRefused) {
  trust(TestPlatform().roots_pem());
  meet_public(platform.of_public_authority());
  EXPECT_FALSE(flow.was_accepted);
  EXPECT_EQ(cause, FallbackCause::unknown_ca);
}

TEST_F(PublicEntryTest, IsRefusedWhereThereIsNoBundle) {
  for (const char* bundle : {"", "-----BEGIN CERTIFICATE-----"}) {
    trust(bundle);
    meet_public(platform.of_public_authority());
    EXPECT_FALSE(flow.was_accepted) << bundle;
    EXPECT_EQ(cause, FallbackCause::unknown_ca);
  }
}

TEST_F(PublicEntryTest, OfAnotherNameIsRefused) {
  trust(platform.roots_pem());
  meet_public(platform.of_public_authority("entry.example"));
  EXPECT_FALSE(flow.was_accepted);
  EXPECT_EQ(cause, FallbackCause::hostname_mismatch);
}

TEST_F(PublicEntryTest, WhoseKeyIsDeniedIsRefused) {
  trust(platform.roots_pem());
  const auto identity = platform.of_public_authority();
  meet_public(identity, identity,
              {crypto::DenyEntry{.kind = crypto::DenyEntry::Kind::key,
                                 .key = identity.chain.front().key_hash()}});
  EXPECT_FALSE(flow.was_accepted);
  EXPECT_EQ(cause, FallbackCause::certificate_revoked);
}

// The bundle of the machine means nothing for what the platform's own CA vouches for.
TEST_F(PublicEntryTest, IsNoWorkerOfThePlatform) {
  trust(platform.roots_pem());
  meet(platform.of_public_authority());
  EXPECT_FALSE(flow.was_accepted);
  EXPECT_EQ(cause, FallbackCause::certificate_invalid);
}

TEST_F(EntryLinksTest, AWorkerOnTheDenyListIsRefused) {
  const auto identity = platform.worker();
  const crypto::Certificate& leaf = identity.chain.front();
  meet(identity, {crypto::DenyEntry{.kind = crypto::DenyEntry::Kind::certificate,
                                    .issuer = leaf.issuer_hash(),
                                    .serial = leaf.serial_hex()}});
  EXPECT_FALSE(flow.was_accepted);
  EXPECT_EQ(cause, FallbackCause::certificate_revoked);
}

TEST_F(EntryLinksTest, WhereNobodyListensIsUnreachable) {
  std::uint16_t port = 0;
  {
    port = TestEntry(loop, platform.worker()).port();
  }
  ask(platform.candidate(port), platform.roots_pem());
  EXPECT_EQ(flow.reason, FlowReason::peer_lost);
  EXPECT_EQ(cause, FallbackCause::unreachable);
}

TEST_F(EntryLinksTest, RootsThatDoNotParseBelieveNobody) {
  TestEntry entry(loop, platform.worker());
  ask(platform.candidate(entry.port()), "junk");
  EXPECT_FALSE(flow.was_accepted);
  EXPECT_EQ(entry.clients, 0U);
}

TEST_F(EntryLinksTest, AnEntryThatBreaksTheProtocolIsLeftAndSaidSo) {
  TestEntry entry(loop, platform.worker());
  entry.talks_nonsense = true;
  ask(platform.candidate(entry.port()), platform.roots_pem());
  EXPECT_FALSE(flow.was_accepted);
  EXPECT_THAT(flow.detail, HasSubstr("broke the protocol"));
}

TEST_F(EntryLinksTest, FlowsShareAConnectionWhileItLives) {
  TestEntry entry(loop, platform.worker());
  entry.node = platform.node;
  entry.lead_to(egress);
  EntryLinks links(loop, platform.account(deny_lists), "office", {keys, rng, fallbacks, distances});
  Recorder another(loop);
  for (Recorder* one : {&flow, &another}) {
    links.open(*one, platform.attachment({platform.candidate(entry.port())}, {egress.known()}),
               wire::TrafficClass::input);
    loop.run();
    EXPECT_TRUE(one->was_accepted);
  }
  EXPECT_EQ(entry.clients, 1U);
  links.drop("the test wants it");
  Recorder third(loop);
  links.open(third, platform.attachment({platform.candidate(entry.port())}, {egress.known()}),
             wire::TrafficClass::input);
  loop.run();
  EXPECT_TRUE(third.was_accepted);
  EXPECT_EQ(entry.clients, 2U);
}

TEST_F(EntryLinksTest, TheNearestEntryIsTakenOnceItIsKnown) {
  std::vector<std::unique_ptr<TestEntry>> entries;
  std::vector<Candidate> candidates;
  for (int i = 0; i < 2; ++i) {
    entries.push_back(std::make_unique<TestEntry>(loop, platform.worker()));
    entries.back()->lead_to(egress);
    candidates.push_back(platform.candidate(entries.back()->port()));
  }
  const auto attachment = platform.attachment(candidates, {egress.known()});
  EntryLinks links(loop, platform.account(deny_lists), "office", {keys, rng, fallbacks, distances});
  links.open(flow, attachment, wire::TrafficClass::input);
  loop.run();
  EXPECT_EQ(entries[0]->clients, 1U) << "as the control plane says";
  io::Timer timer(loop);
  const std::function<void()> look = [&] {
    if (distances.knows(candidates[1].url.authority.str(), io::wall_now())) return loop.stop();
    timer.after(std::chrono::milliseconds{10}, look);
  };
  look();
  loop.run();
  EXPECT_TRUE(entries[1]->tokens.empty()) << "it was measured, and no more";
  EXPECT_EQ(entries[1]->clients, 1U);
  distances.read(' ' + candidates[0].url.authority.str() + " 900000 " +
                 std::to_string(to_unix(io::wall_now())));
  Recorder next(loop);
  links.open(next, attachment, wire::TrafficClass::input);
  loop.run();
  EXPECT_EQ(entries[1]->tokens.size(), 1U);
}

}  // namespace
}  // namespace rap::client
