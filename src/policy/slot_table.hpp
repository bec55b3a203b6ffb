// Who holds how much of something that strangers can take from a listener (handshakes under way,
// connections, upgrades, bytes of unfinished requests), and who makes way when it is short. There
// is one such table for each of these, and one rule (docs/decisions/slots.md):
//
//   share   a holder that has more than its share loses its slot from which nothing was heard for
//           the longest time; a holder is a source network, or a node that proved itself
//   full    when all of them have more than there is, the greediest holder loses one in the same
//           way; of equally greedy ones it is the one that was silent for the longest time
//   proven  a slot whose peer has proven who it is makes way for nobody. Principals have a share of
//           these, and the proven together a bound, so that strangers always have room; beyond
//           either a slot stays among the strangers.
//
// So whoever is honest and answers within a round trip gets in while one address, or thousands,
// hold all that there is. A call costs the logarithm of the number of slots; heard(), of which
// there are many for each slot that makes way, costs next to nothing: holders are put in order
// again when one of them has to make way, which pays for each heard() once.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/counter.hpp"
#include "base/time.hpp"

namespace rap::policy {

struct SlotLimits {
  std::size_t total = 4096;
  std::size_t share = 1024;  // of a holder
  std::size_t proven = 3072;
  std::size_t proven_share = 1024;  // of a principal
};

// A holder may have a quarter of all, so that it takes many addresses to fill a table, and yet an
// office or a carrier behind one address has a thousand slots of a listener's four thousand. Less
// than kLeastShare slots would not do for an office. The proven may have three quarters.
inline constexpr std::size_t kHoldersToFill = 4;
inline constexpr std::size_t kLeastShare = 16;
SlotLimits shared_fairly(std::size_t total);

// Any thread may read them.
struct SlotCounters {
  Counter held;  // units, now
  Counter proven;  // of these
  Counter most_held;
  Counter made_way_of_share;  // slots that made way for another of their holder
  Counter made_way_of_all;  // these did, all that there is being taken
};

class SlotTable {
 public:
  using Id = std::uint64_t;
  struct MadeWay {
    Id id = 0;
    bool of_its_share = false;

    bool operator==(const MadeWay&) const = default;
  };
  using MadeWayList = std::vector<MadeWay>;

  explicit SlotTable(SlotLimits limits) : limits_(limits) {}

  // Those that are returned are out of the table already, and the caller ends them. The newcomer is
  // among them only when the proven have taken everything, or it is larger than all there may be.
  MadeWayList enter(Id id, std::string_view holder, MonoTime now, std::size_t units = 1);
  // A slot has become larger or smaller, which is no sign of life. One that is proven stays so
  // while its principal's share has room for it.
  MadeWayList resize(Id id, std::size_t units);
  // The peer did something useful: it is the last of its holder's to make way.
  void heard(Id id, MonoTime now);
  // False: the principal has its share of proven slots, or there are no more of them.
  bool prove(Id id, std::string_view principal);
  void leave(Id id);
  // Takes out the one that would make way next; nullopt: all are proven.
  std::optional<Id> make_way();
  // The slots of strangers of which nothing was heard since then.
  std::vector<Id> silent_since(MonoTime then) const;

  bool is_pressed() const;  // strangers have three quarters of what is theirs
  void set_limits(SlotLimits limits) { limits_ = limits; }  // from the next slot on
  bool contains(Id id) const { return slots_.contains(id); }
  std::size_t size() const { return slots_.size(); }
  const SlotCounters& counters() const { return counters_; }

 private:
  struct Holder;
  struct Greedier {
    bool operator()(const Holder* a, const Holder* b) const;
  };
  using Holders = std::map<std::string, std::unique_ptr<Holder>>;
  using Ranking = std::set<Holder*, Greedier>;
  struct Slot {
    std::string key;  // of its holder
    Holder* holder = nullptr;  // null: it is proven
    std::string principal;
    std::size_t units = 0;
    MonoTime heard{};
    std::uint64_t order = 0;  // of what was heard
    std::list<Id>::iterator at;
  };
  struct Holder {
    Holders::iterator self;
    std::optional<Ranking::iterator> rank;
    std::size_t units = 0;
    std::list<Id> slots;  // silent for the longest time first
    std::uint64_t order = 0;  // of the first of them, or from before more was heard of it
  };

  // Changes a holder, whose rank follows.
  template <class Change>
  void change(Holder& holder, Change apply);
  Holder& join(Id id, Slot& slot);
  Id next_to_make_way();
  void forget_proof(Slot& slot);
  void take_out(Id id, Slot& slot);
  MadeWayList settle(Holder* holder);
  std::size_t for_strangers() const;
  void count();

  SlotLimits limits_;
  std::unordered_map<Id, Slot> slots_;
  // Strangers choose these keys, such as the /64 that they come from: no hash of them.
  Holders holders_;
  Ranking ranking_;
  std::map<std::string, std::size_t, std::less<>> principals_;  // their proven units
  std::size_t strangers_units_ = 0;
  std::size_t proven_units_ = 0;
  std::uint64_t next_order_ = 1;
  SlotCounters counters_;
};

}  // namespace rap::policy
