#include "control/link/listener/adoption.hpp"

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "control/core/cluster.hpp"
#include "control/core/history_loss.hpp"
#include "control/pki/certificate_inventory.hpp"
#include "crypto/x509/validation/certificate_path.hpp"

namespace rap::control {
namespace {

// The leaf with its issuer, when that is an intermediate of ours, and under which root it is.
std::optional<std::pair<std::vector<crypto::Certificate>, std::string>> issued_by_us(
    const Authority& authority, const crypto::Certificate& leaf, WallTime now) {
  const auto made_by = [&](const crypto::Certificate& intermediate) {
    const auto path =
        crypto::verify_path(leaf, {intermediate}, authority.roots, crypto::PeerSide::client, now);
    return path && path->size() > 2 && (*path)[1].fingerprint() == intermediate.fingerprint();
  };
  const crypto::Certificate& current = authority.intermediate.certificate;
  if (made_by(current)) return std::pair{std::vector{leaf, current}, authority.ca_ref()};
  if (authority.former && made_by(authority.former->intermediate.certificate)) {
    return std::pair{std::vector{leaf, authority.former->intermediate.certificate},
                     authority.former->ca_ref};
  }
  return std::nullopt;
}

AuditEntry entry_of(const Node& node, const wire::HttpRequest& request, WallTime now) {
  AuditEntry entry;
  entry.at = now;
  entry.actor_kind = "node";
  entry.actor_id = node.id.str();
  entry.actor_name = node.name;
  entry.source_ip = request.peer_ip;
  return entry;
}

}  // namespace

bool adopt_certificate(const NodeCallPorts& ports, Transaction& tx, const Node& node,
                       const wire::HttpRequest& request, WallTime now) {
  if (node.state != NodeState::approved) return false;
  const auto leaf = crypto::Certificate::from_der(as_bytes(request.peer_certificate_der));
  if (!leaf || leaf->serial_hex() != request.peer_certificate_serial) return false;
  const auto issued = issued_by_us(*ports.authority.get(), *leaf, now);
  if (!issued || !tx.certificates().find(leaf->serial_hex()).empty()) return false;
  const NodeCertificate entry =
      inventory_entry(node.id, CertificateKind::node, issued->first, issued->second);
  if (tx.certificates().is_listed_as_revoked(entry)) return false;
  const auto history = tx.cluster().lock_history();
  if (!history) return false;
  // What this history has issued is in it; so this is from another one, which is over.
  const AuditEntry by = entry_of(node, request, now);
  if (leaf->not_before() + kCertificateBackdate >= history->began) {
    begin_history(tx, by, HistoryLoss::unknown_certificate, 0, now);
  }
  tx.certificates().add(entry);
  tx.audit(by.about("certificate.adopted", "certificate", entry.serial, node.name)
               .with({{"fingerprint", entry.fingerprint},
                      {"ca_ref", entry.ca_ref},
                      {"not_before", to_unix(entry.not_before)},
                      {"not_after", to_unix(entry.not_after)}}));
  ports.log.warn("certificate.adopted",
                 {{"node", node.name},
                  {"serial", entry.serial},
                  {"detail",
                   "It was issued by us and is not in the inventory: the database went "
                   "back. Revoke it if it should be out."}});
  return true;
}

}  // namespace rap::control
