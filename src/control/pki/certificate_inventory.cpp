#include "control/pki/certificate_inventory.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/encoding.hpp"

namespace rap::control {

NodeCertificate inventory_entry(NodeId node, CertificateKind kind,
                                const std::vector<crypto::Certificate>& chain, std::string ca_ref) {
  const crypto::Certificate& leaf = chain.front();
  NodeCertificate entry;
  entry.node = node;
  entry.kind = kind;
  entry.serial = leaf.serial_hex();
  entry.fingerprint = leaf.fingerprint_hex();
  entry.ca_ref = std::move(ca_ref);
  entry.not_before = leaf.not_before();
  entry.not_after = leaf.not_after();
  entry.issuer_sha256 = to_hex(leaf.issuer_hash());
  entry.key_sha256 = to_hex(leaf.key_hash());
  entry.pem = crypto::chain_pem(chain);
  return entry;
}

Fields certificate_fields() {
  using namespace field;
  return {uuid("cluster"),
          uuid("node").optional(),  // none: the control plane's own
          field::name("node_name").optional(),
          choice("kind", wire::kCertificateKindNames),
          text("serial"),
          of("fingerprint", FieldType::sha256_hex),
          text("ca_ref"),
          time("not_before"),
          time("not_after"),
          choice("status", kCertificateStatuses),
          time("revoked_at").optional()};
}

nlohmann::json to_json(const NodeCertificate& c) {
  nlohmann::json out = {{"cluster", c.cluster.str()},
                        {"kind", to_string(c.kind)},
                        {"serial", c.serial},
                        {"fingerprint", c.fingerprint},
                        {"ca_ref", c.ca_ref},
                        {"not_before", to_unix(c.not_before)},
                        {"not_after", to_unix(c.not_after)},
                        {"status", c.status}};
  if (!c.node.is_nil()) {
    out["node"] = c.node.str();
    out["node_name"] = c.node_name;
  }
  if (c.revoked_at) out["revoked_at"] = to_unix(*c.revoked_at);
  return out;
}

crypto::RevocationReason revocation_reason(HolderState holder, bool key_revoked) {
  using enum crypto::RevocationReason;
  if (holder == HolderState::revoked) return privilege_withdrawn;
  if (key_revoked) return key_compromise;
  return holder == HolderState::disabled ? certificate_hold : unspecified;
}

std::optional<crypto::Sha256> digest_of(const std::string& hex) {
  const auto bytes = from_hex(hex);
  crypto::Sha256 out{};
  if (!bytes || bytes->size() != out.size()) return std::nullopt;
  std::ranges::copy(*bytes, out.begin());
  return out;
}

}  // namespace rap::control
