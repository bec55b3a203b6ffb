// How far entries are from here, by what a handshake with each took, remembered by network (DP-1):
// the nearest one carries the next flow. Entries that are about as near as each other stay in the
// order that the control plane gave, which spreads people over them.
//
// It is kept as a text of one line for each entry and network, which a person may read and remove.
// What is in it came from no one else: what does not read as a line of it is forgotten.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.hpp"
#include "client/api/attachment.hpp"

namespace rap::client {

inline constexpr std::string_view kEntryDistancesFile = "entry-distances";
inline constexpr std::chrono::hours kDistanceMemory{24};
// So many are kept of all networks together; what was measured longest ago makes way.
inline constexpr std::size_t kMaxDistances = 512;
inline constexpr Duration kLongestHandshake = std::chrono::seconds{60};

class EntryDistances {
 public:
  // `network` tells where this machine is; nothing else is read of it.
  explicit EntryDistances(std::string network = {}) : network_(std::move(network)) {}

  void read(std::string_view text);
  std::string text() const;
  bool has_news() const { return news_; }  // since it was read

  void measured(const std::string& entry, Duration handshake, WallTime now);
  bool knows(const std::string& entry, WallTime now) const { return of(entry, now).has_value(); }
  // The nearest come first, those that are not known last.
  void sort(std::vector<Candidate>& candidates, WallTime now) const;

 private:
  struct Distance {
    Duration handshake{};
    WallTime at{};
  };
  using Place = std::pair<std::string, std::string>;  // network and entry

  std::optional<Duration> of(const std::string& entry, WallTime now) const;
  void put(const Place& place, Distance distance);

  std::string network_;
  std::map<Place, Distance> known_;
  bool news_ = false;
};

}  // namespace rap::client
