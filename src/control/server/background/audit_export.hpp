// Takes the audit chain's signed heads out of the database, on a thread of its own: into a file
// that grows, and to the host's syslog. Whoever moves them to where the database's superuser cannot
// write has the chain's anchor (docs/operations/audit.md).
#pragma once

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/log/log.hpp"
#include "control/pki/authority.hpp"
#include "snapshot/audit_head.hpp"

namespace rap::control::server {

inline constexpr std::size_t kMaxSyslogBytes = 2048;  // RFC 5424 §6.1: receivers take so many

struct AuditExportOptions {
  std::string conninfo;
  std::filesystem::path file;
  std::string syslog = {};  // the socket of the host's syslog; empty: none
  std::chrono::seconds every{60};  // when there is something new
};

// The newest head, for whoever hands it on.
class LatestAuditHead {
 public:
  std::shared_ptr<const snapshot::SealedAuditHead> get() const {
    std::lock_guard lock(mutex_);
    return head_;
  }
  void set(snapshot::SealedAuditHead head) {
    std::lock_guard lock(mutex_);
    head_ = std::make_shared<const snapshot::SealedAuditHead>(std::move(head));
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const snapshot::SealedAuditHead> head_;
};

class AuditExport {
 public:
  // What the ports refer to must outlive it.
  AuditExport(AuditExportOptions options, const control::CurrentAuthority& authority,
              LatestAuditHead& latest, Log& log);
  ~AuditExport();  // exports once more
  AuditExport(const AuditExport&) = delete;
  AuditExport& operator=(const AuditExport&) = delete;

 private:
  void run();
  void export_head();
  void complain(const char* what, const std::string& reason);

  const AuditExportOptions options_;
  const control::CurrentAuthority& authority_;
  LatestAuditHead& latest_;
  Log& log_;
  std::uint64_t exported_ = 0;
  std::string said_;  // the last complaint, which is not repeated
  std::mutex mutex_;
  std::condition_variable stop_;
  bool stopping_ = false;
  std::thread thread_;
};

// The line of RFC 5424 that says so: facility "log audit", severity "notice".
std::string syslog_line(const snapshot::AuditHead& head, const std::string& sealed,
                        const std::string& host, int pid);

}  // namespace rap::control::server
