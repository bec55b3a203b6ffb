#include "control/attachments/resuming.hpp"

#include <algorithm>

#include "base/encoding.hpp"
#include "control/http/json_reply.hpp"
#include "control/pki/authority.hpp"
#include "crypto/tokens/resume_grant.hpp"
#include "snapshot/values/config_types.hpp"
#include "wire/frames/flow_frames.hpp"

namespace rap::control {
namespace {

constexpr const char* kClientKeys = "client_keys";

// The text has the form of a key: the request was checked.
crypto::ClientKey key_in(const Json& keys, const char* name) {
  crypto::ClientKey out{};
  const auto raw = from_base64url(keys.at(name).get_ref<const std::string&>());
  if (raw && raw->size() == out.size()) std::ranges::copy(*raw, out.begin());
  return out;
}

crypto::ResumeGrant grant_of(const crypto::DataPlaneToken& token, const ResumeTerms& terms,
                             RandomSource& rng) {
  crypto::ResumeGrant grant;
  grant.id = TokenId::random(rng);
  grant.cluster = token.cluster;
  grant.session = token.session;
  grant.attachment = token.attachment;
  grant.user = token.user;
  grant.auth_epoch = token.auth_epoch;
  grant.device = token.device;
  grant.organization = token.organization;
  grant.resource = token.resource;
  grant.egress_pool = token.egress_pool;
  grant.classes = token.classes;
  grant.proof_key = terms.keys.proof_key;
  grant.flow_key = terms.keys.flow_key;
  grant.session_began = token.session_began;
  grant.issued_at = token.issued_at;
  grant.expires_at = terms.until;
  return grant;
}

}  // namespace

Field client_keys_field() {
  using namespace field;
  return object(kClientKeys, {of("flow_key", FieldType::base64url_32),
                              of("proof_key", FieldType::base64url_32)});
}

GivenClientKeys client_keys_of(const Call& call) {
  const Json& keys = call.body.at(kClientKeys);
  return {key_in(keys, "flow_key"), key_in(keys, "proof_key")};
}

std::vector<FlowEgress> in_order_for(SessionId session, std::vector<FlowEgress> egresses) {
  if (egresses.empty()) return egresses;
  const std::size_t first = std::hash<SessionId>{}(session) % egresses.size();
  std::ranges::rotate(egresses, egresses.begin() + static_cast<std::ptrdiff_t>(first));
  egresses.resize(std::min(egresses.size(), kMaxEgressesNamed));
  return egresses;
}

Json resume_of(const AttachmentPorts& ports, const crypto::DataPlaneToken& token,
               ResumeTerms terms) {
  const auto authority = ports.authority.get();
  const auto& key = authority->token_key;
  Json egresses = Json::array();
  for (const FlowEgress& egress : in_order_for(token.session, std::move(terms.egresses))) {
    egresses.push_back({{"node", egress.node.str()}, {"flow_key", to_base64url(egress.flow_key)}});
  }
  return {{"grant", crypto::sign_grant(grant_of(token, terms, ports.rng), key.key, key.kid)},
          {"expires_at", to_unix(terms.until)},
          {"hold_s", terms.hold.count()},
          {"egresses", std::move(egresses)}};
}

Field resume_field() {
  using namespace field;
  return object("resume",
                {text("grant", static_cast<std::int64_t>(wire::kMaxCredential)), time("expires_at"),
                 integer("hold_s", 0, snapshot::kMaxFlowHold.count()).optional(),
                 list("egresses", static_cast<std::int64_t>(kMaxEgressesNamed),
                      {uuid("node"), of("flow_key", FieldType::base64url_32)})});
}

}  // namespace rap::control
