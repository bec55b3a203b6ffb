// A security store in memory, with a disk that can be full or damaged. What was applied is what a
// restart finds.
#pragma once

#include <map>
#include <set>
#include <string>
#include <tuple>

#include "node/agent/link/pulls/security_store.hpp"

namespace rap::agent {

class TestSecurityStore : public SecurityStore {
 public:
  using Key = std::pair<policy::BlocklistKind, std::string>;

  StoreOutcome<StreamState> state(snapshot::DeltaStream stream) override {
    if (fault) return std::unexpected(*fault);
    return states[stream];
  }
  StoreOutcome<void> apply(snapshot::DeltaStream stream, const snapshot::SecurityChanges& changes,
                           StreamState next, WallTime) override {
    if (fault) return std::unexpected(*fault);
    ++writes;
    for (const auto& c : changes.epochs) {
      auto& row = epochs[c.user];
      if (row.seq < c.seq) row = c;
    }
    for (const auto& c : changes.blocklist) put(c);
    states[stream] = next;
    return {};
  }
  StoreOutcome<snapshot::SecurityChanges> load() override {
    if (fault) return std::unexpected(*fault);
    snapshot::SecurityChanges all;
    for (const auto& [user, row] : epochs) all.epochs.push_back(row);
    for (const auto& [key, row] : blocklist) all.blocklist.push_back(row);
    return all;
  }
  StoreOutcome<void> clear(snapshot::DeltaStream stream) override {
    if (stream == snapshot::DeltaStream::epochs) {
      epochs.clear();
    } else {
      blocklist.clear();
    }
    states[stream] = {};
    return {};
  }
  StoreOutcome<void> rebuild() override {
    fault.reset();
    epochs.clear();
    blocklist.clear();
    states.clear();
    return {};
  }

  std::optional<StoreRefusal> fault;
  int writes = 0;
  std::map<snapshot::DeltaStream, StreamState> states;
  std::map<UserId, snapshot::EpochChange> epochs;
  std::map<Key, snapshot::BlocklistChange> blocklist;

 private:
  void put(const snapshot::BlocklistChange& c) {
    const Key key{c.kind, c.value};
    const auto it = blocklist.find(key);
    if (it != blocklist.end() && it->second.seq >= c.seq) return;
    if (c.listed) {
      blocklist[key] = c;
    } else if (it != blocklist.end()) {
      blocklist.erase(it);
    }
  }
};

}  // namespace rap::agent
