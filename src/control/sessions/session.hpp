// Access sessions (DP-4): what the database keeps of them, and of who carries them. They are tested
// through the API over PostgreSQL, in tests/control/sessions_test.cpp.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "base/name_table.hpp"
#include "base/time.hpp"
#include "control/core/metrics.hpp"
#include "control/http/schema.hpp"
#include "policy/protocols.hpp"

namespace rap::control {

// A session moves pending → active ⇄ detached; every state may end in terminated, which is final.
enum class SessionState : std::uint8_t { pending, active, detached, terminated };
inline constexpr std::array<std::string_view, 4> kSessionStateNames = {"pending", "active",
                                                                       "detached", "terminated"};
constexpr std::string_view to_string(SessionState state) {
  return name_in(kSessionStateNames, state);
}
constexpr std::optional<SessionState> session_state_from(std::string_view name) {
  return value_in<SessionState>(kSessionStateNames, name);
}

struct Session {
  SessionId id;
  ClusterId cluster;  // that carries it: its resource's
  OrganizationId organization;
  std::string organization_name;
  UserId user;
  std::string user_email;
  ResourceId resource;
  std::string resource_name;
  policy::Protocol protocol = policy::Protocol::tcp;
  EgressPoolId egress_pool;
  SessionState state = SessionState::pending;
  WallTime created_at{};
  WallTime changed_at{};
  std::optional<std::string> ended_because;
};

Fields session_fields();
nlohmann::json to_json(const Session& session);

// What one node reported of one session.
struct SessionPresence {
  SessionId session;
  std::uint64_t flows = 0;
  std::uint64_t bytes_up = 0;
  std::uint64_t bytes_down = 0;
};

// Which living sessions are meant; an empty member does not narrow.
struct SessionFilter {
  std::optional<SessionId> session = {};
  std::optional<OrganizationId> organization = {};
  std::optional<UserId> user = {};
  std::optional<ResourceId> resource = {};
  std::optional<NodeId> carried_by = {};
  std::optional<EgressPoolId> egress_pool = {};
  std::optional<WallTime> created_before = {};
};

// Which sessions a person lists: of a user, or of an organization; newest first.
enum class ListedSessions : std::uint8_t { living, ended, all };
inline constexpr std::array<std::string_view, 3> kListedSessionsNames = {"living", "ended", "all"};

// Where a page ends and the next begins; its text is "<created_at>.<id>".
struct SessionCursor {
  WallTime created_at{};
  SessionId id;
  std::string str() const;
  static std::optional<SessionCursor> parse(std::string_view text);
};

struct SessionQuery {
  std::optional<UserId> user = {};
  std::optional<OrganizationId> organization = {};
  ListedSessions which = ListedSessions::living;
  std::optional<SessionCursor> after = {};
  std::size_t limit = 0;
};

// A session is created under a lock on its grant (GrantRepository::lock). Whoever takes a right
// away removes the grant first, which waits for that lock, and ends the sessions then: none slips
// through between.
class SessionRepository {
 public:
  virtual ~SessionRepository() = default;
  virtual void create(const Session& session) = 0;
  virtual std::optional<Session> find_and_lock(SessionId session) = 0;
  virtual std::vector<Session> list(const SessionQuery& query) = 0;
  virtual void add_attachment(const Session& session, AttachmentId attachment,
                              std::string_view source_ip, WallTime now) = 0;

  // Ends the living sessions of the filter and returns them.
  virtual std::vector<Session> terminate(const SessionFilter& filter, std::string_view because,
                                         WallTime now) = 0;
  // Living sessions that entered `state` before `before`; pending ones to which nobody has attached
  // since.
  virtual std::vector<SessionId> older_than(SessionState state, WallTime before) = 0;

  // Replaces what `node` was known to carry; unknown sessions are skipped. Yields the sessions that
  // it carries or carried before.
  virtual std::vector<SessionId> record_presence(NodeId node,
                                                 const std::vector<SessionPresence>& carried,
                                                 WallTime now) = 0;
  virtual void forget_presence_before(WallTime before) = 0;
  // Moves pending and detached sessions with flows to active, and active ones without to detached.
  // One that a node carried since its last check-in, but not at that moment, was used: it is
  // detached from then on.
  virtual void settle_states(WallTime now) = 0;
  virtual void settle_states(const std::vector<SessionId>& among, WallTime now) = 0;
  // Lists those of them that are terminated or that nobody knows.
  virtual std::vector<SessionId> ended_among(const std::vector<SessionId>& sessions) = 0;

  // Forgets sessions that ended before, and attachments made before; so many at once.
  virtual void purge(WallTime before, std::size_t at_once) = 0;

  virtual std::vector<StateCount> count_by_state() = 0;
};

}  // namespace rap::control
