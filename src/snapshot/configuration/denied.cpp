#include "snapshot/configuration/denied.hpp"

namespace rap::snapshot {

std::shared_ptr<const crypto::DenyList> deny_list_of(const NodeConfig& config) {
  using Kind = RevocationKind;
  std::vector<crypto::DenyEntry> entries;
  entries.reserve(config.revocations.size());
  for (const auto& r : config.revocations) {
    crypto::DenyEntry entry;
    switch (r.kind) {
      case Kind::node: entry.kind = crypto::DenyEntry::Kind::node; break;
      case Kind::certificate: entry.kind = crypto::DenyEntry::Kind::certificate; break;
      case Kind::key: entry.kind = crypto::DenyEntry::Kind::key; break;
    }
    entry.node = r.node;
    entry.issuer = r.issuer;
    entry.serial = r.serial;
    entry.key = r.key;
    entry.severity = r.severity;
    entries.push_back(std::move(entry));
  }
  auto list = crypto::DenyList::make(entries);
  if (!list) return nullptr;
  return std::make_shared<const crypto::DenyList>(std::move(*list));
}

}  // namespace rap::snapshot
