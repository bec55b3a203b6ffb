#include "client/access/session_commands.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>

#include "base/try.hpp"
#include "client/api/api_types.hpp"
#include "wire/max_listed.hpp"

namespace rap::client {

using nlohmann::json;

namespace {

constexpr std::size_t kDefaultEnded = 200;

struct Listing {
  bool all = false;
  bool ended = false;
  std::size_t limit = kDefaultEnded;
  std::string organization;

  // Every living session is listed; of those that ended there are ever more.
  std::size_t wanted() const { return all || ended ? limit : SIZE_MAX; }
};

// The pages together, newest first, and what the last one said.
struct Collected {
  json answer;
  bool is_cut = false;
};

Fallible<Collected> collect(ApiClient& api, const Listing& listing) {
  op::ListSessionsQuery query;
  if (listing.ended) query.state = "ended";
  if (listing.all) query.state = "all";
  if (!listing.organization.empty()) query.organization = listing.organization;
  json found = json::array();
  for (;;) {
    if (listing.all || listing.ended) {
      const std::size_t left = listing.limit - found.size();
      query.limit = static_cast<std::int64_t>(std::min(wire::kMaxListed, left));
    }
    auto page = api.ask(op::list_sessions(query));
    const auto read = RAP_TRY(op::as<op::ListSessionsAnswer>(page));
    json& items = items_of(*page);
    for (json& session : items) found.push_back(std::move(session));
    if (!read.next || found.size() >= listing.wanted()) {
      items = std::move(found);
      return Collected{std::move(*page), read.next.has_value()};
    }
    query.after = *read.next;
  }
}

Fallible<int> list_sessions(World& world, const Listing& listing) {
  auto api = RAP_TRY(open_api(world));
  const auto found = RAP_TRY(collect(api, listing));
  std::vector<Column> columns = {{"ID", "/id"},
                                 {"RESOURCE", "/resource/name"},
                                 {"ORGANIZATION", "/organization/name"},
                                 {"USER", "/user/email"},
                                 {"STATE", "/state"},
                                 {"SINCE", "/created_at", Format::time}};
  if (listing.all || listing.ended) {
    columns.push_back({"CHANGED", "/changed_at", Format::time});
    columns.push_back({"BECAUSE", "/ended_because"});
  }
  const auto shown = show_items(world, found.answer, columns, "No sessions.");
  if (shown && !world.json && found.is_cut) {
    world.err << "These are the newest " << listing.limit << "; --limit shows more.\n";
  }
  return shown;
}

Fallible<int> terminate_session(World& world, const std::string& id) {
  auto api = RAP_TRY(open_api(world));
  return show(world, api.ask(op::terminate_session(id)), "Session " + id + " is ended.");
}

void add_listing(CLI::App& command, Listing& listing) {
  auto* all = command.add_flag("--all", listing.all, "Those that have ended too");
  command.add_flag("--ended", listing.ended, "Only those that have ended")->excludes(all);
  command
      .add_option("--limit", listing.limit,
                  "How many, with --all or --ended; the newest come first")
      ->type_name("COUNT")
      ->capture_default_str()
      ->check(CLI::Range(std::size_t{1}, std::size_t{1'000'000}));
  command
      .add_option("--organization", listing.organization,
                  "Everybody's of this organization, for who manages it")
      ->type_name("ORG");
}

}  // namespace

void add_session_commands(CLI::App& root, Invocation& invocation) {
  auto listing = std::make_shared<Listing>();
  const auto list = [listing](World& w) { return list_sessions(w, *listing); };
  CLI::App* group =
      add_command(root, invocation, "sessions", "Your living sessions; without more, list");
  group->require_subcommand(0, 1);
  add_listing(*group, *listing);
  // This runs before the callback of a subcommand, which then replaces the action.
  group->parse_complete_callback([&invocation, list] { invocation.run = list; });
  CLI::App* named = add_command(*group, invocation, "list", "List your sessions");
  add_listing(*named, *listing);
  named->callback([&invocation, list] { invocation.run = list; });
  auto id = std::make_shared<std::string>();
  CLI::App* terminate = add_command(*group, invocation, "terminate", "End a session");
  terminate->add_option("ID", *id, "The session's id")->required()->type_name("");
  terminate->callback(
      [&invocation, id] { invocation.run = [id](World& w) { return terminate_session(w, *id); }; });
}

}  // namespace rap::client
