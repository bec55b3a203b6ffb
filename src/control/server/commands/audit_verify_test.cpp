// rap-control audit verify, and the heads that it compares the chain with.
#include <gmock/gmock.h>

#include "control/server/background/audit_export.hpp"
#include "control/server/commands/commands.hpp"
#include "control/server/commands/test_streams.hpp"
#include "control/server/test_server.hpp"
#include "io/system/file.hpp"

namespace rap::control::server {
namespace {

using testing::AllOf;
using testing::HasSubstr;

struct AuditVerifyTest : testing::Test {
  AuditVerifyTest() {
    parts.bootstrap();
    options.state = (parts.live.folder / "state").string();
    options.database_url = parts.conninfo;
  }
  // A file with the head of now, as `serve` leaves it.
  std::string exported(const std::string& name) {
    const auto file = parts.live.folder / name;
    LatestAuditHead latest;
    const AuditExport once({.conninfo = parts.conninfo, .file = file}, parts.authority, latest,
                           parts.log);
    return file.string();
  }
  // Triggers keep everybody but a superuser who sets them aside from changing the log.
  void forge(const std::string& sql) const {
    auto superuser = store::TestCluster::open(parts.conninfo, "postgres");
    const auto done = superuser.script("SET session_replication_role = replica; " + sql);
    ASSERT_TRUE(done) << done.error().message;
  }
  void something_happens() {
    ASSERT_TRUE(transact(parts.database, Scope::platform(), [](Transaction& tx) -> Outcome<void> {
      tx.audit(AuditEntry::of_system(io::wall_now(), "test").about("test", "test", "", ""));
      return {};
    }));
  }
  std::string verdict() const {
    const TestStdout out;
    const TestStderr err;
    return run_audit_verify(options) == 0 ? out.text() : err.text();
  }

  ServerParts parts{store::TestCluster::get().fresh_database()};
  AuditVerifyOptions options;
};

TEST_F(AuditVerifyTest, ALogThatFitsItsHeadsIsWhole) {
  options.heads = {exported("first")};
  something_happens();
  options.heads.push_back(exported("second"));
  EXPECT_THAT(verdict(), AllOf(HasSubstr("is whole"), HasSubstr("2 exported heads fit")));
}

TEST_F(AuditVerifyTest, WithoutAHeadItSaysWhatThatProves) {
  EXPECT_THAT(verdict(), HasSubstr("give --heads FILE"));
}

TEST_F(AuditVerifyTest, AChangedEntryIsFoundWithoutAnyHead) {
  something_happens();
  forge("UPDATE audit_log SET actor_name = 'nobody' WHERE seq = 1");
  EXPECT_THAT(verdict(), HasSubstr("the first broken link is entry 1"));
}

TEST_F(AuditVerifyTest, AChainThatWasWrittenAnewIsFoundByAHead) {
  something_happens();
  options.heads = {exported("heads")};
  forge(
      "UPDATE audit_log e SET actor_name = 'nobody' WHERE seq = 1; "
      "DO $$ DECLARE e audit_log; before bytea := decode(repeat('00', 32), 'hex'); BEGIN "
      "FOR e IN SELECT * FROM audit_log ORDER BY seq LOOP e.previous_hash := before; "
      "before := rap_audit_hash(e); UPDATE audit_log SET previous_hash = e.previous_hash, "
      "hash = before WHERE seq = e.seq; END LOOP; UPDATE audit_head SET hash = before; END $$");
  EXPECT_THAT(verdict(), HasSubstr("the chain was written anew"));
  options.heads.clear();
  EXPECT_THAT(verdict(), HasSubstr("is whole")) << "nothing inside the database tells";
}

TEST_F(AuditVerifyTest, ACutOffEndIsFoundByAHead) {
  something_happens();
  options.heads = {exported("heads")};
  forge(
      "DELETE FROM audit_log WHERE seq = (SELECT max(seq) FROM audit_log); "
      "UPDATE audit_head h SET (seq, hash) = (SELECT e.seq, e.hash FROM audit_log e "
      "ORDER BY e.seq DESC LIMIT 1)");
  EXPECT_THAT(verdict(), HasSubstr("entries are missing"));
}

TEST_F(AuditVerifyTest, AHeadOfAnotherClusterProvesNothing) {
  ServerParts other(store::TestCluster::get().fresh_database());
  other.bootstrap();
  const auto file = other.live.folder / "heads";
  LatestAuditHead latest;
  {
    const AuditExport once({.conninfo = other.conninfo, .file = file}, other.authority, latest,
                           other.log);
  }
  options.heads = {file.string()};
  EXPECT_THAT(verdict(), HasSubstr("line 1: this is no head that this cluster signed"));
}

TEST_F(AuditVerifyTest, LinesThatSyslogWroteAreReadToo) {
  const auto head = io::read_file(exported("heads"));
  ASSERT_TRUE(head);
  const auto file = parts.live.folder / "syslog";
  ASSERT_TRUE(io::write_file_atomic(file, "\nNov 28 12:00:00 control-1 rap-control[1]: " + *head));
  options.heads = {file.string()};
  EXPECT_THAT(verdict(), HasSubstr("1 exported heads fit"));
}

}  // namespace
}  // namespace rap::control::server
