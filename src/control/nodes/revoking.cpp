#include "control/nodes/revoking.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/try.hpp"
#include "control/nodes/told_of_hosts.hpp"
#include "control/pki/own_certificate.hpp"
#include "control/sessions/ending.hpp"

namespace rap::control {
namespace {

using snapshot::Revocation;
using snapshot::RevocationKind;
using wire::Severity;

// Nodes refuse a longer list, and a shorter one would have a hole.
Outcome<void> add(Transaction& tx, const std::vector<RevocationEntry>& entries, WallTime now) {
  if (tx.certificates().count_revocations(now) + entries.size() > snapshot::kMaxRevocations) {
    return refuse(ProblemCode::too_many_revocations,
                  "The list of revocations is full; it empties itself as certificates expire. "
                  "Disable the node instead, or rotate the platform's trust.");
  }
  for (const RevocationEntry& entry : entries) tx.certificates().add_revocation(entry);
  return {};
}

std::optional<Revocation> of_certificate(const NodeCertificate& c, wire::Severity severity) {
  const auto issuer = digest_of(c.issuer_sha256);
  if (!issuer) return std::nullopt;  // issued before issuers were kept; its node is denied by id
  return Revocation{.kind = RevocationKind::certificate,
                    .issuer = *issuer,
                    .serial = c.serial,
                    .severity = severity};
}

std::optional<Revocation> of_key(const NodeCertificate& c, wire::Severity severity) {
  const auto key = digest_of(c.key_sha256);
  if (!key) return std::nullopt;
  return Revocation{.kind = RevocationKind::key, .key = *key, .severity = severity};
}

}  // namespace

wire::Severity severity_of(const Call& call) {
  return wire::severity_from(call.text("severity")).value_or(wire::Severity::close);
}

Outcome<void> revoke_node(RandomSource& rng, Transaction& tx, const Call& call, const Node& node,
                          wire::Severity severity) {
  const auto certificates = tx.certificates().list_of_node(node.id);
  WallTime last_end = call.now;
  std::vector<RevocationEntry> entries;
  std::set<std::string> keys;
  for (const NodeCertificate& c : certificates) {
    last_end = std::max(last_end, c.not_after);
    if (c.not_after <= call.now) continue;
    if (const auto r = of_certificate(c, severity)) {
      entries.push_back({*r, node.id, call.now, c.not_after});
    }
    if (!keys.insert(c.key_sha256).second) continue;
    if (const auto r = of_key(c, severity)) {
      entries.push_back({*r, node.id, call.now, c.not_after});
    }
  }
  if (last_end > call.now) {
    entries.push_back({{.node = node.id, .severity = severity}, node.id, call.now, last_end});
  }
  if (auto ok = add(tx, entries, call.now); !ok) return ok;
  tx.nodes().set_state(node.id, NodeState::revoked, call.now);
  tx.certificates().revoke(node.id, std::nullopt, call.now);
  end_sessions(rng, tx, call.audit_entry(), {.carried_by = node.id}, "node_revoked");
  AuditEntry entry = call.audit("node.revoked", "node", node.id.str(), node.name);
  entry.detail =
      nlohmann::json{{"severity", to_string(severity)}, {"certificates", certificates.size()}}
          .dump();
  audit_with_organization(tx, std::move(entry), node.organization);
  return {};
}

Outcome<void> supersede_certificates(Transaction& tx, const Call& call, NodeId node) {
  std::vector<RevocationEntry> entries;
  for (const NodeCertificate& c : tx.certificates().list_of_node(node)) {
    if (c.not_after <= call.now) continue;
    if (const auto r = of_certificate(c, wire::Severity::close)) {
      entries.push_back({*r, node, call.now, c.not_after});
    }
  }
  RAP_TRY(add(tx, entries, call.now));
  tx.certificates().revoke(node, std::nullopt, call.now);
  return {};
}

Outcome<void> revoke_certificate(Transaction& tx, const Call& call,
                                 const NodeCertificate& certificate, wire::Severity severity,
                                 bool and_key) {
  const auto by_serial = of_certificate(certificate, severity);
  const auto by_key = of_key(certificate, severity);
  if (!by_serial || !by_key) {
    return refuse(ProblemCode::certificate_unknown,
                  "This certificate is older than the inventory's memory of issuers and keys; "
                  "revoke its node instead.");
  }
  std::vector<RevocationEntry> entries = {
      {*by_serial, certificate.node, call.now, certificate.not_after}};
  if (and_key) {
    WallTime last_end = certificate.not_after;
    for (const NodeCertificate& c : tx.certificates().list_of_node(certificate.node)) {
      if (c.key_sha256 != certificate.key_sha256) continue;
      last_end = std::max(last_end, c.not_after);
      tx.certificates().revoke(c.node, c.serial, call.now);
    }
    entries.push_back({*by_key, certificate.node, call.now, last_end});
  }
  if (auto ok = add(tx, entries, call.now); !ok) return ok;
  tx.certificates().revoke(certificate.node, certificate.serial, call.now);
  const bool own = certificate.kind == CertificateKind::control;
  AuditEntry entry = call.audit("certificate.revoked", "certificate", certificate.serial,
                                own ? std::string(kOwnCertificateName) : certificate.node_name);
  nlohmann::json detail = {{"severity", to_string(severity)},
                           {"key", and_key},
                           {"fingerprint", certificate.fingerprint}};
  if (!own) detail["node"] = certificate.node.str();
  entry.detail = detail.dump();
  tx.audit(std::move(entry));
  return {};
}

}  // namespace rap::control
