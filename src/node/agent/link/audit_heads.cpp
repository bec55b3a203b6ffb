#include "node/agent/link/audit_heads.hpp"

#include <sstream>

namespace rap::agent {

AuditHeads::AuditHeads(const ConfigScope& scope, NodeFiles& files)
    : keys_(scope.keys), cluster_(scope.cluster), files_(files) {
  const auto stored = files_.read(kAuditHeadsFile);
  if (!stored || !*stored) return;
  std::istringstream in(**stored);
  for (std::string line; std::getline(in, line);) {
    const auto head = snapshot::open_audit_head(line, keys_);
    if (!head) continue;  // half a line, or of a key that is not in force any more
    newest_ = head->seq;
    kept_at_ = head->at;
    lines_.push_back(std::move(line));
  }
}

LinkActions AuditHeads::complain(std::string text) {
  if (said_ == text) return {};
  said_ = text;
  return {Say{LogLevel::warn, "audit.head_refused", std::move(text)}};
}

LinkActions AuditHeads::take(std::string_view envelope) {
  const auto head = snapshot::open_audit_head(envelope, keys_);
  if (!head || head->cluster != cluster_) {
    return complain("A head of the audit log is not signed by this cluster.");
  }
  if (head->seq == newest_) return {};
  if (head->seq < newest_) {
    // What is kept stays: it is what the shorter chain will not fit.
    return complain(
        "The audit log has fewer entries than before: it was restored from a backup, "
        "or cut off. Compare " +
        std::string(kAuditHeadsFile) + " with 'rap-control audit verify'.");
  }
  newest_ = head->seq;
  if (!lines_.empty() && head->at < kept_at_ + kAuditHeadEvery) return {};
  lines_.emplace_back(envelope);
  if (lines_.size() > kMaxAuditHeads) lines_.erase(lines_.begin());
  kept_at_ = head->at;
  std::string text;
  for (const std::string& line : lines_) text += line + "\n";
  if (const auto written = files_.write({std::string(kAuditHeadsFile), text}); !written) {
    return complain("A head of the audit log cannot be kept: " + written.error());
  }
  said_.clear();
  return {};
}

}  // namespace rap::agent
