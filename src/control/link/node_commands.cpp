// Commands to nodes: pulled by number, answered one by one.
#include <charconv>

#include "control/link/node_calls.hpp"
#include "control/sessions/node_command.hpp"
#include "wire/node_commands.hpp"

namespace rap::control {
namespace {

constexpr const wire::NodeCommandKind& kTerminate =
    kind_of(wire::NodeCommandType::terminate_session);

}  // namespace

Outcome<Reply> pull_commands(const NodeCallPorts&, const NodeCall& call) {
  const std::string since = call.query("since").value_or("0");
  std::uint64_t seq = 0;
  std::from_chars(since.data(), since.data() + since.size(), seq);
  Json commands = Json::array();
  for (const NodeCommand& c :
       call.tx.commands().list_since(call.node.id, seq, kMaxCommandsPerPull)) {
    commands.push_back({{"seq", c.seq},
                        {"id", c.id.str()},
                        {"type", c.type},
                        {"payload", {{std::string(kTerminate.argument), c.session.str()}}}});
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
