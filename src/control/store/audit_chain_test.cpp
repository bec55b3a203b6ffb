#include <gtest/gtest.h>

#include "base/seeded_random.hpp"
#include "control/store/postgres/sql_session.hpp"
#include "control/store/test_cluster.hpp"
#include "crypto/keys/digest.hpp"

namespace rap::store {
namespace {

using control::AuditEntry;
using control::AuditVerdict;
using control::Ending;
using control::Scope;
using control::Transaction;

class AuditChain : public ::testing::Test {
 protected:
  void append(const std::string& action) {
    auto ran = database_.run(Scope::platform(), [&](Transaction& tx) {
      AuditEntry e;
      e.at = from_unix(1'700'000'000);
      e.actor_kind = "system";
      e.action = action;
      e.target_kind = "test";
      e.detail = R"({"b": 1, "a": "é"})";
      tx.audit(e);
      return Ending::commit;
    });
    ASSERT_TRUE(ran);
  }
  AuditVerdict verify() {
    AuditVerdict verdict;
    EXPECT_TRUE(database_.run(Scope::platform(), [&](Transaction& tx) {
      verdict = tx.audit_log().verify();
      return Ending::commit;
    }));
    return verdict;
  }
  std::expected<void, SqlError> as(std::string_view role, const std::string& sql) {
    Connection c = TestCluster::open(conninfo_, role);
    c.begin();
    set_scope(c, Scope::platform());
    auto ok = c.script(sql);
    (void)c.script("COMMIT");
    return ok;
  }
  // What somebody could do who gets hold of the database itself.
  void tamper(const std::string& sql) {
    Connection c = TestCluster::get().superuser(conninfo_.substr(conninfo_.rfind('=') + 1));
    ASSERT_TRUE(c.script("ALTER TABLE audit_log DISABLE TRIGGER USER; " + sql +
                         "; ALTER TABLE audit_log ENABLE TRIGGER USER"));
  }

  SilentLog log_;
  std::string conninfo_ = TestCluster::get().fresh_database();
  PostgresDatabase database_{{conninfo_, std::string(kAppRole)}, log_};
};

TEST_F(AuditChain, HoldsFromTheFirstEntryOn) {
  EXPECT_EQ(verify().entries, 0U);
  EXPECT_FALSE(verify().first_broken);
  for (const char* action : {"one", "two", "three"}) append(action);
  const AuditVerdict verdict = verify();
  EXPECT_EQ(verdict.entries, 3U);
  EXPECT_FALSE(verdict.first_broken);
  EXPECT_NE(verdict.head, crypto::Sha256{});
}

TEST_F(AuditChain, CanBeRecomputedOutsideTheDatabase) {
  append("one");
  Connection c = TestCluster::open(conninfo_, kAppRole);
  c.begin();
  set_scope(c, Scope::platform());
  const auto rows = c.query("SELECT previous_hash, hash FROM audit_log", {});
  Bytes covered = (*rows)[0].bytes(0);
  const std::string content =
      R"([1, 1700000000, null, "system", "", "", "one", "test", "", "", "ok", "", )"
      R"({"a": "é", "b": 1}])";
  covered.insert(covered.end(), content.begin(), content.end());
  EXPECT_EQ((*rows)[0].bytes32(1), crypto::sha256(covered));
}

TEST_F(AuditChain, RefusesToBeChangedByAnybodyThroughTheFrontDoor) {
  append("one");
  for (std::string_view role : {kAppRole, kOwnerRole}) {
    for (const char* sql :
         {"UPDATE audit_log SET action = 'x'", "DELETE FROM audit_log", "TRUNCATE audit_log"}) {
      EXPECT_FALSE(as(role, sql)) << role << ": " << sql;
    }
  }
  EXPECT_FALSE(as(kAppRole, "UPDATE audit_head SET seq = 0"));
  EXPECT_FALSE(as(kAppRole, "SELECT * FROM audit_head"));
  EXPECT_FALSE(verify().first_broken);
}

TEST_F(AuditChain, GivesItsOwnNumbersAndHashesWhateverTheWriterSays) {
  append("one");
  EXPECT_TRUE(as(kAppRole,
                 "INSERT INTO audit_log VALUES (99, 1, NULL, 'system', '', '', 'forged', '', '', "
                 "'', 'ok', '', '{}', '\\x00', '\\x00')"));
  const AuditVerdict verdict = verify();
  EXPECT_EQ(verdict.entries, 2U);
  EXPECT_FALSE(verdict.first_broken);
}

TEST_F(AuditChain, NamesTheFirstEntryThatWasTamperedWith) {
  for (int i = 0; i < 5; ++i) append("entry");
  tamper("UPDATE audit_log SET action = 'x' WHERE seq = 3");
  EXPECT_EQ(verify().first_broken, 3U);
}

TEST_F(AuditChain, NoticesARehashedEntryByTheOneAfterIt) {
  for (int i = 0; i < 5; ++i) append("entry");
  tamper(
      "UPDATE audit_log SET action = 'x' WHERE seq = 3; "
      "UPDATE audit_log e SET hash = rap_audit_hash(e) WHERE seq = 3");
  EXPECT_EQ(verify().first_broken, 4U);
}

TEST_F(AuditChain, NoticesAMissingEntryInTheMiddleAndAtTheEnd) {
  for (int i = 0; i < 5; ++i) append("entry");
  tamper("DELETE FROM audit_log WHERE seq = 5");
  EXPECT_EQ(verify().first_broken, 5U);
  tamper("DELETE FROM audit_log WHERE seq = 2");
  EXPECT_EQ(verify().first_broken, 3U) << "the entry after the gap is the first that does not fit";
}

TEST_F(AuditChain, LeavesNoEntryOfATransactionThatFailed) {
  const auto ran = database_.run(Scope::platform(), [&](Transaction& tx) {
    AuditEntry e;
    e.actor_kind = "nonsense";  // refused by a check
    tx.audit(e);
    return Ending::commit;
  });
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error(), control::DatabaseFault::conflict);
  EXPECT_EQ(verify().entries, 0U);
}

}  // namespace
}  // namespace rap::store
