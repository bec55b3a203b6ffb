// A node asks how certificates of its own stand, where the OCSP responder cannot be reached (CP-6).
#include <algorithm>

#include "base/encoding.hpp"
#include "control/http/json_reply.hpp"
#include "control/link/node_calls.hpp"
#include "control/pki/certificate_inventory.hpp"
#include "crypto/ocsp/ocsp.hpp"

namespace rap::control {
namespace {

bool is_own(Transaction& tx, NodeId node, const std::string& serial) {
  const auto found = tx.certificates().find(serial);
  return std::ranges::find(found, node, &NodeCertificate::node) != found.end();
}

}  // namespace

Outcome<Reply> get_certificate_status(const NodeCallPorts& ports, const NodeCall& call) {
  const auto der = from_base64(call.text("ocsp_request"));
  const auto asked = der ? crypto::parse_ocsp_request(*der) : std::nullopt;
  if (!asked || asked->certificates.size() != 1 || !asked->nonce.empty()) {
    return refuse(ProblemCode::malformed_request,
                  "'ocsp_request' is to be an OCSP request about one certificate, without a nonce, "
                  "in base64.");
  }
  if (!ports.ocsp_answer || !is_own(call.tx, call.node.id, asked->certificates.front().serial)) {
    return refuse(ProblemCode::certificate_not_found,
                  "This node has no such certificate; the OCSP responder tells of all others.");
  }
  return reply({{"ocsp", to_base64(as_bytes(ports.ocsp_answer(*der, call.now)))}});
}

}  // namespace rap::control
