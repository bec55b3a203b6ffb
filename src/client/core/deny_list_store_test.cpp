#include "client/core/deny_list_store.hpp"

#include <gtest/gtest.h>

#include "client/testing/doubles.hpp"
#include "crypto/testing/pki.hpp"
#include "snapshot/public_deny_list.hpp"

namespace rap::client {
namespace {

using namespace std::chrono_literals;

class KeptDenyList : public testing::Test {
 protected:
  std::optional<GivenDenyList> given(std::uint64_t version, const crypto::TestPki& by,
                                     std::vector<crypto::DenyEntry> entries = {}) {
    const snapshot::PublicDenyList list{version, by.cluster, now, now + 1h, std::move(entries)};
    return GivenDenyList{snapshot::seal_deny_list(list, by.intermediate),
                         by.intermediate.certificate.pem()};
  }
  std::string take(DenyListStore& lists, const std::optional<GivenDenyList>& list, WallTime at) {
    const auto done = lists.take(list, roots, pki.cluster, at);
    return done ? "taken" : done.error().text;
  }
  std::string take(DenyListStore& lists, const std::optional<GivenDenyList>& list) {
    return take(lists, list, now);
  }
  DenyListStore again(WallTime at) {
    DenyListStore lists(home);
    lists.load(roots, at);
    return lists;
  }

  crypto::TestPki pki{1};
  const WallTime now = crypto::TestPki::now;
  const std::string roots = pki.root.certificate.pem();
  const crypto::TestMember worker = pki.member(wire::SpiffeId::Kind::worker);
  const crypto::DenyEntry entry{.kind = crypto::DenyEntry::Kind::certificate,
                                .issuer = worker.leaf.issuer_hash(),
                                .serial = worker.leaf.serial_hex()};
  TestHome home;
};

TEST_F(KeptDenyList, IsInForceAgainAfterARestart) {
  DenyListStore first = again(now);
  EXPECT_EQ(first.version(), 0U);
  EXPECT_FALSE(first.current());
  EXPECT_EQ(take(first, given(7, pki, {entry})), "taken");
  DenyListStore second = again(now);
  EXPECT_EQ(second.version(), 7U);
  ASSERT_TRUE(second.current());
  EXPECT_TRUE(second.current()->certificate(entry.issuer, entry.serial));
  EXPECT_EQ(take(second, std::nullopt), "taken") << "the kept one is good still";
}

TEST_F(KeptDenyList, AnOlderOneIsRefusedAlsoWhenTheKeptOneHasExpired) {
  DenyListStore first = again(now);
  EXPECT_EQ(take(first, given(7, pki)), "taken");
  EXPECT_NE(take(first, given(6, pki)).find("rolled_back"), std::string::npos);
  DenyListStore later = again(now + 2h);
  EXPECT_EQ(later.version(), 0U);
  EXPECT_NE(take(later, given(6, pki)).find("rolled_back"), std::string::npos);
}

TEST_F(KeptDenyList, AFrozenOneEndsWithItsTime) {
  DenyListStore lists = again(now);
  EXPECT_EQ(take(lists, given(7, pki)), "taken");
  EXPECT_EQ(take(lists, std::nullopt, now + 1h - 1s), "taken");
  EXPECT_NE(take(lists, std::nullopt, now + 1h).find("no deny list"), std::string::npos);
  EXPECT_NE(take(lists, given(7, pki), now + 1h).find("expired"), std::string::npos);
}

TEST_F(KeptDenyList, OfAStrangerIsRefusedAndTheKeptOneStays) {
  crypto::TestPki stranger{2};
  stranger.cluster = pki.cluster;
  DenyListStore lists = again(now);
  EXPECT_EQ(take(lists, given(7, pki, {entry})), "taken");
  EXPECT_NE(take(lists, given(8, stranger)).find("wrong_signer"), std::string::npos);
  EXPECT_EQ(lists.version(), 7U);
  EXPECT_TRUE(lists.current()->certificate(entry.issuer, entry.serial));
}

TEST_F(KeptDenyList, ThatSaysTheSameIsTheSame) {
  DenyListStore lists = again(now);
  EXPECT_EQ(take(lists, given(7, pki, {entry})), "taken");
  const auto before = lists.current();
  EXPECT_EQ(take(lists, given(8, pki, {entry})), "taken");
  EXPECT_EQ(lists.current(), before);
  EXPECT_EQ(take(lists, given(9, pki)), "taken");
  EXPECT_NE(lists.current(), before);
}

TEST_F(KeptDenyList, ADamagedFileDeniesNothingAndIsReplaced) {
  for (const char* text : {"", "{", "[]", R"({"version":"x"})",
                           R"({"cluster":"7c9e6679-7425-40de-944b-e07fc1f90ae7","version":"x"})"}) {
    home.files[std::string(kDenyListFile)] = text;
    DenyListStore lists = again(now);
    EXPECT_EQ(lists.version(), 0U);
    EXPECT_EQ(take(lists, given(7, pki)), "taken") << text;
  }
}

}  // namespace
}  // namespace rap::client
