#include "snapshot/public_deny_list.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/encoding.hpp"
#include "crypto/testing/pki.hpp"
#include "crypto/tokens/dsse.hpp"

namespace rap::snapshot {
namespace {

using crypto::DenyEntry;
using crypto::TestPki;
using namespace std::chrono_literals;

struct PublicDenyLists : testing::Test {
  TestPki pki{1};
  const WallTime now = TestPki::now;
  const crypto::TestMember worker = pki.member(wire::SpiffeId::Kind::worker);

  DenyEntry of(const crypto::Certificate& c) const {
    return {
        .kind = DenyEntry::Kind::certificate, .issuer = c.issuer_hash(), .serial = c.serial_hex()};
  }
  PublicDenyList list(std::uint64_t version = 7) {
    return {version,
            pki.cluster,
            now,
            now + 1h,
            {of(worker.leaf), {.kind = DenyEntry::Kind::key, .key = worker.leaf.key_hash()}}};
  }
  std::expected<PublicDenyList, DenyListFault> open(const std::string& envelope,
                                                    std::uint64_t floor = 0, Duration later = 0s) {
    return open_deny_list(envelope, pki.intermediate.certificate.pem(),
                          {pki.roots(), pki.cluster, floor},
                          now + std::chrono::duration_cast<std::chrono::seconds>(later));
  }
  std::string sealed() { return seal_deny_list(list(), pki.intermediate); }
};

TEST_F(PublicDenyLists, SayWhatIsDeniedToWhoTrustsTheRoot) {
  const auto opened = open(sealed());
  ASSERT_TRUE(opened) << to_string(opened.error());
  EXPECT_EQ(opened->version, 7U);
  const auto deny = crypto::DenyList::make(opened->entries);
  ASSERT_TRUE(deny);
  EXPECT_TRUE(deny->certificate(worker.leaf.issuer_hash(), worker.leaf.serial_hex()));
  EXPECT_TRUE(deny->key(worker.leaf.key_hash()));
  EXPECT_FALSE(deny->key(pki.member().leaf.key_hash()));
}

TEST_F(PublicDenyLists, AListedIntermediateIsDenied) {
  PublicDenyList all = list();
  all.entries = {of(pki.intermediate.certificate)};
  const auto opened = open(seal_deny_list(all, pki.intermediate));
  ASSERT_TRUE(opened);
  const auto deny = crypto::DenyList::make(opened->entries);
  EXPECT_TRUE(crypto::denied(*deny, worker.leaf, worker.chain,
                             *wire::SpiffeId::parse(worker.leaf.names().uris.front())));
}

TEST_F(PublicDenyLists, AnOlderOneThanWasSeenIsRefused) {
  EXPECT_TRUE(open(sealed(), 7));
  EXPECT_EQ(open(sealed(), 8).error(), DenyListFault::rolled_back);
}

TEST_F(PublicDenyLists, AreGoodForTheirTimeAndNoLonger) {
  EXPECT_TRUE(open(sealed(), 0, 1h - 1s));
  EXPECT_EQ(open(sealed(), 0, 1h).error(), DenyListFault::expired);
  EXPECT_TRUE(open(sealed(), 0, -300s));
  EXPECT_EQ(open(sealed(), 0, -301s).error(), DenyListFault::not_yet_valid);
}

TEST_F(PublicDenyLists, OnlyAnIntermediateOfOurRootsMaySignOne) {
  TestPki stranger{2};
  const auto by = [&](const crypto::Issuer& signer, const crypto::Certificate& shown) {
    const auto opened = open_deny_list(seal_deny_list(list(), signer), shown.pem(),
                                       {pki.roots(), pki.cluster}, now);
    return opened ? "accepted" : std::string(to_string(opened.error()));
  };
  EXPECT_EQ(by(pki.intermediate, pki.intermediate.certificate), "accepted");
  EXPECT_EQ(by(stranger.intermediate, stranger.intermediate.certificate), "wrong_signer");
  EXPECT_EQ(by(stranger.intermediate, pki.intermediate.certificate), "bad_envelope");
  EXPECT_EQ(by({worker.leaf, worker.key}, worker.leaf), "wrong_signer");
  EXPECT_EQ(by(pki.root, pki.root.certificate), "wrong_signer");
}

TEST_F(PublicDenyLists, OfAnotherClusterTypeOrSizeAreRefused) {
  PublicDenyList other = list();
  other.cluster = ClusterId::random(pki.rng);
  EXPECT_EQ(open(seal_deny_list(other, pki.intermediate)).error(), DenyListFault::wrong_cluster);
  EXPECT_EQ(open(std::string(kMaxPublicDenyListBytes + 1, ' ')).error(),
            DenyListFault::bad_envelope);
  const auto as = [&](std::string_view type, const std::string& payload) {
    return open(crypto::seal_envelope(pki.intermediate.key, "", type, as_bytes(payload))).error();
  };
  EXPECT_EQ(as("application/vnd.rap.trust-bundle+json", "{}"), DenyListFault::bad_envelope);
  EXPECT_EQ(as(kPublicDenyListType, "{}"), DenyListFault::malformed);
}

TEST_F(PublicDenyLists, MayHoldAsMuchAsIsAllowedAndNotMore) {
  constexpr std::size_t kLimit = crypto::DenyList::kMaxEntries;
  PublicDenyList full = list();
  full.entries.clear();
  for (std::size_t i = 0; i < kLimit; ++i) {
    DenyEntry entry = of(worker.leaf);
    const Bytes serial = {0x40, 0, static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)};
    entry.serial = to_hex(serial) + std::string(32, 'a');
    full.entries.push_back(std::move(entry));
  }
  const std::string envelope = seal_deny_list(full, pki.intermediate);
  EXPECT_LT(envelope.size(), kMaxPublicDenyListBytes);
  EXPECT_TRUE(open(envelope));
  full.entries.push_back({.kind = DenyEntry::Kind::key, .key = worker.leaf.key_hash()});
  EXPECT_EQ(open(seal_deny_list(full, pki.intermediate)).error(), DenyListFault::malformed);
}

TEST_F(PublicDenyLists, EveryMemberMissingWrongOrAddedIsRefused) {
  const auto good = nlohmann::json::parse(
      as_text(*crypto::open_envelope(sealed(), kPublicDenyListType,
                                     {{pki.intermediate.certificate.fingerprint_hex(),
                                       pki.intermediate.certificate.public_key()}})));
  const auto fault = [&](const nlohmann::json& payload) {
    const std::string text = payload.dump();
    const auto opened =
        open(crypto::seal_envelope(pki.intermediate.key, "", kPublicDenyListType, as_bytes(text)));
    return opened ? "accepted" : std::string(to_string(opened.error()));
  };
  EXPECT_EQ(fault(good), "accepted");
  for (const auto& [name, value] : good.items()) {
    auto without = good;
    without.erase(name);
    EXPECT_EQ(fault(without), "malformed") << name;
    auto wrong = good;
    wrong[name] = true;
    EXPECT_EQ(fault(wrong), "malformed") << name;
  }
  auto more = good;
  more["more"] = 1;
  EXPECT_EQ(fault(more), "malformed");
  auto bad_serial = good;
  bad_serial["issuers"][0]["serials"][0] = "not hex";
  EXPECT_EQ(fault(bad_serial), "malformed");
}

}  // namespace
}  // namespace rap::snapshot
