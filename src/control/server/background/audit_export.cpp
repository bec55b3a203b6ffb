#include "control/server/background/audit_export.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>

#include "base/encoding.hpp"
#include "base/try.hpp"
#include "control/keys/host_database.hpp"
#include "control/keys/state_directory.hpp"
#include "control/store/database.hpp"
#include "io/system/system.hpp"

namespace rap::control::server {
namespace {

constexpr int kLogAudit = 13;  // RFC 5424 table 1
constexpr int kNotice = 5;
constexpr mode_t kPublicFile = 0644;  // it holds hashes, and is to be copied

std::string reason() { return std::strerror(errno); }

Result<void> append(const std::filesystem::path& path, const std::string& line) {
  const int fd =
      ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, kPublicFile);
  if (fd < 0) return std::unexpected(path.string() + ": " + reason());
  const std::string whole = line + "\n";
  const ssize_t written = ::write(fd, whole.data(), whole.size());
  Result<void> done;
  if (written != static_cast<ssize_t>(whole.size())) {
    done = std::unexpected(path.string() + ": " + (written < 0 ? reason() : "it is cut short"));
  } else if (::fsync(fd) != 0) {
    done = std::unexpected(path.string() + ": " + reason());
  }
  ::close(fd);
  return done;
}

Result<void> tell_syslog(const std::string& path, const std::string& line) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) return std::unexpected(path + " is too long");
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return std::unexpected(reason());
  const ssize_t sent = ::sendto(fd, line.data(), line.size(), MSG_NOSIGNAL,
                                reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  Result<void> done;
  if (sent < 0) done = std::unexpected(path + ": " + reason());
  ::close(fd);
  return done;
}

std::string host_for_syslog() {
  const std::string host = host_name();
  return host.empty() ? "-" : host;
}

// The newest entry; nullopt before there is one.
Result<std::optional<snapshot::AuditHead>> read_head(const std::string& conninfo) {
  auto connection = store::Connection::open(conninfo, std::string(store::kAppRole));
  if (!connection) return std::unexpected(connection.error().message);
  if (auto ok = connection->script("SELECT set_config('rap.scope', 'platform', false)"); !ok) {
    return std::unexpected(ok.error().message);
  }
  const auto rows =
      connection->query("SELECT seq, hash FROM audit_log ORDER BY seq DESC LIMIT 1", {});
  if (!rows) return std::unexpected(rows.error().message);
  if (rows->empty()) return std::nullopt;
  snapshot::AuditHead head;
  head.seq = (*rows)[0].count(0);
  head.hash = (*rows)[0].bytes32(1);
  return head;
}

}  // namespace

std::string syslog_line(const snapshot::AuditHead& head, const std::string& sealed,
                        const std::string& host, int pid) {
  const std::time_t at = to_unix(head.at);
  std::tm utc{};
  ::gmtime_r(&at, &utc);
  std::array<char, 32> when{};
  std::strftime(when.data(), when.size(), "%Y-%m-%dT%H:%M:%SZ", &utc);
  // 32473 is the number for examples (RFC 5612): nobody has registered these names.
  return "<" + std::to_string(kLogAudit * 8 + kNotice) + ">1 " + when.data() + " " + host +
         " rap-control " + std::to_string(pid) + " AUDITHEAD [auditHead@32473 seq=\"" +
         std::to_string(head.seq) + "\" hash=\"" + to_hex(head.hash) + "\"] " + sealed;
}

AuditExport::AuditExport(AuditExportOptions options, const control::CurrentAuthority& authority,
                         LatestAuditHead& latest, Log& log)
    : options_(std::move(options)),
      authority_(authority),
      latest_(latest),
      log_(log),
      thread_([this] { run(); }) {}

AuditExport::~AuditExport() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stop_.notify_one();
  thread_.join();
  export_head();
}

void AuditExport::run() {
  std::unique_lock lock(mutex_);
  do {
    lock.unlock();
    export_head();
    lock.lock();
  } while (!stop_.wait_for(lock, options_.every, [this] { return stopping_; }));
}

void AuditExport::complain(const char* what, const std::string& reason) {
  if (said_ != reason) log_.error(what, {{"reason", reason}});
  said_ = reason;
}

void AuditExport::export_head() {
  auto head = read_head(options_.conninfo);
  if (!head) return;  // the database is away, which others say
  if (!*head || (*head)->seq == exported_) return;
  const auto authority = authority_.get();
  (*head)->cluster = authority->cluster;
  (*head)->at = io::wall_now();
  const std::string sealed =
      snapshot::seal_audit_head(**head, authority->config_key.kid, authority->config_key.key);
  latest_.set({(*head)->seq, sealed});
  if (const auto done = append(options_.file, sealed); !done) {
    complain("audit.export_failed", done.error());
    return;
  }
  if (!options_.syslog.empty()) {
    const auto told =
        tell_syslog(options_.syslog, syslog_line(**head, sealed, host_for_syslog(), ::getpid()));
    if (!told) {
      complain("audit.syslog_failed", told.error());
      return;
    }
  }
  exported_ = (*head)->seq;
  said_.clear();
}

}  // namespace rap::control::server
