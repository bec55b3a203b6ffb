// One connection to an entry, over real sockets: who is believed, and what a flow on it hears.
#include "client/network/entry_link.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "client/network/entry_links.hpp"
#include "client/network/test_entry.hpp"
#include "client/testing/doubles.hpp"
#include "io/system/test_directory.hpp"

namespace rap::client {
namespace {

using testing::HasSubstr;
using wire::FallbackCause;
using wire::FlowReason;

// A flow that remembers what it hears, and stops the loop at its end.
struct Recorder final : FlowHandler {
  explicit Recorder(io::EventLoop& l) : loop(l) {}

  void accepted() override {
    was_accepted = true;
    if (on_accepted) on_accepted();
  }
  void received(ByteView data) override {
    text += as_text(data);
    if (link != nullptr) link->delivered(label, data.size());
  }
  void finished() override {
    peer_finished = true;
    loop.stop();
  }
  void writable() override {}
  void ended(FlowReason why, bool accepted, const std::string& more) override {
    EXPECT_EQ(accepted, was_accepted);
    reason = why;
    detail = more;
    loop.stop();
  }

  io::EventLoop& loop;
  EntryLink* link = nullptr;
  FlowLabel label = 0;
  std::function<void()> on_accepted;
  bool was_accepted = false;
  bool peer_finished = false;
  std::string text;
  std::optional<FlowReason> reason;
  std::string detail;
};

struct EntryLinkTest : testing::Test {
  std::unique_ptr<EntryLink> link_to(std::uint16_t port, const std::string& roots) {
    return std::make_unique<EntryLink>(loop, platform.candidate(port), roots, nullptr, rng);
  }
  // Asks an entry that shows `identity` for a flow, until one of them gives up.
  void meet(const crypto::TlsIdentity& identity,
            std::shared_ptr<const crypto::DenyList> deny = {}) {
    TestEntry entry(loop, identity);
    EntryLink link(loop, platform.candidate(entry.port()), platform.roots_pem(), std::move(deny),
                   rng);
    flow.on_accepted = [&] { loop.stop(); };
    ASSERT_TRUE(link.open(flow, wire::TrafficClass::input, "t0k"));
    loop.run();
    dead = link.dead();
    cause = link.cause();
    EXPECT_TRUE(!dead || entry.tokens.empty()) << "nobody untrusted sees a token";
  }

  TestPlatform platform;
  SeededRandom rng{3};
  io::EventLoop loop;
  Recorder flow{loop};
  bool dead = false;
  FallbackCause cause{};
};

TEST_F(EntryLinkTest, CarriesBytesBothWaysUntilBothHaveEnded) {
  TestEntry entry(loop, platform.worker());
  const auto link = link_to(entry.port(), platform.roots_pem());
  const auto label = link->open(flow, wire::TrafficClass::input, "t0k");
  flow.link = link.get();
  flow.label = label.value();
  flow.on_accepted = [&] {
    EXPECT_EQ(link->send(*label, as_bytes("ping")).bytes, 4U);
    link->finish(*label);
  };
  loop.run();
  EXPECT_EQ(flow.text, "ping");
  EXPECT_TRUE(flow.peer_finished);
  EXPECT_EQ(entry.tokens, std::vector<std::string>{"t0k"});
  EXPECT_FALSE(link->dead());
}

TEST_F(EntryLinkTest, AWorkerOfTheClusterWithAFreshStapleIsBelieved) {
  meet(platform.worker());
  EXPECT_FALSE(dead);
  EXPECT_TRUE(flow.was_accepted);
}

TEST_F(EntryLinkTest, AnEntryOfAnotherNameIsRefused) {
  meet(platform.worker({.host = "entry.example"}));
  EXPECT_TRUE(dead);
  EXPECT_EQ(flow.reason, FlowReason::peer_lost);
  EXPECT_EQ(cause, FallbackCause::hostname_mismatch);
  EXPECT_THAT(flow.detail, HasSubstr("127.0.0.1"));
}

TEST_F(EntryLinkTest, AnEntryThatOwesItsStapleIsRefused) {
  meet(platform.worker({.stapled = false}));
  EXPECT_TRUE(dead);
  EXPECT_EQ(cause, FallbackCause::status_not_good);
  EXPECT_THAT(flow.detail, HasSubstr("staple is missing"));
}

TEST_F(EntryLinkTest, AnotherWorkerThanTheOneThatWasChosenIsRefused) {
  meet(platform.worker({.node = NodeId::random(rng)}));
  EXPECT_TRUE(dead);
  EXPECT_EQ(cause, FallbackCause::certificate_invalid);
  EXPECT_THAT(flow.detail, HasSubstr("wrong_member"));
}

TEST_F(EntryLinkTest, ANodeThatIsNoWorkerIsRefused) {
  meet(platform.worker({.kind = wire::SpiffeId::Kind::node}));
  EXPECT_TRUE(dead);
  EXPECT_EQ(cause, FallbackCause::certificate_invalid);
}

TEST_F(EntryLinkTest, AWorkerUnderAnotherRootIsRefused) {
  meet(TestPlatform().worker());
  EXPECT_TRUE(dead);
  EXPECT_EQ(cause, FallbackCause::unknown_ca);
}

// An entry whose certificate comes from a public authority; the machine's bundle is `bundle`.
struct PublicEntryTest : EntryLinkTest {
  ~PublicEntryTest() override { ::unsetenv("SSL_CERT_FILE"); }
  void trust(const std::string& bundle) {
    const auto file = folder / "bundle.crt";
    std::ofstream(file) << bundle;
    ::setenv("SSL_CERT_FILE", file.c_str(), 1);
  }
  // Asks an entry that shows `shown` for a flow, where the platform named the key of `named`.
  void meet_public(const crypto::TlsIdentity& shown, const crypto::TlsIdentity& named,
                   std::shared_ptr<const crypto::DenyList> deny = {}) {
    TestEntry entry(loop, shown);
    EntryLink link(loop, platform.public_candidate(entry.port(), named), platform.roots_pem(),
                   std::move(deny), rng);
    flow.on_accepted = [&] { loop.stop(); };
    ASSERT_TRUE(link.open(flow, wire::TrafficClass::input, "t0k"));
    loop.run();
    dead = link.dead();
    cause = link.cause();
    EXPECT_TRUE(!dead || entry.tokens.empty()) << "nobody untrusted sees a token";
  }
  void meet_public(const crypto::TlsIdentity& shown) { meet_public(shown, shown); }

