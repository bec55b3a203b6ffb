#include "control/store/postgres/migrations.hpp"

#include <gtest/gtest.h>

#include "control/store/test_cluster.hpp"

namespace rap::store {
namespace {

class Migrations : public ::testing::Test {
 protected:
  Connection owner() { return TestCluster::open(conninfo_, kOwnerRole); }
  std::expected<int, SqlError> run(const std::vector<Migration>& migrations) {
    Connection c = owner();
    return migrate(c, migrations);
  }
  std::string conninfo_ = TestCluster::get().fresh_database();
};

TEST_F(Migrations, AreNumberedWithoutAGapAndAppliedOnce) {
  int expected = 1;
  for (const Migration& m : embedded_migrations()) EXPECT_EQ(m.version, expected++);
  EXPECT_EQ(run(embedded_migrations()), 0) << "the test database is migrated already";
}

TEST_F(Migrations, AppliesWhatIsNew) {
  auto more = embedded_migrations();
  more.push_back({static_cast<int>(more.size()) + 1, "more", "CREATE TABLE more (id integer)"});
  EXPECT_EQ(run(more), 1);
  EXPECT_EQ(run(more), 0);
  EXPECT_TRUE(owner().script("SELECT * FROM more"));
}

TEST_F(Migrations, LeavesNothingOfOneThatFails) {
  auto more = embedded_migrations();
  more.push_back({static_cast<int>(more.size()) + 1, "broken",
                  "CREATE TABLE half (id integer); SELECT nonsense"});
  const auto failed = run(more);
  ASSERT_FALSE(failed);
  EXPECT_NE(failed.error().message.find("_broken: "), std::string::npos);
  EXPECT_FALSE(owner().script("SELECT * FROM half"));
  EXPECT_EQ(run(embedded_migrations()), 0);
}

TEST_F(Migrations, RefusesOneThatWasChangedAfterItWasApplied) {
  auto changed = embedded_migrations();
  const std::string text = std::string(changed[1].sql) + " ";
  changed[1].sql = text;
  const auto refused = run(changed);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("was changed after it was applied"), std::string::npos);
}

TEST_F(Migrations, RefusesADatabaseOfANewerProgram) {
  auto older = embedded_migrations();
  older.pop_back();
  const auto refused = run(older);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("newer rap-control"), std::string::npos);
}

}  // namespace
}  // namespace rap::store
