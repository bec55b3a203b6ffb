// Heads of the control plane's audit chain, kept by the node (SE-2): as many places as there are
// nodes hold what the database's superuser cannot take back. Each is verified with the keys that
// sign the node's configuration, and kept once an hour, for as long as the file has room.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "node/agent/configuration/config_gate.hpp"
#include "node/agent/link/calls/link_actions.hpp"
#include "node/agent/node_files.hpp"
#include "snapshot/audit_head.hpp"

namespace rap::agent {

inline constexpr std::string_view kAuditHeadsFile = "config/audit-heads.jsonl";
inline constexpr std::chrono::seconds kAuditHeadEvery = std::chrono::hours{1};
inline constexpr std::size_t kMaxAuditHeads = 744;  // a month of hours; the oldest goes

class AuditHeads {
 public:
  AuditHeads(const ConfigScope& scope, NodeFiles& files);

  // What a check-in was answered with; it is kept, or the reason why not is said once.
  LinkActions take(std::string_view envelope);
  std::uint64_t newest() const { return newest_; }  // entry; what came last, kept or not

 private:
  LinkActions complain(std::string text);

  const std::vector<crypto::VerificationKey> keys_;
  const ClusterId cluster_;
  NodeFiles& files_;
  std::vector<std::string> lines_;  // oldest first
  std::uint64_t newest_ = 0;
  WallTime kept_at_{};  // when the newest kept one was signed
  std::string said_;
};

}  // namespace rap::agent
