// A new certificate needs a new key; the old one goes on beside it until it expires, so that
// nothing has to happen at one moment.
#include "control/pki/renewal.hpp"

#include <algorithm>

#include "base/encoding.hpp"
#include "control/http/json_reply.hpp"
#include "control/pki/csr_policy.hpp"
#include "control/pki/ocsp.hpp"

namespace rap::control {
namespace {

constexpr std::size_t kMaxUsableCertificates = 16;  // of one node

bool is_usable(const NodeCertificate& c) { return c.status == "active" || c.status == "retiring"; }

bool is_entry(Transaction& tx, NodeId id) {
  const auto node = tx.nodes().find(id.str());
  return node && std::ranges::find(node->roles, policy::NodeRole::entry) != node->roles.end();
}

Outcome<NodeCertificate> issue(Services& s, Transaction& tx, const Call& call,
                               const Authority& authority, CertificateKind kind,
                               const crypto::CertificateRequest& request,
                               const crypto::SubjectNames& names) {
  const std::string key = to_hex(request.key.spki_sha256());
  std::size_t usable = 0;
  for (NodeCertificate& c : tx.certificates().list_of_node(call.node->id)) {
    // The answer to the same request may have been lost.
    if (c.key_sha256 == key && c.kind == kind && c.ca_ref == authority.ca_ref() &&
        c.status == "active" && c.serial != call.request.peer_certificate_serial) {
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
  const auto leaf = issue_certificate(s, authority, kind, request.key, names, call.now);
  NodeCertificate issued = inventory_entry(
      call.node->id, kind, {leaf, authority.intermediate.certificate}, authority.ca_ref());
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
  entry.detail =
      Json{
          {"kind", to_string(kind)}, {"ca_ref", issued.ca_ref}, {"fingerprint", issued.fingerprint}}
          .dump();
  tx.audit(std::move(entry));
  return issued;
}

}  // namespace

crypto::Certificate issue_certificate(Services& s, const Authority& authority, CertificateKind kind,
                                      const crypto::PublicKey& key,
                                      const crypto::SubjectNames& names, WallTime now) {
  const bool worker = kind == CertificateKind::worker;
  crypto::LeafProfile profile;
  profile.client = !worker;
  profile.must_staple = s.ocsp != nullptr;
  if (s.ocsp != nullptr) {
    profile.ocsp_url = s.ocsp->url();
    profile.crl_url = crl_url(profile.ocsp_url, authority.ca_ref());
  }
  return crypto::issue_leaf(
      authority.intermediate, key, names,
      validity_from(now, worker ? kWorkerCertificateLifetime : kNodeCertificateLifetime), s.rng,
      profile);
}

std::string first_staple(Services& s, const Authority& authority, const NodeCertificate& good,
                         WallTime now) {
  const auto leaf = crypto::Certificate::from_pem(good.pem);
  if (s.ocsp == nullptr || !leaf || !leaf->must_staple()) return {};
  return to_base64(
      first_ocsp_response(*s.ocsp, *leaf, good.kind, authority, s.settings, s.rng, now));
}

Outcome<Reply> renew_certificate(Services& s, const Call& call) {
  Transaction& tx = *call.tx;
  const auto kind = certificate_kind_from(call.text("kind")).value_or(CertificateKind::node);
  const Node& node = *call.node;
  const bool worker = kind == CertificateKind::worker;
  if (worker && !is_entry(tx, node.id)) {
    return refuse(ProblemCode::role_required,
                  "Only a node in the entry role meets clients, and this one is not in it.");
  }
  const auto authority = s.authority.get();
  const auto names = worker ? worker_names(authority->cluster, node.id, node.data_plane_advertise)
                            : node_names(authority->cluster, node.id,
                                         {node.data_plane_advertise, node.fabric_advertise});
  const auto request = accept_request(call.text("csr"), names);
  if (!request) return std::unexpected(request.error());
  const auto issued = issue(s, tx, call, *authority, kind, *request, names);
  if (!issued) return std::unexpected(issued.error());
  Json body = {{"certificate_chain", issued->pem}};
  if (auto staple = first_staple(s, *authority, *issued, call.now); !staple.empty()) {
    body["ocsp"] = std::move(staple);
  }
  return reply(body);
}

}  // namespace rap::control
