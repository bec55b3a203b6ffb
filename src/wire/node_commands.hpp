// The commands that the control plane gives a node: one line says the name and what it is about.
// The control plane's list, the agent and the messages between agent and fabric go by this table,
// and a test compares the constraint of the database with it. A new command is a line here, what
// gives it in the control plane, and what carries it out in rap-fabric (AgentLink::carry_out()).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace rap::wire {

enum class NodeCommandType : std::uint8_t {
  terminate_session,  // ends the flows of a session, and admits no token of it any more
};

struct NodeCommandKind {
  NodeCommandType command;
  std::string_view name;
  std::string_view argument;  // the member that names what it is about
};

inline constexpr std::array<NodeCommandKind, 1> kNodeCommands = {
    NodeCommandKind{NodeCommandType::terminate_session, "session.terminate", "session_id"}};

inline constexpr auto kNodeCommandNames = [] {
  std::array<std::string_view, kNodeCommands.size()> names;
  for (std::size_t i = 0; i < names.size(); ++i) names[i] = kNodeCommands[i].name;
  return names;
}();

constexpr const NodeCommandKind& kind_of(NodeCommandType command) {
  return kNodeCommands[static_cast<std::size_t>(command)];
}
constexpr std::string_view to_string(NodeCommandType command) { return kind_of(command).name; }
constexpr std::optional<NodeCommandType> node_command_from(std::string_view name) {
  for (const NodeCommandKind& kind : kNodeCommands) {
    if (kind.name == name) return kind.command;
  }
  return std::nullopt;
}

}  // namespace rap::wire
