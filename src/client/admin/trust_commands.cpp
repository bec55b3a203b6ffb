// rap admin trust.
#include <nlohmann/json.hpp>
#include <ostream>

#include "base/try.hpp"
#include "client/admin/admin_groups.hpp"
#include "client/api/api_types.hpp"
#include "client/command/leaf.hpp"

namespace rap::client {

using nlohmann::json;

namespace {

Fallible<int> show_trust(World& w, const Fallible<json>& answer) {
  if (!answer || w.json) return show(w, answer, "");
  const auto trust = RAP_TRY(op::as<op::GetTrustAnswer>(answer));
  w.out << render_record({{"Phase", "/phase"},
                          {"Since", "/phase_since", Format::time},
                          {"Root", "/ca_ref"},
                          {"Next root", "/next_ca_ref"},
                          {"Prepared", "/prepared"},
                          {"Trust bundle", "/bundle_version"},
                          {"Oldest accepted", "/bundle_floor"},
                          {"Nodes", "/nodes"}},
                         *answer);
  if (!trust.late_nodes.empty()) {
    w.out << "\nWaiting for:\n"
          << render_table({{"NODE", "/name"}, {"LAST SEEN", "/last_seen_at", Format::time}},
                          (*answer)["late_nodes"], w.terminal.width());
  }
  return 0;
}

Fallible<int> show_token_key(World& w, const Fallible<json>& answer) {
  if (!answer || w.json) return show(w, answer, "");
  w.out << render_record({{"Phase", "/phase"},
                          {"Since", "/phase_since", Format::time},
                          {"Key", "/kid"},
                          {"Next key", "/next_kid"}},
                         *answer);
  return 0;
}

}  // namespace

void add_trust_commands(CLI::App& admin, Invocation& invocation) {
  CLI::App& group = *add_group(admin, "trust", "The platform's root of trust");
  Leaf(group, invocation, "status", "Show how far a rotation is, and which nodes it waits for")
      .runs([](World& w, ApiClient& api, const Words&) {
        return show_trust(w, api.ask(op::get_trust()));
      });
  Leaf(group, invocation, "rotate", "Change over to the root made by 'rap-control trust prepare'")
      .flag("--force", "Go on to the next phase without the nodes it waits for; they enrol again")
      .runs([](World& w, ApiClient& api, const Words& a) {
        op::RotateTrustRequest request;
        if (a.flag("--force")) request.force = true;
        return show_trust(w, api.ask(op::rotate_trust(request)));
      });
  Leaf(group, invocation, "token-key", "Show which key signs data-plane tokens")
      .runs([](World& w, ApiClient& api, const Words&) {
        return show_token_key(w, api.ask(op::get_token_key()));
      });
  Leaf(group, invocation, "rotate-token-key", "Change to a new key for data-plane tokens")
      .flag("--force", "Go on to the next phase without waiting for nodes, or for old tokens")
      .runs([](World& w, ApiClient& api, const Words& a) {
        op::RotateTokenKeyRequest request;
        if (a.flag("--force")) request.force = true;
        return show_token_key(w, api.ask(op::rotate_token_key(request)));
      });
}

}  // namespace rap::client
