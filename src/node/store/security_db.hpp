// The node's local security store in SQLite: one file in the state directory, every change of rows
// and cursor one transaction that is on disk before it is believed (synchronous=FULL, a rollback
// journal). A file that is damaged, of another form, or gone while we have it open, is said to be
// so and never read on.
#pragma once

#include <filesystem>
#include <memory>

#include "base/ids.hpp"
#include "node/agent/link/pulls/security_store.hpp"

struct sqlite3;

namespace rap::node_store {

inline constexpr int kSchemaVersion = 3;

class SecurityDb final : public agent::SecurityStore {
 public:
  // The security data of this cluster; a file of another one is damaged. Opens at the first use;
  // `max_keys` is agent::kMaxStoredKeys but in tests.
  SecurityDb(std::filesystem::path path, ClusterId cluster,
             std::size_t max_keys = agent::kMaxStoredKeys);
  ~SecurityDb() override;
  SecurityDb(const SecurityDb&) = delete;
  SecurityDb& operator=(const SecurityDb&) = delete;

  agent::StoreOutcome<agent::StreamState> state(snapshot::DeltaStream stream) override;
  agent::StoreOutcome<void> apply(snapshot::DeltaStream stream,
                                  const snapshot::SecurityChanges& changes, agent::StreamState next,
                                  WallTime now) override;
  agent::StoreOutcome<snapshot::SecurityChanges> load() override;
  agent::StoreOutcome<void> clear(snapshot::DeltaStream stream) override;
  agent::StoreOutcome<void> rebuild() override;

 private:
  struct Close {
    void operator()(sqlite3* db) const;
  };

  agent::StoreOutcome<void> open();
  agent::StoreOutcome<void> check();
  agent::StoreOutcome<void> check_cluster();
  template <class Work>
  agent::StoreOutcome<void> transact(Work work);
  agent::StoreOutcome<void> write(const snapshot::SecurityChanges& changes, WallTime now);
  agent::StoreOutcome<void> set_state(snapshot::DeltaStream stream, agent::StreamState state);
  agent::StoreOutcome<void> check_size(snapshot::DeltaStream stream);
  agent::StoreOutcome<void> script(const char* sql);
  agent::StoreRefusal refusal(int code) const;

  std::filesystem::path path_;
  ClusterId cluster_;
  std::size_t max_keys_;
  std::unique_ptr<sqlite3, Close> db_;
};

}  // namespace rap::node_store
