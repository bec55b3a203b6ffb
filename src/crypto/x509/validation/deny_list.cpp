#include "crypto/x509/validation/deny_list.hpp"

#include <algorithm>

#include "base/encoding.hpp"

namespace rap::crypto {
namespace {

// The number itself; nullopt for what is no positive one.
std::optional<Bytes> serial_of(const std::string& hex) {
  auto bytes = from_hex(hex.size() % 2 == 0 ? hex : "0" + hex);
  if (!bytes) return std::nullopt;
  const auto first = std::ranges::find_if(*bytes, [](std::uint8_t b) { return b != 0; });
  if (first == bytes->end()) return std::nullopt;
  return Bytes(first, bytes->end());
}

template <class Table>
void settle(Table& table) {
  // The worse severity first, so that it is the one that stays.
  std::ranges::sort(table, [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first < b.first : a.second > b.second;
  });
  const auto rest = std::ranges::unique(table, {}, [](const auto& e) { return e.first; });
  table.erase(rest.begin(), rest.end());
}

template <class Table, class Key>
std::optional<wire::Severity> look_up(const Table& table, const Key& key) {
  const auto at = std::ranges::lower_bound(table, key, {},
                                           [](const auto& e) -> const auto& { return e.first; });
  if (at == table.end() || at->first != key) return std::nullopt;
  return at->second;
}

}  // namespace

std::optional<DenyList> DenyList::make(const std::vector<DenyEntry>& entries) {
  if (entries.size() > kMaxEntries) return std::nullopt;
  DenyList out;
  for (const DenyEntry& entry : entries) {
    switch (entry.kind) {
      case DenyEntry::Kind::node:
        if (entry.node.is_nil()) return std::nullopt;
        out.nodes_.emplace_back(entry.node, entry.severity);
        break;
      case DenyEntry::Kind::certificate: {
        auto serial = serial_of(entry.serial);
        if (!serial || entry.issuer == Sha256{}) return std::nullopt;
        out.certificates_.emplace_back(Serial{entry.issuer, std::move(*serial)}, entry.severity);
        break;
      }
      case DenyEntry::Kind::key:
        if (entry.key == Sha256{}) return std::nullopt;
        out.keys_.emplace_back(entry.key, entry.severity);
        break;
    }
  }
  settle(out.nodes_);
  settle(out.certificates_);
  settle(out.keys_);
  return out;
}

std::optional<wire::Severity> DenyList::node(const NodeId& node) const {
  return look_up(nodes_, node);
}

std::optional<wire::Severity> DenyList::certificate(const Sha256& issuer,
                                                    const std::string& serial_hex) const {
  auto serial = serial_of(serial_hex);
  if (!serial) return std::nullopt;
  return look_up(certificates_, Serial{issuer, std::move(*serial)});
}

std::optional<wire::Severity> DenyList::key(const Sha256& key) const { return look_up(keys_, key); }

std::optional<wire::Severity> denied(const DenyList& deny, const std::vector<Certificate>& path) {
  if (deny.empty()) return std::nullopt;
  std::optional<wire::Severity> worst;  // nullopt is less than any severity
  for (const Certificate& certificate : path) {
    worst = std::max({worst, deny.certificate(certificate.issuer_hash(), certificate.serial_hex()),
                      deny.key(certificate.key_hash())});
  }
  return worst;
}

std::optional<wire::Severity> denied(const DenyList& deny, const Certificate& leaf,
                                     const std::vector<Certificate>& path,
                                     const wire::SpiffeId& identity) {
  std::optional<wire::Severity> worst = std::max(denied(deny, path), denied(deny, {leaf}));
  if (identity.kind == wire::SpiffeId::Kind::node) {
    worst = std::max(worst, deny.node(identity.node()));
  }
  return worst;
}

}  // namespace rap::crypto
