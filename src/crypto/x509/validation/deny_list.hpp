// What is no longer believed although its certificate verifies (CH-13): nodes, certificates, keys.
// A certificate is named by its issuer and serial, never by its fingerprint, which anyone can
// change by turning an ECDSA signature into its twin. Immutable: a new list is a new value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ids.hpp"
#include "crypto/x509/certificate.hpp"
#include "wire/severity.hpp"
#include "wire/spiffe_id.hpp"

namespace rap::crypto {

struct DenyEntry {
  enum class Kind : std::uint8_t { node, certificate, key };
  Kind kind = Kind::node;
  NodeId node{};  // the denied node
  Sha256 issuer{};  // a denied certificate's Certificate::issuer_hash()
  std::string serial{};  // its serial: hex, either case, leading zeros do not count
  Sha256 key{};  // a denied key's Certificate::key_hash()
  wire::Severity severity = wire::Severity::close;
};

class DenyList {
 public:
  static constexpr std::size_t kMaxEntries = 4096;

  DenyList() = default;  // denies nothing
  // nullopt when there are too many entries, or one that names nothing: no list is better than one
  // with a hole.
  static std::optional<DenyList> make(const std::vector<DenyEntry>& entries);

  bool empty() const { return nodes_.empty() && certificates_.empty() && keys_.empty(); }
  std::size_t size() const { return nodes_.size() + certificates_.size() + keys_.size(); }

  std::optional<wire::Severity> node(const NodeId& node) const;
  std::optional<wire::Severity> certificate(const Sha256& issuer,
                                            const std::string& serial_hex) const;
  std::optional<wire::Severity> key(const Sha256& key) const;

 private:
  using Serial = std::pair<Sha256, Bytes>;  // the issuer, and the number without leading zeros
  template <class Key>
  using Table = std::vector<std::pair<Key, wire::Severity>>;  // sorted by key, each once

  Table<NodeId> nodes_;
  Table<Serial> certificates_;
  Table<Sha256> keys_;
};

// The worst that `deny` says of a verified path: of the leaf's identity, and of any certificate in
// it by issuer and serial or by key. `path` may hold the leaf too. Costs two hashes a certificate
// and no signature.
std::optional<wire::Severity> denied(const DenyList& deny, const Certificate& leaf,
                                     const std::vector<Certificate>& path,
                                     const wire::SpiffeId& identity);
// The same of a path without an identity of ours.
std::optional<wire::Severity> denied(const DenyList& deny, const std::vector<Certificate>& path);

}  // namespace rap::crypto
