// A node renews its certificate, or gets one for its clients.
#include "base/encoding.hpp"
#include "base/try.hpp"
#include "control/http/json_reply.hpp"
#include "control/link/node_calls.hpp"
#include "control/nodes/certificate_hosts.hpp"
#include "control/nodes/node.hpp"
#include "control/pki/certificate_inventory.hpp"
#include "control/pki/csr_policy.hpp"
#include "control/pki/issuing.hpp"
#include "snapshot/certificate_names.hpp"

namespace rap::control {
namespace {

constexpr std::size_t kMaxUsableCertificates = 16;  // of one node

bool is_entry(Transaction& tx, NodeId id) {
  const auto node = tx.nodes().find(id.str());
  return node && node->has_role(policy::NodeRole::entry);
}

Outcome<NodeCertificate> issue(const NodeCallPorts& ports, Transaction& tx, const NodeCall& call,
                               const Authority& authority, CertificateKind kind,
                               const crypto::CertificateRequest& request,
                               const crypto::SubjectNames& names) {
  const std::string key = to_hex(request.key.spki_sha256());
  std::size_t usable = 0;
  for (NodeCertificate& c : tx.certificates().list_of_node(call.node.id)) {
    // The answer to the same request may have been lost.
    if (c.key_sha256 == key && c.kind == kind && c.ca_ref == authority.ca_ref() &&
        c.status == "active" && c.serial != call.request.peer_certificate_serial) {
      return std::move(c);
    }
    if (c.key_sha256 == key) {
      return refuse(ProblemCode::csr_malformed,
                    "A renewal needs a new key; this one was certified before.");
    }
    usable += c.is_usable() ? 1 : 0;
  }
  if (usable >= kMaxUsableCertificates) {
    return refuse(ProblemCode::too_many_attempts,
                  "This node has " + std::to_string(usable) +
                      " certificates that are still good; it gets another when one expires.");
  }
  const auto leaf = issue_certificate(ports.issuing, authority, kind, request.key, names, call.now);
  NodeCertificate issued = inventory_entry(
      call.node.id, kind, {leaf, authority.intermediate.certificate}, authority.ca_ref());
  tx.certificates().add(issued);
  tx.certificates().retire_others(call.node.id, issued.serial);
  tx.audit(call.audit_entry()
               .about("certificate.renewed", "certificate", issued.serial, call.node.name)
               .with({{"kind", to_string(kind)},
                      {"ca_ref", issued.ca_ref},
                      {"fingerprint", issued.fingerprint}}));
  return issued;
}

}  // namespace

Outcome<Reply> renew_certificate(const NodeCallPorts& ports, const NodeCall& call) {
  Transaction& tx = call.tx;
  const auto kind = wire::certificate_kind_from(call.text("kind")).value_or(CertificateKind::node);
  const Node& node = call.node;
  const bool worker = kind == CertificateKind::worker;
  if (worker && !is_entry(tx, node.id)) {
    return refuse(ProblemCode::role_required,
                  "Only a node in the entry role meets clients, and this one is not in it.");
  }
  const auto authority = ports.authority.get();
  const auto names =
      worker ? snapshot::worker_certificate_names(
                   authority->cluster, node.id, parse_advertised({node.data_plane_advertise}).at(0))
             : snapshot::node_certificate_names(
                   authority->cluster, node.id,
                   parse_advertised({node.data_plane_advertise, node.fabric_advertise}));
  const auto request = RAP_TRY(accept_request(call.text("csr"), names));
  RAP_TRY(check_certificate_hosts(tx, ports.issuing, authority->cluster, names));
  const auto issued = RAP_TRY(issue(ports, tx, call, *authority, kind, request, names));
  Json body = {{"certificate_chain", issued.pem}};
  if (auto staple = first_staple(ports.issuing, *authority, issued, call.now); !staple.empty()) {
    body["ocsp"] = std::move(staple);
  }
  return reply(body);
}

}  // namespace rap::control
