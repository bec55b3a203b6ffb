// What a connected peer's certificate is worth, over real mutual TLS.
#include "node/fabric/channels/peer_check.hpp"

#include "crypto/testing/live_pki.hpp"
#include "io/listeners/tls_listener.hpp"
#include "io/loop/test_loop.hpp"
#include "io/system/system.hpp"

namespace rap::fabric {
namespace {

using namespace std::chrono_literals;
using channel::FailureReason;
using crypto::CertificateFault;
using crypto::DenyEntry;

struct Quiet final : io::StreamHandler {
  void on_open() override {}
  std::size_t on_data(MutableBytes data) override { return data.size(); }
  void on_close(const io::StreamError&) override {}
};

// Two nodes that have met: `here` is the stream whose peer is judged.
class PeerCheckTest : public testing::Test {
 protected:
  ~PeerCheckTest() override {
    world_.run([this] {
      here_.reset();
      there_.reset();
      listener_.reset();
    });
  }

  void meet() {
    world_.run([this] {
      listener_.emplace(world_.loop, "127.0.0.1", 0,
                        io::TlsListenerOptions{.tls = context(crypto::TlsRole::server, own_)},
                        [this](std::unique_ptr<io::Stream> stream) {
                          stream->set_handler(quiet_);
                          here_ = std::move(stream);
                          met_.set_value();
                        });
      there_ = io::Stream::connect(world_.loop, "127.0.0.1", listener_->port(),
                                   {.tls = context(crypto::TlsRole::client, peer_)}, quiet_);
    });
    ASSERT_EQ(std::future_status::ready, met_.get_future().wait_for(io::kPatience));
  }
  std::shared_ptr<const crypto::TlsContext> context(crypto::TlsRole role,
                                                    const crypto::LiveMember& member) {
    return crypto::TlsContext::make(role, member.identity,
                                    crypto::AcceptMember{.roots = pki_.roots(),
                                                         .cluster = pki_.cluster,
                                                         .kind = wire::SpiffeId::Kind::node,
                                                         .host = {}},
                                    io::wall_now);
  }

  channel::Verdict verdict(const PeerCheck& check) { return verdict_at(now_, check); }
  channel::Verdict verdict_at(WallTime at, const PeerCheck& check) {
    channel::Verdict verdict = std::unexpected(channel::Refusal{});
    world_.run([&] { verdict = check(*here_, at); });
    return verdict;
  }
  FailureReason refusal(const PeerCheck& check) { return refusal_at(now_, check); }
  FailureReason refusal_at(WallTime at, const PeerCheck& check) {
    const auto refused = verdict_at(at, check);
    EXPECT_FALSE(refused);
    return refused ? FailureReason{} : refused.error().reason;
  }
  // What the peer sends to show another certificate, and what is made of it here.
  std::optional<channel::Verdict> shown(const crypto::TlsIdentity& identity,
                                        const PeerCheck& check) {
    std::optional<channel::Verdict> verdict;
    world_.run(
        [&] { verdict = check.reauthentication(*here_, there_->prove_again(identity), now_); });
    return verdict;
  }
  crypto::TlsIdentity renewed(NodeId node) {
    return pki_.certify(crypto::PrivateKey::generate(crypto::KeyType::p256), node,
                        wire::SpiffeId::Kind::node);
  }
  PeerCheck check(const std::vector<DenyEntry>& denied = {}) const {
    return {pki_.roots(),
            std::make_shared<const crypto::DenyList>(crypto::DenyList::make(denied).value())};
  }
  const crypto::Certificate& leaf() const { return peer_.identity.chain.front(); }

