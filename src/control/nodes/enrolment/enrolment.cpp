#include "control/nodes/enrolment/enrolment.hpp"

#include "control/http/json_reply.hpp"
#include "control/pki/csr_policy.hpp"
#include "snapshot/certificate_names.hpp"
#include "wire/spiffe_id.hpp"

namespace rap::control {

namespace {

constexpr std::int64_t kMaxCertificateNames = 8;  // two identities, and a host for each address

}  // namespace

std::vector<std::string> certificate_names(const Enrolment& e) {
  const auto advertised = parse_advertised({e.data_plane_advertise, e.fabric_advertise});
  const auto names = snapshot::node_certificate_names(e.cluster, e.node, advertised);
  std::vector<std::string> out;
  for (const auto* list : {&names.dns, &names.ips, &names.uris}) {
    out.insert(out.end(), list->begin(), list->end());
  }
  out.push_back(wire::SpiffeId::of_worker(e.cluster, e.node).str());
  return out;
}

Fields enrolment_fields() {
  using namespace field;
  return {uuid("id"),
          uuid("node_id"),
          field::name("node_name"),
          uuid("organization_id").optional(),
          field::name("organization").optional(),
          choice("state", wire::kEnrolmentStateNames),
          text("data_plane_advertise"),
          text("fabric_advertise"),
          text_list("certificate_names", kMaxCertificateNames),
          of("metadata", FieldType::free_object),
          text("source_ip"),
          time("created_at"),
          time("decided_at").optional()};
}

Json to_json(const Enrolment& e) {
  Json out = {{"id", e.id.str()},
              {"node_id", e.node.str()},
              {"node_name", e.node_name},
              {"state", to_string(e.state)},
              {"data_plane_advertise", e.data_plane_advertise},
              {"fabric_advertise", e.fabric_advertise},
              {"certificate_names", certificate_names(e)},
              {"metadata", parse_stored(e.metadata)},
              {"source_ip", e.source_ip},
              {"created_at", to_unix(e.created_at)}};
  if (e.organization) {
    out["organization_id"] = e.organization->str();
    out["organization"] = e.organization_name;
  }
  if (e.decided_at) out["decided_at"] = to_unix(*e.decided_at);
  return out;
}

}  // namespace rap::control
