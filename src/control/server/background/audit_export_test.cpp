// The signed heads of the audit log on their way out of the database.
#include "control/server/background/audit_export.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>

#include "control/server/test_server.hpp"
#include "io/system/file.hpp"

namespace rap::control::server {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

// The socket that a host's syslog listens at.
class Syslog {
 public:
  explicit Syslog(const fs::path& path) : fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
    EXPECT_EQ(::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  }
  ~Syslog() { ::close(fd_); }
  Syslog(const Syslog&) = delete;
  Syslog& operator=(const Syslog&) = delete;

  // The next line that is there; empty when there is none.
  std::string line() const {
    std::string text(2 * kMaxSyslogBytes, '\0');
    const ssize_t length = ::recv(fd_, text.data(), text.size(), MSG_DONTWAIT);
    text.resize(static_cast<std::size_t>(std::max<ssize_t>(length, 0)));
    return text;
  }

 private:
  int fd_;
};

struct AuditExportTest : testing::Test {
  AuditExportTest() { parts.bootstrap(); }

  void something_is_audited() {
    ASSERT_TRUE(transact(parts.database, Scope::platform(), [](Transaction& tx) -> Outcome<void> {
      tx.audit(AuditEntry::of_system(io::wall_now(), "test").about("test", "test", "", ""));
      return {};
    }));
  }
  // An export that looks when it begins and when it ends.
  void export_once() { const AuditExport once(options, parts.authority, latest, parts.log); }
  // What the file has, as who verifies it reads it.
  std::vector<snapshot::AuditHead> heads() const {
    std::vector<snapshot::AuditHead> out;
    const auto authority = parts.authority.get();
    std::istringstream lines(io::read_file(options.file).value_or(""));
    for (std::string line; std::getline(lines, line);) {
      const auto head = snapshot::open_audit_head(
          line, {{authority->config_key.kid, authority->config_key.key.public_key()}});
      EXPECT_TRUE(head) << line;
      if (head) out.push_back(*head);
    }
    return out;
  }
  std::uint64_t latest_seq() const {
    const auto head = latest.get();
    return head ? head->seq : 0;
  }
  // The first that is newer, once it is handed on; the same when none comes.
  std::uint64_t next_head(std::uint64_t than) const {
    const auto deadline = std::chrono::steady_clock::now() + io::kPatience;
    while (latest_seq() <= than && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(1ms);
    }
    return latest_seq();
  }

  ServerParts parts{store::TestCluster::get().fresh_database()};
  LatestAuditHead latest;
  AuditExportOptions options{
      .conninfo = parts.conninfo, .file = parts.live.folder / "heads", .every = 1h};
};

TEST_F(AuditExportTest, WritesTheNewestHeadSignedAndHandsItOn) {
  export_once();
  const auto written = heads();
  ASSERT_EQ(written.size(), 1U);
  EXPECT_EQ(written[0].cluster, parts.authority.get()->cluster);
  EXPECT_GT(written[0].seq, 0U);
  EXPECT_EQ(written[0].seq, latest_seq());
}

TEST_F(AuditExportTest, WritesAHeadOnce) {
  options.every = 1s;
  {
    const AuditExport exporting(options, parts.authority, latest, parts.log);
    const std::uint64_t first = next_head(0);
    something_is_audited();
    EXPECT_GT(next_head(first), first) << "it looked again and again until then";
  }
  EXPECT_EQ(heads().size(), 2U);
}

TEST_F(AuditExportTest, AddsAHeadWhenTheLogHasGrown) {
  {
    const AuditExport exporting(options, parts.authority, latest, parts.log);
    EXPECT_GT(next_head(0), 0U);
    something_is_audited();
  }
  const auto written = heads();
  ASSERT_EQ(written.size(), 2U) << "one when it began and one when it ended";
  EXPECT_LT(written[0].seq, written[1].seq);
  EXPECT_EQ(written[1].seq, latest_seq());
}

TEST_F(AuditExportTest, ComplainsOnceOfAFileThatItCannotWrite) {
  fs::create_directory(options.file);
  options.every = 1s;
  {
    const AuditExport exporting(options, parts.authority, latest, parts.log);
    ASSERT_TRUE(parts.log.wait_for("audit.export_failed"));
    const std::uint64_t before = latest_seq();
    something_is_audited();
    EXPECT_GT(next_head(before), before) << "and cannot write that one either";
  }
  EXPECT_EQ(parts.log.count("audit.export_failed"), 1);
  EXPECT_GT(latest_seq(), 0U) << "who asks the server is told all the same";
}

TEST_F(AuditExportTest, FollowsNoLink) {
  const auto target = parts.live.folder / "target";
  fs::create_symlink(target, options.file);
  export_once();
  EXPECT_EQ(parts.log.count("audit.export_failed"), 1);
  EXPECT_FALSE(fs::exists(target));
}

TEST_F(AuditExportTest, TellsTheHostsSyslogOfEachHead) {
  options.syslog = (parts.live.folder / "syslog").string();
  const Syslog syslog(options.syslog);
  export_once();
  const std::string line = syslog.line();
  EXPECT_TRUE(line.starts_with("<109>1 ")) << line;
  EXPECT_NE(line.find("seq=\"" + std::to_string(latest_seq()) + "\""), line.npos) << line;
  EXPECT_LE(line.size(), kMaxSyslogBytes);
  EXPECT_EQ(syslog.line(), "");
}

TEST_F(AuditExportTest, TellsASyslogThatWasNotThereOnceItIs) {
  options.syslog = (parts.live.folder / "syslog").string();
  std::optional<Syslog> syslog;
  {
    const AuditExport exporting(options, parts.authority, latest, parts.log);
    ASSERT_TRUE(parts.log.wait_for("audit.syslog_failed"));
    EXPECT_EQ(heads().size(), 1U) << "the file has it";
    syslog.emplace(options.syslog);
  }
  EXPECT_NE(syslog->line(), "");
}

TEST_F(AuditExportTest, LeavesItToOthersToSayThatTheDatabaseIsAway) {
  options.conninfo = "host='" + (parts.live.folder / "nowhere").string() + "' dbname=rap";
  export_once();
  EXPECT_EQ(latest.get(), nullptr);
  EXPECT_FALSE(fs::exists(options.file));
  EXPECT_EQ(parts.log.count("audit"), 0);
}

TEST(AuditHeads, AreALineOfRfc5424ForSyslog) {
  snapshot::AuditHead head;
  head.seq = 7;
  head.at = from_unix(1'800'000'000);
  EXPECT_EQ(syslog_line(head, "{sealed}", "control-1", 42),
            "<109>1 2027-01-15T08:00:00Z control-1 rap-control 42 AUDITHEAD [auditHead@32473 "
            "seq=\"7\" hash=\"" +
                std::string(64, '0') + "\"] {sealed}");
}

}  // namespace
}  // namespace rap::control::server
