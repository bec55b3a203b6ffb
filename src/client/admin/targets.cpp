#include "client/admin/targets.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/try.hpp"
#include "client/api/api_types.hpp"
#include "client/core/profile.hpp"
#include "policy/addresses/names.hpp"
#include "wire/max_listed.hpp"
#include "wire/problem_code.hpp"

namespace rap::client {
namespace {

using wire::ProblemCode;

std::unexpected<Failure> absent(ProblemCode problem, std::string text) {
  return std::unexpected(
      Failure{ExitCode::not_found, std::move(text), std::string(to_string(problem))});
}

// What is listed; nullopt: it is not known, or not all of it. What it is listed of may be missing.
template <class Answer>
Fallible<std::optional<decltype(Answer::items)>> listed(ApiClient& api, const ApiCall& call) {
  auto answer = op::as<Answer>(api.ask(call));
  if (!answer) {
    const Failure& failure = answer.error();
    // A control plane that does not know the call says that there is nothing at all.
    const bool is_missing =
        failure.code == ExitCode::not_found && failure.problem != to_string(ProblemCode::not_found);
    if (is_missing) return std::unexpected(failure);
    return std::nullopt;
  }
  if (answer->items.size() >= wire::kMaxListed) return std::nullopt;
  return std::move(answer->items);
}

template <class Items, class Is>
const typename Items::value_type* find_in(const Items& items, Is is) {
  const auto at = std::ranges::find_if(items, is);
  return at == items.end() ? nullptr : &*at;
}

const auto named = [](const std::string& key) {
  return [&key](const auto& item) { return same(item.name, key) || same(item.id, key); };
};
const auto of_user = [](const std::string& key) {
  return [&key](const auto& item) { return same(item.email, key) || same(item.user_id, key); };
};

std::string pools_of(const std::string& organization) {
  return " 'rap admin pools list " + organization + "' shows them.";
}

std::unexpected<Failure> no_pool(const std::string& organization, const std::string& pool) {
  return absent(
      ProblemCode::egress_pool_not_found,
      "There is no egress pool '" + pool + "' in " + organization + "." + pools_of(organization));
}

std::unexpected<Failure> no_user(const std::string& user) {
  return absent(ProblemCode::user_not_found,
                "There is no user '" + user + "'. 'rap admin users list' shows them.");
}

}  // namespace

bool same(const std::string& a, const std::string& b) {
  return policy::normalize_email(a) == policy::normalize_email(b);
}

Fallible<void> check_user(ApiClient& api, const std::string& user) {
  const auto users = RAP_TRY(listed<op::ListUsersAnswer>(api, op::list_users()));
  const auto is = [&](const auto& u) { return same(u.email, user) || same(u.id, user); };
  if (users && find_in(*users, is) == nullptr) return no_user(user);
  return {};
}

Fallible<void> check_other_user(World& world, ApiClient& api, const std::string& user,
                                const std::string& instead) {
  const auto account = RAP_TRY(signed_in(world.home, world.now));
  const auto users = RAP_TRY(listed<op::ListUsersAnswer>(api, op::list_users()));
  const auto is = [&](const auto& u) { return same(u.email, user) || same(u.id, user); };
  const auto* found = users ? find_in(*users, is) : nullptr;
  if (users && found == nullptr) return no_user(user);
  if (same(found != nullptr ? found->email : user, account.profile.email)) {
    return std::unexpected(Failure{ExitCode::failed, "This is your own account; " + instead,
                                   std::string(to_string(ProblemCode::yourself))});
  }
  return {};
}

Fallible<void> check_organization(ApiClient& api, const std::string& organization) {
  const auto all = RAP_TRY(listed<op::ListOrganizationsAnswer>(api, op::list_organizations()));
  if (all && find_in(*all, named(organization)) == nullptr) {
    return absent(ProblemCode::organization_not_found,
                  "There is no organization '" + organization +
                      "'. 'rap admin organizations list' shows them.");
  }
  return {};
}

Fallible<void> check_member(ApiClient& api, const std::string& organization,
                            const std::string& member) {
  const auto members = RAP_TRY(listed<op::ListMembersAnswer>(api, op::list_members(organization)));
  if (members && find_in(*members, of_user(member)) == nullptr) {
    return absent(ProblemCode::member_not_found, "'" + member + "' is no member of " +
                                                     organization + ". 'rap admin members list " +
                                                     organization + "' shows them.");
  }
  return {};
}

Fallible<void> check_resource(ApiClient& api, const std::string& organization,
                              const std::string& resource) {
  const auto resources =
      RAP_TRY(listed<op::ListResourcesAnswer>(api, op::list_resources(organization)));
  if (resources && find_in(*resources, named(resource)) == nullptr) {
    return absent(ProblemCode::resource_not_found,
                  "There is no resource '" + resource + "' in " + organization +
                      ". 'rap admin resources list " + organization + "' shows them.");
  }
  return {};
}

Fallible<void> check_grant(ApiClient& api, const std::string& organization,
                           const std::string& resource, const std::string& user) {
  const auto grants =
      RAP_TRY(listed<op::ListGrantsAnswer>(api, op::list_grants(organization, resource)));
  if (grants && find_in(*grants, of_user(user)) == nullptr) {
    return absent(ProblemCode::grant_not_found, "'" + user + "' has no grant for " + resource +
                                                    ". 'rap admin grants list " + organization +
                                                    " " + resource + "' shows who has.");
  }
  return {};
}

Fallible<void> check_pool(ApiClient& api, const std::string& organization,
                          const std::string& pool) {
  const auto pools =
      RAP_TRY(listed<op::ListEgressPoolsAnswer>(api, op::list_egress_pools(organization)));
  if (pools && find_in(*pools, named(pool)) == nullptr) return no_pool(organization, pool);
  return {};
}

Fallible<void> check_metrics_token(ApiClient& api, const std::string& name) {
  const auto tokens = RAP_TRY(listed<op::ListMetricsTokensAnswer>(api, op::list_metrics_tokens()));
  const auto is = [&](const auto& t) { return same(t.name, name); };
  if (tokens && find_in(*tokens, is) == nullptr) {
    return absent(
        ProblemCode::metrics_token_not_found,
        "There is no metrics token '" + name + "'. 'rap admin metrics-tokens list' shows them.");
  }
  return {};
}

Fallible<void> check_pool_node(ApiClient& api, const std::string& organization,
                               const std::string& pool, const std::string& node) {
  const auto pools =
      RAP_TRY(listed<op::ListEgressPoolsAnswer>(api, op::list_egress_pools(organization)));
  if (!pools) return {};
  const auto* found = find_in(*pools, named(pool));
  if (found == nullptr) return no_pool(organization, pool);
  if (found->nodes && find_in(*found->nodes, named(node)) == nullptr) {
    return absent(ProblemCode::node_not_found,
                  "There is no node '" + node + "' in the egress pool '" + pool +
                      "' that you may take out." + pools_of(organization));
  }
  return {};
}

Fallible<void> check_node(ApiClient& api, const std::string& organization,
                          const std::string& node) {
  bool is_absent = false;
  if (organization.empty()) {
    const auto nodes = RAP_TRY(listed<op::ListNodesAnswer>(api, op::list_nodes()));
    is_absent = nodes && find_in(*nodes, named(node)) == nullptr;
  } else {
    const auto nodes = RAP_TRY(
        listed<op::ListOrganizationNodesAnswer>(api, op::list_organization_nodes(organization)));
    is_absent = nodes && find_in(*nodes, named(node)) == nullptr;
  }
  if (!is_absent) return {};
  const std::string of = organization.empty() ? "" : " --organization " + organization;
  return absent(ProblemCode::node_not_found, "There is no node '" + node + "'" +
                                                 (of.empty() ? "" : " of " + organization) +
                                                 ". 'rap admin nodes list" + of + "' shows them.");
}

Fallible<void> check_revoked_node(ApiClient& api, const std::string& node) {
  const auto nodes = RAP_TRY(listed<op::ListNodesAnswer>(api, op::list_nodes()));
  if (!nodes) return {};
  // A revoked one and another that took its name stand side by side.
  const auto is_it = named(node);
  const auto* revoked =
      find_in(*nodes, [&](const auto& n) { return is_it(n) && n.state == "revoked"; });
  if (revoked != nullptr) return {};
  if (find_in(*nodes, is_it) == nullptr) {
    return absent(ProblemCode::node_not_found,
                  "There is no node '" + node + "'. 'rap admin nodes list' shows them.");
  }
  return std::unexpected(
      Failure{ExitCode::failed,
              "'" + node + "' is not revoked; run 'rap admin nodes revoke " + node + "' first.",
              std::string(to_string(ProblemCode::node_exists))});
}

Fallible<void> check_certificate(ApiClient& api, const std::string& serial) {
  const auto all = RAP_TRY(listed<op::ListCertificatesAnswer>(api, op::list_certificates()));
  const auto is = [&](const auto& c) { return same(c.serial, serial); };
  if (all && find_in(*all, is) == nullptr) {
    return absent(
        ProblemCode::certificate_not_found,
        "There is no certificate '" + serial + "'. 'rap admin certificates list' shows them.");
  }
  return {};
}

}  // namespace rap::client
