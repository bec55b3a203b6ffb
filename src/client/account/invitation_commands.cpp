#include "client/account/invitation_commands.hpp"

#include <nlohmann/json.hpp>

#include "client/api/api_types.hpp"
#include "client/command/leaf.hpp"

namespace rap::client {

void add_invitation_commands(CLI::App& root, Invocation& invocation) {
  CLI::App& group = *add_group(root, "invitations", "The organizations that you are invited to");
  Leaf(group, invocation, "list", "List those that wait for you")
      .runs([](World& w, ApiClient& api, const Words&) {
        return show_items(w, api.ask(op::list_own_invitations()),
                          {{"ORGANIZATION", "/organization"},
                           {"ROLE", "/role"},
                           {"INVITED BY", "/created_by"},
                           {"UNTIL", "/expires_at", Format::time}},
                          "No invitation waits for you.");
      });
  Leaf(group, invocation, "accept", "Become a member of an organization that invited you")
      .word("ORG", "The organization")
      .runs([](World& w, ApiClient& api, const Words& a) {
        return show(
            w, api.ask(op::accept_invitation(a["ORG"])),
            "You belong to " + a["ORG"] + ". 'rap resources' shows what it has opened to you.");
      });
  Leaf(group, invocation, "decline", "Decline an invitation; the organization is told")
      .word("ORG", "The organization")
      .runs([](World& w, ApiClient& api, const Words& a) {
        return show(w, api.ask(op::decline_invitation(a["ORG"])),
                    "You declined the invitation to " + a["ORG"] + ".");
      });
}

}  // namespace rap::client
