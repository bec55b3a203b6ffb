// The node's delta channel (CP-4): pulls auth epochs and the blocklist from two cursors, stores
// what comes and hands it to rap-fabric, which enforces nothing else. Each list is pulled at an
// interval, more often while there are no hints, and at once at a hint.
//
//   pulled ─► stored with its cursor, in one step ─► told to the fabric
//
// The fabric is given the whole of it when it connects, and then what changes. Before the store is
// complete it is given nothing, and takes no new flows.
#pragma once

#include <array>

#include "base/ids.hpp"
#include "node/agent/link/calls/link_actions.hpp"
#include "node/agent/link/calls/node_api.hpp"
#include "node/agent/link/pulls/security_store.hpp"
#include "node/agent/poller.hpp"

namespace rap::agent {

inline constexpr Duration kEpochInterval = std::chrono::seconds{5};
inline constexpr Duration kBlocklistInterval = std::chrono::seconds{30};
// While no stream of hints is up.
inline constexpr Duration kDegradedEpochInterval = std::chrono::milliseconds{800};
inline constexpr Duration kDegradedBlocklistInterval = std::chrono::seconds{5};
// One message to the fabric stays below a megabyte, and 32 messages hold the whole store.
inline constexpr std::size_t kMaxRowsAMessage = 8192;

class DeltaSync {
 public:
  DeltaSync(NodeId node, SecurityStore& store, RandomSource& rng);

  LinkActions load();  // before anything else
  MonoTime next_wakeup() const;
  LinkActions poll(MonoTime now);

  void hints_came_up(MonoTime now);
  void hints_went_down(MonoTime now);
  void hinted(MonoTime now, snapshot::DeltaStream stream);
  LinkActions fabric_connected();
  void fabric_disconnected();
  LinkActions on_answer(Now now, ControlCall call, const Answer& answer);

  const StreamState& state(snapshot::DeltaStream stream) const { return of(stream).state; }

 private:
  struct List {
    snapshot::DeltaStream stream;
    ControlCall call;
    Duration calm;
    Duration degraded;
    Poller poller;
    StreamState state;
    bool trouble_said = false;
  };

  List& of(snapshot::DeltaStream stream) { return lists_[static_cast<std::size_t>(stream)]; }
  const List& of(snapshot::DeltaStream stream) const {
    return lists_[static_cast<std::size_t>(stream)];
  }
  LinkActions take(Now now, List& list, DeltaAnswer answer);
  LinkActions restart(MonoTime now, List& list);
  LinkActions build_anew(MonoTime now, const std::string& why);
  LinkActions refused(MonoTime now, List& list, const StoreRefusal& refusal);
  LinkActions give_whole();
  bool complete() const;

  NodeId node_;
  SecurityStore& store_;
  RandomSource& rng_;
  std::array<List, 2> lists_;
  bool fabric_up_ = false;
  bool given_ = false;  // the fabric has the whole of it, and hears of changes
};

}  // namespace rap::agent
