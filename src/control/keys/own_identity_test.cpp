// The identity of the listeners over time, against PostgreSQL and a state directory of the test's.
#include "control/keys/own_identity.hpp"

#include <gtest/gtest.h>

#include "control/keys/locked_authority.hpp"
#include "control/keys/locked_ocsp_signers.hpp"
#include "control/keys/test_state.hpp"
#include "control/people/accounts/bootstrap.hpp"
#include "control/store/test_cluster.hpp"
#include "io/loop/test_loop.hpp"

namespace rap::control::server {
namespace {

using namespace std::chrono_literals;

class OwnIdentityTest : public ::testing::Test {
 protected:
  OwnIdentityTest() {
    User owner;
    owner.id = UserId::random(rng);
    owner.email = "owner@platform.test";
    owner.platform_role = policy::PlatformRole::platform_owner;
    owner.created_at = now;
    EXPECT_TRUE(bootstrap(database, authority.get()->cluster, owner, "hash"));
    signers.set_url("http://control.example:9092/ocsp/");
  }

  OwnIdentity::Shown refresh() {
    auto shown = identity.refresh(now);
    EXPECT_TRUE(shown) << shown.error();
    return std::move(shown).value();
  }
  static std::string serial(const OwnIdentity::Shown& shown) {
    return shown.identity.chain.front().serial_hex();
  }
  // What the inventory says.
  std::string status(const std::string& serial) {
    std::string status = "not entered";
    within([&](Transaction& tx) {
      for (const NodeCertificate& entry : tx.certificates().find(serial)) status = entry.status;
    });
    return status;
  }
  void within(const std::function<void(Transaction&)>& work) {
    const Scope scope = Scope::platform().in(authority.get()->cluster);
    EXPECT_TRUE(database.run(scope, [&](Transaction& tx) {
      work(tx);
      return Ending::commit;
    }));
  }

  TestState files;
  WallTime now = TestState::now;
  SeededRandom rng{3};
  io::TestLog log;
  LockedAuthority authority{files.authority()};
  LockedOcspSigners signers;
  store::PostgresDatabase database{{.conninfo = store::TestCluster::get().fresh_database(),
                                    .user = std::string(store::kAppRole),
                                    .max_connections = 1},
                                   log};
  const IssuingPorts issuing{rng, &signers};
  OwnIdentity identity{files.state, database, authority, issuing, {"203.0.113.7"}, log};
};

TEST_F(OwnIdentityTest, IsEnteredIntoTheInventoryAndShownWithAStaple) {
  const auto shown = refresh();
  EXPECT_TRUE(shown.changed);
  EXPECT_FALSE(shown.identity.staple.empty());
  EXPECT_TRUE(shown.identity.chain.front().must_staple());
  EXPECT_EQ(status(serial(shown)), "active");
  EXPECT_EQ(log.count("certificate.renewed"), 0) << "the first one replaces none that was shown";
}

TEST_F(OwnIdentityTest, ChangesOnlyWhenThereIsSomethingNewToShow) {
  const auto first = refresh();
  now += kStapleRefresh - 1s;
  const auto same = refresh();
  EXPECT_FALSE(same.changed);
  EXPECT_EQ(same.identity.staple, first.identity.staple);
  now += 1s;
  const auto stapled = refresh();
  EXPECT_TRUE(stapled.changed);
  EXPECT_EQ(serial(stapled), serial(first));
  EXPECT_NE(stapled.identity.staple, first.identity.staple);
}

TEST_F(OwnIdentityTest, AClockThatWentBackCostsNoMoreThanAStaple) {
  const auto first = refresh();
  now -= 1h;
  const auto again = refresh();
  EXPECT_TRUE(again.changed);
  EXPECT_EQ(serial(again), serial(first));
}

TEST_F(OwnIdentityTest, FollowsItsNamesAndTellsWhatItIsReachedBy) {
  const auto first = refresh();
  EXPECT_EQ(identity.hosts(),
            (std::vector<std::string>{"control.example", "127.0.0.1", "203.0.113.7"}));
  ASSERT_TRUE(files.state.set_hosts({"other.example"}));
  const auto renamed = refresh();
  EXPECT_TRUE(renamed.changed);
  EXPECT_TRUE(renamed.identity.chain.front().speaks_for("other.example"));
  EXPECT_EQ(status(serial(renamed)), "active");
  EXPECT_EQ(status(serial(first)), "retiring");
  EXPECT_EQ(log.count("certificate.renewed"), 1);
  EXPECT_EQ(identity.hosts(), (std::vector<std::string>{"other.example", "203.0.113.7"}));
}

TEST_F(OwnIdentityTest, IsReplacedWhenItWasRevoked) {
  const auto first = refresh();
  within([&](Transaction& tx) { tx.certificates().revoke(NodeId{}, serial(first), now); });
  const auto another = refresh();
  EXPECT_TRUE(another.changed);
  EXPECT_NE(serial(another), serial(first));
  EXPECT_EQ(status(serial(first)), "revoked");
  EXPECT_EQ(status(serial(another)), "active");
  EXPECT_EQ(log.count("certificate.revoked"), 1);
  EXPECT_FALSE(refresh().changed) << "once";
}

TEST_F(OwnIdentityTest, IsShownWhileTheDatabaseIsAway) {
  store::PostgresDatabase away{{.conninfo = "host=127.0.0.1 port=1 connect_timeout=2",
                                .user = std::string(store::kAppRole),
                                .max_connections = 1},
                               log};
  OwnIdentity alone{files.state, away, authority, issuing, {}, log};
  const auto shown = alone.refresh(now);
  ASSERT_TRUE(shown) << shown.error();
  EXPECT_FALSE(shown->identity.staple.empty());
  EXPECT_EQ(status(serial(*shown)), "not entered");
  EXPECT_EQ(serial(refresh()), serial(*shown));
  EXPECT_EQ(status(serial(*shown)), "active") << "once the database is there again";
}

TEST_F(OwnIdentityTest, WithoutAResponderDemandsNoStaple) {
  OwnIdentity plain{files.state, database, authority, {rng}, {}, log};
  const auto shown = plain.refresh(now);
  ASSERT_TRUE(shown);
  EXPECT_TRUE(shown->identity.staple.empty());
  EXPECT_FALSE(shown->identity.chain.front().must_staple());
}

}  // namespace
}  // namespace rap::control::server
