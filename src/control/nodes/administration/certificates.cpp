// The inventory of certificates (PK-6), and revoking one of them (CH-13).
#include "base/try.hpp"
#include "control/http/json_reply.hpp"
#include "control/nodes/administration/routes.hpp"
#include "control/nodes/revoking.hpp"
#include "control/pki/certificate_inventory.hpp"
#include "wire/severity.hpp"

namespace rap::control {
namespace {

Outcome<Reply> list_certificates(Database& database, const Call& call) {
  return transact(database, call.cluster_scope(), [&](Transaction& tx) -> Outcome<Reply> {
    return reply_list(tx.certificates().list());
  });
}

Outcome<Reply> revoke(Database& database, const Call& call) {
  return transact(database, call.cluster_scope(), [&](Transaction& tx) -> Outcome<Reply> {
    const std::string& serial = call.path("serial");
    const auto found = tx.certificates().find(serial);
    if (found.empty()) {
      return refuse(ProblemCode::certificate_not_found,
                    "There is no certificate with the serial '" + serial +
                        "'; list them with 'rap admin certificates list'.");
    }
    // One that is revoked already may still be drained where it is to be closed now, or be known to
    // nobody: disabling its node told the node's peers only.
    RAP_TRY(revoke_certificate(tx, call, found.front(), severity_of(call), call.flag("key")));
    return reply(to_json(tx.certificates().find(serial).front()));
  });
}

}  // namespace

std::vector<RouteOf<Database>> certificate_routes() {
  using namespace field;
  return {
      {{.method = "GET",
        .path = "/api/v1/certificates",
        .operation = "listCertificates",
        .summary = "Every certificate that was issued, the control plane's own too",
        .access = policy::Access::platform,
        .query = {},
        .body = {},
        .answer = list_of(certificate_fields())},
       list_certificates},
      {{.method = "POST",
        .path = "/api/v1/certificates/{serial}/revoke",
        .operation = "revokeCertificate",
        .summary = "Take a certificate, or its key, out of use on every node",
        .access = policy::Access::platform,
        .query = {},
        .body = {choice("severity", wire::kSeverityNames).optional(),
                 of("key", FieldType::boolean).optional()},
        .answer = {200, certificate_fields()}},
       revoke},
  };
}

}  // namespace rap::control
