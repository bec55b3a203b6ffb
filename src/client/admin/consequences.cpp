#include "client/admin/consequences.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "client/command/confirm.hpp"
#include "client/core/api_types.hpp"
#include "policy/names.hpp"

namespace rap::client {
namespace {

// Names and emails are compared as the control plane compares them.
bool same(const std::string& a, const std::string& b) {
  return policy::normalize_email(a) == policy::normalize_email(b);
}

std::string counted_or(const std::optional<std::size_t>& n, const std::string& one,
                       const std::string& many, const std::string& unknown) {
  return n ? counted(*n, one, many) : unknown;
}

std::optional<std::size_t> count_sessions(ApiClient& api, const SessionsOf& of) {
  const auto listed =
      op::as<op::ListSessionsAnswer>(api.ask(op::list_sessions({.organization = of.organization})));
  if (!listed || listed->next) return std::nullopt;  // more than anybody counts
  return static_cast<std::size_t>(std::ranges::count_if(listed->items, [&](const auto& s) {
    return (of.resource.empty() || same(s.resource.name, of.resource) ||
            s.resource.id == of.resource) &&
           (of.email.empty() || same(s.user.email, of.email));
  }));
}

template <class Answer>
std::optional<std::size_t> count_items(ApiClient& api, const ApiCall& call) {
  const auto listed = op::as<Answer>(api.ask(call));
  if (!listed) return std::nullopt;
  return listed->items.size();
}

}  // namespace

std::string sessions_that_end(ApiClient& api, const SessionsOf& of) {
  return counted_or(count_sessions(api, of), "session ends.", "sessions end.",
                    "living sessions end.");
}

std::string grants_that_end(ApiClient& api, const std::string& organization,
                            const std::string& resource) {
  const auto n = count_items<op::ListGrantsAnswer>(api, op::list_grants(organization, resource));
  return counted_or(n, "person loses their grant", "people lose their grant",
                    "all who were granted it lose it");
}

std::string memberships_that_end(ApiClient& api, const std::string& organization) {
  const auto n = count_items<op::ListMembersAnswer>(api, op::list_members(organization));
  return counted_or(n, "membership ends.", "memberships end.", "all memberships end.");
}

}  // namespace rap::client
