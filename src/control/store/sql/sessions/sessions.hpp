// Sessions, and where they are carried, in SQL.
#pragma once

#include "control/sessions/session.hpp"
#include "control/store/postgres/sql_session.hpp"

namespace rap::store {

class SqlSessions final : public control::SessionRepository {
 public:
  explicit SqlSessions(SqlSession& sql) : sql_(sql) {}

  void create(const control::Session& session) override;
  std::optional<control::Session> find_and_lock(SessionId session) override;
  std::vector<control::Session> list(const control::SessionQuery& query) override;
  void add_attachment(const control::Session& session, AttachmentId attachment,
                      std::string_view source_ip, WallTime now) override;
  std::vector<control::Session> terminate(const control::SessionFilter& filter,
                                          std::string_view because, WallTime now) override;
  std::vector<SessionId> older_than(control::SessionState state, WallTime before) override;
  std::vector<SessionId> record_presence(NodeId node,
                                         const std::vector<control::SessionPresence>& carried,
                                         WallTime now) override;
  void forget_presence_before(WallTime before) override;
  void settle_states(WallTime now) override;
  void settle_states(const std::vector<SessionId>& among, WallTime now) override;
  std::vector<SessionId> ended_among(const std::vector<SessionId>& sessions) override;
  void purge(WallTime before, std::size_t at_once) override;
  std::vector<control::StateCount> count_by_state() override;

 private:
  SqlSession& sql_;
};

}  // namespace rap::store
