// Organizations: making, renaming, disabling, enabling and removing them.
#include "control/http/json_reply.hpp"
#include "control/organizations/organization.hpp"
#include "control/organizations/routes.hpp"
#include "control/sessions/ending.hpp"

namespace rap::control {
namespace {

Outcome<Reply> list_organizations(PeoplePorts& ports, const Call& call) {
  const Scope scope = call.is_platform() ? Scope::platform() : Scope::user(call.caller->id);
  return transact(ports.database, scope, [&](Transaction& tx) -> Outcome<Reply> {
    return reply_list(tx.organizations().list());
  });
}

Outcome<Reply> create_organization(PeoplePorts& ports, const Call& call) {
  const Organization organization{OrganizationId::random(ports.rng), call.text("name"), call.now};
  return transact(ports.database, Scope::platform(), [&](Transaction& tx) -> Outcome<Reply> {
    if (!tx.organizations().create(organization)) {
      return refuse(ProblemCode::organization_exists,
                    "There is an organization called '" + organization.name + "' already.");
    }
    tx.organizations().add_cluster(organization.id, call.cluster, call.now);
    AuditEntry entry = call.audit("organization.created", "organization", organization.id.str(),
                                  organization.name);
    entry.organization = organization.id;
    tx.audit(std::move(entry));
    return reply(to_json(organization));
  });
}

// Runs `use` with the organization of the path.
template <class Use>
Outcome<Reply> with_organization(PeoplePorts& ports, const Call& call, Use use) {
  return transact(ports.database, Scope::platform(), [&](Transaction& tx) -> Outcome<Reply> {
    auto organization = tx.organizations().find(call.organization->id.str());
    if (!organization) {
      return refuse(ProblemCode::organization_not_found,
                    "There is no organization '" + call.path("org") + "' any more.");
    }
    return use(tx, *organization);
  });
}

AuditEntry about(const Call& call, std::string_view action, const Organization& o) {
  return call.audit(action, "organization", o.id.str(), o.name);
}

Outcome<Reply> rename_organization(PeoplePorts& ports, const Call& call) {
  const std::string name = call.text("name");
  return with_organization(ports, call, [&](Transaction& tx, Organization& o) -> Outcome<Reply> {
    const auto other = tx.organizations().find(name);
    if (other && other->id != o.id) {
      return refuse(ProblemCode::organization_exists,
                    "There is an organization called '" + other->name + "' already.");
    }
    tx.organizations().rename(o.id, name);
    tx.audit(about(call, "organization.renamed", o).with({{"name", name}}));
    o.name = name;
    return reply(to_json(o));
  });
}

Outcome<Reply> disable_organization(PeoplePorts& ports, const Call& call) {
  return with_organization(ports, call, [&](Transaction& tx, Organization& o) -> Outcome<Reply> {
    if (!o.disabled) {
      tx.organizations().disable(o.id, call.now);
      end_sessions(ports.rng, tx, call.audit_entry(), {.organization = o.id},
                   "organization_disabled");
      tx.audit(about(call, "organization.disabled", o));
    }
    o.disabled = true;
    return reply(to_json(o));
  });
}

Outcome<Reply> enable_organization(PeoplePorts& ports, const Call& call) {
  return with_organization(ports, call, [&](Transaction& tx, Organization& o) -> Outcome<Reply> {
    if (o.disabled) {
      tx.organizations().enable(o.id);
      tx.audit(about(call, "organization.enabled", o));
    }
    o.disabled = false;
    return reply(to_json(o));
  });
}

Outcome<Reply> remove_organization(PeoplePorts& ports, const Call& call) {
  return with_organization(ports, call, [&](Transaction& tx, Organization& o) -> Outcome<Reply> {
    const OrganizationUse use = tx.organizations().use(o.id);
    if (use.resources + use.egress_pools > 0) {
      return refuse(ProblemCode::organization_in_use,
                    "'" + o.name + "' still has " + std::to_string(use.resources) +
                        " resources and " + std::to_string(use.egress_pools) +
                        " egress pools. Delete those first, with 'rap admin resources delete' "
                        "and 'rap admin pools delete'.");
    }
    if (use.nodes > 0) {
      return refuse(ProblemCode::organization_in_use,
                    "'" + o.name + "' still has " + std::to_string(use.nodes) +
                        " nodes of its own. Revoke those first, with 'rap admin nodes revoke'.");
    }
    tx.organizations().remove(o.id, call.now);
    end_sessions(ports.rng, tx, call.audit_entry(), {.organization = o.id}, "organization_removed");
    tx.audit(about(call, "organization.removed", o));
    return no_content();
  });
}

}  // namespace

std::vector<RouteOf<PeoplePorts>> organization_routes() {
  using namespace field;
  return {
      {{.method = "GET",
        .path = "/api/v1/organizations",
        .operation = "listOrganizations",
        .summary = "One's own organizations; all of them for the platform",
        .access = policy::Access::signed_in,
        .query = {},
        .body = {},
        .answer = list_of(organization_fields())},
       list_organizations},
      {{.method = "POST",
        .path = "/api/v1/organizations",
        .operation = "createOrganization",
        .summary = "Create an organization",
        .access = policy::Access::platform,
        .query = {},
        .body = {field::name("name")},
        .answer = {201, organization_fields()}},
       create_organization},
      {{.method = "PATCH",
        .path = "/api/v1/organizations/{org}",
        .operation = "renameOrganization",
        .summary = "Give an organization another name",
        .access = policy::Access::platform,
        .query = {},
        .body = {field::name("name")},
        .answer = {200, organization_fields()}},
       rename_organization},
      {{.method = "POST",
        .path = "/api/v1/organizations/{org}/disable",
        .operation = "disableOrganization",
        .summary = "Shut an organization: its sessions end and its people get in no more, but it "
                   "keeps all it has",
        .access = policy::Access::platform_owner,
        .query = {},
        .body = {},
        .answer = {200, organization_fields()}},
       disable_organization},
      {{.method = "POST",
        .path = "/api/v1/organizations/{org}/enable",
        .operation = "enableOrganization",
        .summary = "Open a disabled organization again, with all it had",
        .access = policy::Access::platform_owner,
        .query = {},
        .body = {},
        .answer = {200, organization_fields()}},
       enable_organization},
      {{.method = "DELETE",
        .path = "/api/v1/organizations/{org}",
        .operation = "removeOrganization",
        .summary = "Remove an organization that has no resources and no egress pools; its "
                   "memberships and sessions end",
        .access = policy::Access::platform_owner,
        .query = {},
        .body = {},
        .answer = {204, {}}},
       remove_organization},
  };
}

}  // namespace rap::control
