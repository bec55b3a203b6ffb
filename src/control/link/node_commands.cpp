// Commands to nodes: pulled by number, answered one by one.
#include <charconv>

#include "control/link/node_calls.hpp"
#include "control/sessions/node_command.hpp"

namespace rap::control {

Outcome<Reply> pull_commands(const NodeCallPorts&, const NodeCall& call) {
  const std::string since = call.query("since").value_or("0");
  std::uint64_t seq = 0;
  std::from_chars(since.data(), since.data() + since.size(), seq);
  Json commands = Json::array();
  for (const NodeCommand& c :
       call.tx.commands().list_since(call.node.id, seq, kMaxCommandsPerPull)) {
    const wire::NodeCommandKind& kind = kind_of(c.type);
    commands.push_back({{"seq", c.seq},
                        {"id", c.id.str()},
                        {"type", kind.name},
                        {"payload", {{std::string(kind.argument), c.about}}}});
  }
  return reply({{"commands", std::move(commands)}});
}

Outcome<Reply> finish_command(const NodeCallPorts&, const NodeCall& call) {
  if (!call.tx.commands().finish(call.node.id, call.path("command"), call.text("status") == "ok",
                                 call.text("detail"), call.now)) {
    return refuse(ProblemCode::command_not_found, "This node was given no such command.");
  }
  return no_content();
}

}  // namespace rap::control
