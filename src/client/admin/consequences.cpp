#include "client/admin/consequences.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "client/admin/targets.hpp"
#include "client/api/api_types.hpp"
#include "client/command/confirm.hpp"

namespace rap::client {
namespace {

// Names and emails are compared as the control plane compares them.
std::string counted_or(const std::optional<std::size_t>& n, const std::string& one,
                       const std::string& many, const std::string& unknown) {
  return n ? counted(*n, one, many) : unknown;
}

template <class Is>
std::optional<std::size_t> count_sessions(ApiClient& api, const std::string& organization, Is is) {
  const auto listed =
      op::as<op::ListSessionsAnswer>(api.ask(op::list_sessions({.organization = organization})));
  if (!listed || listed->next) return std::nullopt;  // more than anybody counts
  return static_cast<std::size_t>(std::ranges::count_if(listed->items, is));
}

std::optional<std::size_t> count_sessions(ApiClient& api, const SessionsOf& of) {
  return count_sessions(api, of.organization, [&](const auto& s) {
    return (of.resource.empty() || same(s.resource.name, of.resource) ||
            s.resource.id == of.resource) &&
           (of.email.empty() || same(s.user.email, of.email));
  });
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

std::string sessions_behind(ApiClient& api, const std::string& organization,
                            const std::string& pool) {
  const std::string all = "the sessions through it end.";
  const auto resources = op::as<op::ListResourcesAnswer>(api.ask(op::list_resources(organization)));
  if (!resources) return all;
  std::set<std::string> behind;
  for (const auto& r : resources->items) {
    if (r.egress_pool && (same(r.egress_pool->name, pool) || r.egress_pool->id == pool)) {
      behind.insert(r.id);
    }
  }
  const auto living = count_sessions(api, organization,
                                     [&](const auto& s) { return behind.contains(s.resource.id); });
  return counted(behind.size(), "resource waits", "resources wait") + ", and " +
         counted_or(living, "session ends.", "sessions end.", all);
}

std::string grants_that_end(ApiClient& api, const std::string& organization,
                            const std::string& resource) {
  const auto n = count_items<op::ListGrantsAnswer>(api, op::list_grants(organization, resource));
  return counted_or(n, "person loses their grant", "people lose their grant",
                    "all who were granted it lose it");
}

std::string channels_that_end(ApiClient& api, const std::string& node,
                              const std::string& organization) {
  const auto listed = op::as<op::ListChannelsAnswer>(api.ask(op::list_channels()));
  if (!listed) {
    const std::string all =
        "Its channels end, and with them the flows that end at it; others go on by another way.";
    const auto living =
        organization.empty() ? std::nullopt : count_sessions(api, {organization, {}, {}});
    if (!living) return all;
    return all + " " + organization + " has " +
           counted(*living, "living session", "living sessions") + " now.";
  }
  // A channel is listed by each end that has said something of it.
  std::map<std::string, std::uint64_t> flows_of;
  for (const auto& c : listed->items) {
    const bool is_its =
        same(c.node_name, node) || same(c.peer_name, node) || c.node == node || c.peer == node;
    if (!is_its) continue;
    auto& flows = flows_of[c.id];
    flows = std::max(flows, static_cast<std::uint64_t>(c.flows));
  }
  std::uint64_t flows = 0;
  for (const auto& [id, carried] : flows_of) flows += carried;
  return counted(flows_of.size(), "channel with ", "channels with ") +
         counted(flows, "flow", "flows") +
         " on them end; flows that it only carries go on where there is another way.";
}

std::string memberships_that_end(ApiClient& api, const std::string& organization) {
  const auto n = count_items<op::ListMembersAnswer>(api, op::list_members(organization));
  return counted_or(n, "membership ends.", "memberships end.", "all memberships end.");
}

}  // namespace rap::client