  io::TestDirectory folder;
};

TEST_F(PublicEntryTest, IsBelievedByTheBundleOfTheMachine) {
  trust(platform.roots_pem());
  meet_public(platform.of_public_authority());
  EXPECT_FALSE(dead);
  EXPECT_TRUE(flow.was_accepted);
}

// Whoever owns the name for a moment, or the authority, gets a certificate for it.
TEST_F(PublicEntryTest, OfAnotherKeyThanThePlatformNamesIsRefused) {
  trust(platform.roots_pem());
  meet_public(platform.of_public_authority(), platform.of_public_authority());
  EXPECT_TRUE(dead);
  EXPECT_EQ(cause, FallbackCause::certificate_invalid);
  EXPECT_THAT(flow.detail, HasSubstr("not its node's"));
}

TEST_F(PublicEntryTest, OfAnAuthorityThatIsNotInTheBundleIsRefused) {
  trust(TestPlatform().roots_pem());
  meet_public(platform.of_public_authority());
  EXPECT_TRUE(dead);
  EXPECT_EQ(cause, FallbackCause::unknown_ca);
}

TEST_F(PublicEntryTest, IsRefusedWhereThereIsNoBundle) {
  for (const char* bundle : {"", "-----BEGIN CERTIFICATE-----"}) {
    trust(bundle);
    meet_public(platform.of_public_authority());
    EXPECT_TRUE(dead) << bundle;
    EXPECT_EQ(cause, FallbackCause::unknown_ca);
  }
}

TEST_F(PublicEntryTest, OfAnotherNameIsRefused) {
  trust(platform.roots_pem());
  meet_public(platform.of_public_authority("entry.example"));
  EXPECT_TRUE(dead);
  EXPECT_EQ(cause, FallbackCause::hostname_mismatch);
}

TEST_F(PublicEntryTest, WhoseKeyIsDeniedIsRefused) {
  trust(platform.roots_pem());
  const auto identity = platform.of_public_authority();
  const auto list = crypto::DenyList::make({crypto::DenyEntry{
      .kind = crypto::DenyEntry::Kind::key, .key = identity.chain.front().key_hash()}});
  meet_public(identity, identity, std::make_shared<const crypto::DenyList>(list.value()));
  EXPECT_TRUE(dead);
  EXPECT_EQ(cause, FallbackCause::certificate_revoked);
}

// The bundle of the machine means nothing for what the platform's own CA vouches for.
TEST_F(PublicEntryTest, IsNoWorkerOfThePlatform) {
  trust(platform.roots_pem());
  meet(platform.of_public_authority());
  EXPECT_TRUE(dead);
  EXPECT_EQ(cause, FallbackCause::certificate_invalid);
}

TEST_F(EntryLinkTest, AWorkerOnTheDenyListIsRefused) {
  const auto identity = platform.worker();
  const crypto::Certificate& leaf = identity.chain.front();
  const auto list =
      crypto::DenyList::make({crypto::DenyEntry{.kind = crypto::DenyEntry::Kind::certificate,
                                                .issuer = leaf.issuer_hash(),
                                                .serial = leaf.serial_hex()}});
  meet(identity, std::make_shared<const crypto::DenyList>(list.value()));
  EXPECT_TRUE(dead);
  EXPECT_EQ(cause, FallbackCause::certificate_revoked);
}

TEST_F(EntryLinkTest, WhereNobodyListensIsUnreachable) {
  std::uint16_t port = 0;
  {
    port = TestEntry(loop, platform.worker()).port();
  }
  const auto link = link_to(port, platform.roots_pem());
  ASSERT_TRUE(link->open(flow, wire::TrafficClass::input, "t0k"));
  loop.run();
  EXPECT_TRUE(link->dead());
  EXPECT_EQ(link->cause(), FallbackCause::unreachable);
}

TEST_F(EntryLinkTest, RootsThatDoNotParseBelieveNobody) {
  TestEntry entry(loop, platform.worker());
  const auto link = link_to(entry.port(), "junk");
  ASSERT_TRUE(link->open(flow, wire::TrafficClass::input, "t0k"));
  loop.run();
  EXPECT_TRUE(link->dead());
  EXPECT_EQ(entry.clients, 0U);
}

TEST_F(EntryLinkTest, AnEntryThatBreaksTheProtocolIsLeftAndSaidSo) {
  TestEntry entry(loop, platform.worker());
  entry.manner = TestEntry::Manner::nonsense;
  const auto link = link_to(entry.port(), platform.roots_pem());
  ASSERT_TRUE(link->open(flow, wire::TrafficClass::input, "t0k"));
  loop.run();
  EXPECT_TRUE(link->dead());
  EXPECT_THAT(flow.detail, HasSubstr("broke the protocol"));
}

TEST_F(EntryLinkTest, AFlowThatTheEntryEndsHearsTheReasonAndTheLinkGoesOn) {
  TestEntry entry(loop, platform.worker());
  const auto link = link_to(entry.port(), platform.roots_pem());
  flow.on_accepted = [&] { entry.end_flows(FlowReason::session_ended); };
  ASSERT_TRUE(link->open(flow, wire::TrafficClass::input, "t0k"));
  loop.run();
  EXPECT_EQ(flow.reason, FlowReason::session_ended);
  EXPECT_FALSE(link->dead());
}

TEST_F(EntryLinkTest, AllFlowsOfALinkThatIsLostEnd) {
  TestEntry entry(loop, platform.worker());
  const auto link = link_to(entry.port(), platform.roots_pem());
  Recorder other(loop);
  other.on_accepted = [&] { entry.hang_up(); };
  ASSERT_TRUE(link->open(flow, wire::TrafficClass::input, "one"));
  ASSERT_TRUE(link->open(other, wire::TrafficClass::input, "two"));
  loop.run();
  EXPECT_EQ(flow.reason, FlowReason::peer_lost);
  EXPECT_EQ(other.reason, FlowReason::peer_lost);
  EXPECT_EQ(entry.clients, 1U) << "both were on one connection";
}

TEST_F(EntryLinkTest, LinksAreSharedWhileTheyLiveAndMadeAgainAfter) {
  TestHome home;
  DenyListStore deny_lists(home);
  std::ostringstream err;
  FallbackLog fallbacks(err);
  const Account account = platform.account(deny_lists);
  EntryLinks links(loop, account, rng, fallbacks);
  TestEntry entry(loop, platform.worker());
  const Candidate candidate = platform.candidate(entry.port());
  EntryLink& first = links.to(candidate);
  EXPECT_EQ(&links.to(candidate), &first);
  flow.on_accepted = [&] { entry.hang_up(); };
  ASSERT_TRUE(first.open(flow, wire::TrafficClass::input, "t0k"));
  loop.run();
  ASSERT_TRUE(first.dead());
  Recorder again(loop);
  again.on_accepted = [&] { loop.stop(); };
  ASSERT_TRUE(links.to(candidate).open(again, wire::TrafficClass::input, "t0k"));
  loop.run();
  EXPECT_TRUE(again.was_accepted);
  EXPECT_EQ(entry.clients, 2U);
}

}  // namespace
}  // namespace rap::client
