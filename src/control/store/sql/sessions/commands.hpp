// Commands to nodes in SQL.
#pragma once

#include "control/sessions/node_command.hpp"
#include "control/store/postgres/sql_session.hpp"

namespace rap::store {

class SqlCommands final : public control::CommandRepository {
 public:
  explicit SqlCommands(SqlSession& sql) : sql_(sql) {}

  void terminate_session(NodeId node, SessionId session, control::CommandId id, WallTime now,
                         WallTime not_since) override;
  std::vector<control::EdgeNode> edge_nodes() override;
  std::uint64_t last(NodeId node) override;
  std::vector<control::NodeCommand> list_since(NodeId node, std::uint64_t seq,
                                               std::size_t limit) override;
  bool finish(NodeId node, std::string_view id, bool ok, std::string_view detail,
              WallTime now) override;
  void purge(WallTime before) override;

 private:
  SqlSession& sql_;
};

}  // namespace rap::store