  const WallTime now_ = io::wall_now();
  crypto::LivePki pki_{now_};
  crypto::LiveMember own_ = pki_.member(wire::SpiffeId::Kind::node);
  crypto::LiveMember peer_ = pki_.member(wire::SpiffeId::Kind::node);
  Quiet quiet_;
  std::promise<void> met_;
  io::TestLoop world_;
  std::optional<io::TlsListener> listener_;
  std::unique_ptr<io::Stream> here_;
  std::unique_ptr<io::Stream> there_;
};

TEST_F(PeerCheckTest, ProvesWhoThePeerIsUntilItsCertificateEnds) {
  meet();
  const auto proof = verdict(check());
  ASSERT_TRUE(proof);
  EXPECT_EQ(peer_.node, proof->identity.node());
  EXPECT_EQ(leaf().not_after() - now_, proof->valid_for);
  EXPECT_TRUE(verdict_at(leaf().not_after() - 1s, check()));
  EXPECT_EQ(FailureReason::certificate_invalid, refusal_at(leaf().not_after(), check()));
}

TEST_F(PeerCheckTest, JudgesByTheRootsOfThisMomentAndNotOfTheHandshake) {
  meet();
  const crypto::LivePki other(now_, 9);
  EXPECT_EQ(FailureReason::certificate_invalid, refusal({other.roots(), nullptr}));
  EXPECT_TRUE(verdict({pki_.roots(), nullptr}));
}

TEST_F(PeerCheckTest, RefusesADeniedNodeCertificateOrKeyAsRevoked) {
  meet();
  for (const DenyEntry& entry :
       {DenyEntry{.kind = DenyEntry::Kind::node, .node = peer_.node},
        DenyEntry{.kind = DenyEntry::Kind::certificate,
                  .issuer = leaf().issuer_hash(),
                  .serial = leaf().serial_hex()},
        DenyEntry{.kind = DenyEntry::Kind::key, .key = leaf().key_hash()}}) {
    const auto refused = verdict(check({entry}));
    ASSERT_FALSE(refused);
    EXPECT_EQ(FailureReason::certificate_revoked, refused.error().reason);
    EXPECT_EQ(wire::Severity::close, refused.error().severity);
  }
  EXPECT_TRUE(verdict(check({{.kind = DenyEntry::Kind::node, .node = own_.node}})))
      << "another is denied";
}

TEST_F(PeerCheckTest, LeavesADeniedPeerTheTimeToDrainWhenTheListSaysSo) {
  meet();
  const DenyEntry drain{
      .kind = DenyEntry::Kind::node, .node = peer_.node, .severity = wire::Severity::drain};
  EXPECT_EQ(wire::Severity::drain, verdict(check({drain})).error().severity);
  const DenyEntry close{.kind = DenyEntry::Kind::key, .key = leaf().key_hash()};
  EXPECT_EQ(wire::Severity::close, verdict(check({drain, close})).error().severity)
      << "the worst that is said of it";
}

TEST_F(PeerCheckTest, ProvesNothingOfAStreamWithoutAPeer) {
  meet();
  world_.run([this] {
    const auto plain = io::Stream::connect(world_.loop, "127.0.0.1", listener_->port(), {}, quiet_);
    const auto refused = check()(*plain, now_);
    ASSERT_FALSE(refused);
    EXPECT_EQ(FailureReason::certificate_invalid, refused.error().reason);
  });
}

TEST_F(PeerCheckTest, TakesARenewedCertificateInPlaceOfTheOldOne) {
  meet();
  const auto next = renewed(peer_.node);
  const auto proof = shown(next, check());
  ASSERT_TRUE(proof && *proof);
  EXPECT_EQ(peer_.node, (*proof)->identity.node());
  EXPECT_TRUE(verdict(check({{.kind = DenyEntry::Kind::key, .key = leaf().key_hash()}})))
      << "the old one is not in force any more";
  EXPECT_EQ(FailureReason::certificate_revoked,
            refusal(check({{.kind = DenyEntry::Kind::key, .key = next.chain.front().key_hash()}})));
}

TEST_F(PeerCheckTest, KeepsTheOldCertificateInForceWhenTheNewOneIsNotGoodHere) {
  meet();
  const auto next = renewed(peer_.node);
  const auto denied = check({{.kind = DenyEntry::Kind::key, .key = next.chain.front().key_hash()}});
  const auto of_the_old = shown(next, denied);
  ASSERT_TRUE(of_the_old && *of_the_old) << "the verdict is of the old one";
  const auto anothers = shown(renewed(own_.node), check());
  ASSERT_TRUE(anothers && *anothers);
  EXPECT_EQ(peer_.node, (*anothers)->identity.node());
}

TEST_F(PeerCheckTest, TellsWhatIsNoProofFromOneThatIsNotGood) {
  meet();
  world_.run([this] {
    EXPECT_FALSE(check().reauthentication(*here_, as_bytes("no proof"), now_));
    EXPECT_FALSE(check().reauthentication(*here_, {}, now_));
    EXPECT_FALSE(check().reauthentication(*here_, here_->prove_again(own_.identity), now_))
        << "reflected";
  });
}

// --- the reason that the peer and the log are given

TEST(PeerCheckReasons, OfACertificateAreFewerThanItsFaults) {
  for (std::size_t i = 0; i < crypto::kCertificateFaults; ++i) {
    const auto fault = static_cast<CertificateFault>(i);
    FailureReason expected = FailureReason::certificate_invalid;
    if (fault == CertificateFault::wrong_cluster) expected = FailureReason::wrong_cluster;
    if (fault == CertificateFault::wrong_kind) expected = FailureReason::wrong_node;
    if (fault == CertificateFault::revoked || fault == CertificateFault::status_revoked) {
      expected = FailureReason::certificate_revoked;
    }
    EXPECT_EQ(expected, reason_of(fault)) << to_string(fault);
  }
}

TEST(PeerCheckReasons, OfAStreamSayWhetherTheNetworkTheHandshakeOrWeEndedIt) {
  using Kind = io::StreamError::Kind;
  const auto reason = [](Kind kind) {
    return reason_of({.kind = kind, .detail = "", .fault = {}});
  };
  EXPECT_EQ(FailureReason::tls_handshake_failed, reason(Kind::tls));
  EXPECT_EQ(FailureReason::policy_denied, reason(Kind::overflow));
  for (const Kind kind :
       {Kind::none, Kind::unreachable, Kind::refused, Kind::timeout, Kind::reset}) {
    EXPECT_EQ(FailureReason::network_unreachable, reason(kind)) << to_string(kind);
  }
  EXPECT_EQ(FailureReason::wrong_cluster,
            reason_of({.kind = Kind::tls, .detail = "", .fault = CertificateFault::wrong_cluster}))
      << "a fault of the certificate says more than the handshake";
}

}  // namespace
}  // namespace rap::fabric
