// Starting a session with a granted resource, and attaching to one's own again (DP-1, DP-2).
#include <algorithm>

#include "base/try.hpp"
#include "control/access/grant.hpp"
#include "control/access/resource.hpp"
#include "control/attachments/attaching.hpp"
#include "control/attachments/own_session.hpp"
#include "control/attachments/resuming.hpp"
#include "control/attachments/routes.hpp"
#include "control/http/json_reply.hpp"
#include "control/organizations/organization.hpp"
#include "control/sessions/session.hpp"

namespace rap::control {
namespace {

// The same words whether the resource does not exist or is not the caller's to use.
std::unexpected<Problem> no_resource(const std::string& key) {
  return refuse(ProblemCode::resource_not_found,
                "There is no resource '" + key +
                    "' that you may use. List yours with 'rap resources', or ask for access.");
}

// Or what leads to it: which pool that is, is the organization's to know.
std::unexpected<Problem> disabled_resource(const Resource& r) {
  return refuse(ProblemCode::resource_disabled,
                "'" + r.name + "' is disabled by an administrator of " + r.organization_name + ".");
}

// The one resource the caller means among those they were granted.
Outcome<Resource> find_resource(AttachmentPorts& ports, const Call& call) {
  const std::string key = call.text("resource");
  const std::string organization_key = call.text("organization");
  return transact(ports.database, Scope::user(call.caller->id).in(call.cluster),
                  [&](Transaction& tx) -> Outcome<Resource> {
                    auto found = tx.resources().find_granted(call.caller->id, key);
                    if (!organization_key.empty()) {
                      const auto organization = tx.organizations().find(organization_key);
                      std::erase_if(found, [&](const Resource& r) {
                        return !organization || r.organization != organization->id;
                      });
                    }
                    if (found.empty()) return no_resource(key);
                    if (found.size() > 1) {
                      return refuse(ProblemCode::organization_required,
                                    "Several of your organizations have a resource '" + key +
                                        "'; name the organization too.");
                    }
                    return found.front();
                  });
}

// Each token is a signature here, and a place in the memory of an entry and of an egress.
Outcome<void> check_pace(AttachmentPorts& ports, const Call& call) {
  const auto flows = static_cast<unsigned>(call.integer("flows", 1));
  const auto wait =
      ports.throttle.take(Throttle::Kind::tokens_of_user, call.caller->id.str(), flows);
  if (wait) return std::unexpected(too_many_attempts(*wait));
  return {};
}

Outcome<Reply> create_session(AttachmentPorts& ports, const Call& call) {
  RAP_TRY(check_pace(ports, call));
  const auto found = RAP_TRY(find_resource(ports, call));
  if (found.disabled) return disabled_resource(found);
  const Scope scope = Scope::organization(found.organization).in(call.cluster);
  return transact(ports.database, scope, [&](Transaction& tx) -> Outcome<Reply> {
    const auto resource = tx.resources().find(found.organization, found.id.str());
    if (resource && resource->pool_disabled) return disabled_resource(*resource);
    if (!resource || !tx.grants().lock(found.id, call.caller->id)) {
      return no_resource(call.text("resource"));
    }
    Session session;
    session.id = SessionId::random(ports.rng);
    session.cluster = resource->cluster;
    session.organization = resource->organization;
    if (auto o = tx.organizations().find(resource->organization.str())) {
      session.organization_name = o->name;
    }
    session.user = call.caller->id;
    session.user_email = call.caller->email;
    session.resource = resource->id;
    session.resource_name = resource->name;
    session.protocol = resource->protocol;
    session.egress_pool = resource->egress_pool;
    session.created_at = session.changed_at = call.now;
    tx.sessions().create(session);
    AuditEntry entry =
        call.audit("session.created", "session", session.id.str(), session.resource_name);
    entry.organization = session.organization;
    entry.detail = Json{{"resource", session.resource.str()}}.dump();
    tx.audit(std::move(entry));
    return attach(ports, tx, call, session, *resource);
  });
}

Outcome<Reply> create_attachment(AttachmentPorts& ports, const Call& call) {
  RAP_TRY(check_pace(ports, call));
  const auto found = RAP_TRY(find_session(ports.database, call));
  if (found.user != call.caller->id) return no_session();
  const Scope scope = Scope::organization(found.organization).in(call.cluster);
  return transact(ports.database, scope, [&](Transaction& tx) -> Outcome<Reply> {
    const auto session = tx.sessions().find_and_lock(found.id);
    if (!session) return no_session();
    const auto resource = tx.resources().find(session->organization, session->resource.str());
    if (session->state == SessionState::terminated || !resource ||
        !tx.grants().lock(resource->id, call.caller->id)) {
      return refuse(ProblemCode::session_terminated,
                    "This session is terminated; start a new one.");
    }
    return attach(ports, tx, call, *session, *resource);
  });
}

}  // namespace

std::vector<RouteOf<AttachmentPorts>> attachment_routes() {
  using namespace field;
  // The client has the list of this version; it is given a newer one only.
  const Field have = count("deny_list_version").optional();
  return {
      {{.method = "POST",
        .path = "/api/v1/sessions",
        .operation = "createSession",
        .summary = "Start a session with a granted resource",
        .access = policy::Access::signed_in,
        .query = {},
        .body = {client_keys_field(), key("organization").optional(), text("resource"), have},
        .answer = {201, attached_fields()}},
       create_session},
      {{.method = "POST",
        .path = "/api/v1/sessions/{id}/attachments",
        .operation = "createAttachment",
        .summary = "Attach to one's own session again, with fresh tokens",
        .access = policy::Access::signed_in,
        .query = {},
        .body = {client_keys_field(), have, integer("flows", 1, kMaxFlowsAtOnce).optional()},
        .answer = {201, attached_fields()}},
       create_attachment},
  };
}

}  // namespace rap::control
