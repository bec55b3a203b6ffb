#include "client/access/open_resource.hpp"

#include "base/try.hpp"
#include "client/api/api_types.hpp"

namespace rap::client {
namespace {

Fallible<std::vector<OpenResource>> ask(ApiClient& api, const op::ListOpenResourcesQuery& query) {
  const auto answer =
      RAP_TRY(op::as<op::ListOpenResourcesAnswer>(api.ask(op::list_open_resources(query))));
  std::vector<OpenResource> out;
  for (const auto& item : answer.items) {
    std::optional<std::string> key = item.ssh_host_key;
    if (key && key->empty()) key.reset();
    out.push_back({item.id, item.name, item.organization.name, item.protocol, std::move(key)});
  }
  return out;
}

std::optional<std::string> unless_empty(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

}  // namespace

Fallible<std::vector<OpenResource>> open_resources(ApiClient& api,
                                                   const std::string& organization) {
  op::ListOpenResourcesQuery query;
  query.organization = unless_empty(organization);
  return ask(api, query);
}

Fallible<OpenResource> find_open_resource(ApiClient& api, const std::string& key,
                                          const std::string& organization) {
  op::ListOpenResourcesQuery query;
  query.resource = key;
  query.organization = unless_empty(organization);
  auto found = RAP_TRY(ask(api, query));
  if (found.empty()) {
    return fail(ExitCode::not_found,
                key + ": There is no resource '" + key +
                    "' that you may use. List yours with 'rap resources', or ask for access.");
  }
  if (found.size() > 1) {
    return fail(ExitCode::usage, "Several of your organizations have a resource '" + key +
                                     "'; name one with --organization.");
  }
  return std::move(found.front());
}

}  // namespace rap::client
