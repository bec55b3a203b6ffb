// rap admin metrics-tokens.
#include <nlohmann/json.hpp>

#include "base/try.hpp"
#include "client/admin/admin_groups.hpp"
#include "client/admin/targets.hpp"
#include "client/api/api_types.hpp"
#include "client/command/confirm.hpp"
#include "client/command/duration.hpp"
#include "client/command/leaf.hpp"

namespace rap::client {

namespace {

Fallible<int> create_metrics_token(World& w, ApiClient& api, const Words& a) {
  op::CreateMetricsTokenRequest request{.name = a["NAME"]};
  if (const std::string& text = a["--for"]; !text.empty()) {
    const auto lifetime = parse_duration(text);
    if (!lifetime) {
      return fail(ExitCode::usage, "--for takes a span of time such as 12h, 30d or 365d.");
    }
    request.ttl_s = lifetime->count();
  }
  const auto answer = typed_as(api.ask(op::create_metrics_token(request)), "ttl_s", kForInSeconds);
  const auto made = RAP_TRY(op::as<op::CreateMetricsTokenAnswer>(answer));
  return show(w, answer, made.metrics_token);  // it is bare on its line, to be sent into a file
}

Fallible<int> list_metrics_tokens(World& w, ApiClient& api, const Words&) {
  return show_items(w, api.ask(op::list_metrics_tokens()),
                    {{"NAME", "/name"},
                     {"STATE", "/state"},
                     {"EXPIRES", "/expires_at", Format::time},
                     {"USED", "/last_used_at", Format::time},
                     {"BY", "/created_by"},
                     {"SINCE", "/created_at", Format::time}},
                    "No metrics tokens.");
}

}  // namespace

void add_metrics_token_commands(CLI::App& admin, Invocation& invocation) {
  CLI::App& group = *add_group(admin, "metrics-tokens",
                               "Tokens of programs that scrape: each opens GET /metrics alone");
  Leaf(group, invocation, "create", "Make a token, and print it this once")
      .word("NAME", "What it is called, such as the program that gets it")
      .option("--for", "DURATION", "How long it is good for (default: 90d; at most 365d)")
      .runs(create_metrics_token);
  Leaf(group, invocation, "disable", "Shut a token until it is enabled again")
      .word("NAME", "Its name, as 'list' shows it")
      .flag("--yes", kYesHelp)
      .runs([](World& w, ApiClient& api, const Words& a) -> Fallible<int> {
        RAP_TRY(confirm_ending(
            w, a.flag("--yes"), [&] { return check_metrics_token(api, a["NAME"]); },
            [&] { return "Whatever scrapes with " + a["NAME"] + " is refused from now on."; },
            Unasked::goes_ahead));
        return show(
            w, api.ask(op::disable_metrics_token(a["NAME"])),
            a["NAME"] + " opens nothing until 'rap admin metrics-tokens enable' takes it back.");
      });
  Leaf(group, invocation, "enable", "Let a disabled token open the metrics again")
      .word("NAME", "Its name, as 'list' shows it")
      .runs([](World& w, ApiClient& api, const Words& a) {
        return show(w, api.ask(op::enable_metrics_token(a["NAME"])), a["NAME"] + " is enabled.");
      });
  Leaf(group, invocation, "remove", "Take a token back, at once")
      .word("NAME", "Its name, as 'list' shows it")
      .runs([](World& w, ApiClient& api, const Words& a) {
        return show(w, api.ask(op::remove_metrics_token(a["NAME"])),
                    "Metrics token " + a["NAME"] + " opens nothing any more.");
      });
  Leaf(group, invocation, "list", "List them, with when each was used last and expires")
      .runs(list_metrics_tokens);
}

}  // namespace rap::client
