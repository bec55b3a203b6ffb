// Commands to nodes (CP-2): numbered for each node, pulled by it, answered one by one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "wire/node_commands.hpp"

namespace rap::control {

using CommandId = Id<struct CommandTag>;

inline constexpr std::size_t kMaxWaitingCommands = 4096;  // of one node

struct NodeCommand {
  std::uint64_t seq = 0;
  CommandId id;
  wire::NodeCommandType type = wire::NodeCommandType::terminate_session;
  std::string about;  // the command's argument
};

// A node at an end of sessions of its cluster.
struct EdgeNode {
  ClusterId cluster;
  NodeId id;
};

class CommandRepository {
 public:
  virtual ~CommandRepository() = default;
  // Numbers and writes a session.terminate for the node, unless one was sent after `not_since`.
  virtual void terminate_session(NodeId node, SessionId session, CommandId id, WallTime now,
                                 WallTime not_since) = 0;
  virtual std::vector<EdgeNode> edge_nodes() = 0;  // approved, entry or egress; by id
  virtual std::uint64_t last(NodeId node) = 0;
  virtual std::vector<NodeCommand> list_since(NodeId node, std::uint64_t seq,
                                              std::size_t limit) = 0;
  virtual bool finish(NodeId node, std::string_view id, bool ok, std::string_view detail,
                      WallTime now) = 0;  // false: no such command of this node
  virtual void purge(WallTime before) = 0;
};

}  // namespace rap::control
