#include "client/flows/entry_distances.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

namespace rap::client {
namespace {

using std::chrono::microseconds;

// Two that differ by less than a fifth, or by little in all, are as near as each other.
int step_of(Duration handshake) {
  constexpr double kStepsOfDoubling = 4;
  constexpr double kNoMatter = 2000;  // µs
  const auto us = static_cast<double>(std::chrono::duration_cast<microseconds>(handshake).count());
  return static_cast<int>(std::floor(kStepsOfDoubling * std::log2(1 + us / kNoMatter)));
}

std::optional<std::int64_t> number_in(std::string_view text) {
  std::int64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc{} || end != text.data() + text.size() || out < 0) return std::nullopt;
  return out;
}

constexpr std::int64_t kLatest = 4'102'444'800;  // the year 2100

// Up to the next of `separator`, which is taken too.
std::string_view take(std::string_view& text, char separator) {
  const std::size_t at = std::min(text.find(separator), text.size());
  const std::string_view out = text.substr(0, at);
  text.remove_prefix(std::min(at + 1, text.size()));
  return out;
}

}  // namespace

// network, entry, µs, when
void EntryDistances::read(std::string_view text) {
  while (!text.empty()) {
    std::string_view line = take(text, '\n');
    Place place;
    place.first = take(line, ' ');
    place.second = take(line, ' ');
    const auto us = number_in(take(line, ' '));
    const auto at = number_in(line);
    constexpr auto kMost = std::chrono::duration_cast<microseconds>(kLongestHandshake).count();
    if (place.second.empty() || !us || !at || *us > kMost || *at > kLatest) continue;
    put(place, {microseconds(*us), from_unix(*at)});
  }
}

std::string EntryDistances::text() const {
  std::string out;
  for (const auto& [place, distance] : known_) {
    const auto us = std::chrono::duration_cast<microseconds>(distance.handshake).count();
    out += place.first + ' ' + place.second + ' ' + std::to_string(us) + ' ' +
           std::to_string(to_unix(distance.at)) + '\n';
  }
  return out;
}

void EntryDistances::measured(const std::string& entry, Duration handshake, WallTime now) {
  // One handshake that was held up says nothing of how far the entry is.
  const Duration least = std::min(handshake, of(entry, now).value_or(kLongestHandshake));
  put({network_, entry}, {least, now});
  news_ = true;
}

void EntryDistances::put(const Place& place, Distance distance) {
  if (known_.size() >= kMaxDistances && !known_.contains(place)) {
    known_.erase(
        std::ranges::min_element(known_, {}, [](const auto& row) { return row.second.at; }));
  }
  known_[place] = distance;
}

// A clock that was set back makes nothing last for longer.
std::optional<Duration> EntryDistances::of(const std::string& entry, WallTime now) const {
  const auto known = known_.find({network_, entry});
  if (known == known_.end() || now < known->second.at ||
      now - known->second.at >= kDistanceMemory) {
    return std::nullopt;
  }
  return known->second.handshake;
}

void EntryDistances::sort(std::vector<Candidate>& candidates, WallTime now) const {
  std::ranges::stable_sort(candidates, {}, [&](const Candidate& one) {
    const auto distance = of(one.url.authority.str(), now);
    return distance ? step_of(*distance) : std::numeric_limits<int>::max();
  });
}

}  // namespace rap::client
