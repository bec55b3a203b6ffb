// A node renews its certificate with a new key (PK-7); the old one goes on beside it until it
// expires, so that nothing has to happen at one moment.
#include "control/renewal.hpp"

#include <algorithm>

#include "base/encoding.hpp"
#include "control/csr_policy.hpp"
#include "control/json_reply.hpp"

namespace rap::control {
namespace {

constexpr std::size_t kMaxUsableCertificates = 16;  // of one node

bool is_usable(const NodeCertificate& c) { return c.status == "active" || c.status == "retiring"; }

Outcome<NodeCertificate> issue(Services& s, Transaction& tx, const Call& call,
                               const crypto::CertificateRequest& request,
                               const crypto::SubjectNames& names) {
  const auto authority = s.authority.get();
  const std::string key = to_hex(request.key.spki_sha256());
  std::size_t usable = 0;
  for (NodeCertificate& c : tx.certificates().list_of_node(call.node->id)) {
    // The answer to the same request may have been lost.
    if (c.key_sha256 == key && c.ca_ref == authority->ca_ref() && c.status == "active" &&
        c.serial != call.request.peer_certificate_serial) {
      return std::move(c);
    }
    if (c.key_sha256 == key) {
      return refuse(ProblemCode::csr_malformed,
                    "A renewal needs a new key; this one was certified before.");
    }
    usable += is_usable(c) ? 1 : 0;
  }
  if (usable >= kMaxUsableCertificates) {
    return refuse(ProblemCode::too_many_attempts,
                  "This node has " + std::to_string(usable) +
                      " certificates that are still good; it gets another when one expires.");
  }
  const crypto::Certificate leaf =
      crypto::issue_leaf(authority->intermediate, request.key, names,
                         validity_from(call.now, kNodeCertificateLifetime), s.rng);
  NodeCertificate issued = inventory_entry(
      call.node->id, {leaf, authority->intermediate.certificate}, authority->ca_ref());
  tx.certificates().add(issued);
  tx.certificates().retire_others(call.node->id, issued.serial);
  AuditEntry entry;
  entry.at = call.now;
  entry.actor_kind = "node";
  entry.actor_id = call.node->id.str();
  entry.actor_name = call.node->name;
  entry.action = "certificate.renewed";
  entry.target_kind = "certificate";
  entry.target_id = issued.serial;
  entry.target_name = call.node->name;
  entry.source_ip = call.request.peer_ip;
  entry.detail = Json{{"ca_ref", issued.ca_ref}, {"fingerprint", issued.fingerprint}}.dump();
  tx.audit(std::move(entry));
  return issued;
}

}  // namespace

Outcome<Reply> renew_certificate(Services& s, const Call& call) {
  const auto names = node_names(s.authority->cluster, call.node->id,
                                {call.node->data_plane_advertise, call.node->fabric_advertise});
  const auto request = accept_request(call.text("csr"), names);
  if (!request) return std::unexpected(request.error());
  return transact(s.database, Scope::platform(), [&](Transaction& tx) -> Outcome<Reply> {
    const auto issued = issue(s, tx, call, *request, names);
    if (!issued) return std::unexpected(issued.error());
    return reply({{"certificate_chain", issued->pem}});
  });
}

}  // namespace rap::control
