// Whether the database is away, as the ends of calls tell, and what is to be said of it afterwards:
// figures at any time, and of each outage one entry in the audit log once it is over. A database
// that comes and goes fills no log: what is over is joined until an entry is due.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/name_table.hpp"
#include "base/time.hpp"

namespace rap::control {

// What the call failed at that found the database away.
enum class OutageCause : std::uint8_t {
  no_answer,  // no connection could be made, or nothing was answered on one
  shutting_down,  // it was being shut down or started
  too_slow,  // a statement took longer than it may
  out_of_room,  // of connections or memory
  host_failed,  // its host failed it
};
inline constexpr std::array<std::string_view, 5> kOutageCauseNames = {
    "no_answer", "shutting_down", "too_slow", "out_of_room", "host_failed"};
constexpr std::string_view to_string(OutageCause cause) {
  return name_in(kOutageCauseNames, cause);
}

// The entry in the audit log that a server writes of an outage.
inline constexpr std::string_view kDatabaseWasAway = "database.was_away";

// A shorter one is counted, and no entry is written of it.
inline constexpr std::chrono::seconds kShortestOutage{3};
// The database has to be back for so long; one that is away again sooner is in the same outage.
inline constexpr std::chrono::seconds kOutageSettled{5};
// So many entries may be written at once, and then one more in each pause.
inline constexpr unsigned kOutagesSaidAtOnce = 4;
inline constexpr std::chrono::minutes kOutagePause{10};

// One, or several that are said together.
struct Outage {
  WallTime from{};  // when the first of them was found
  WallTime until{};  // when the last of them was over
  Duration away{};  // how long they lasted, all together
  std::uint64_t times = 1;
  OutageCause cause{};  // of the first

  bool operator==(const Outage&) const = default;
};

struct StandingFigures {
  bool up = true;
  Duration away{};  // in all, with the outage that goes on
  std::uint64_t outages = 0;  // however short
};

class DatabaseStanding {
 public:
  // A call ended, and reached the database unless `failure` says what it failed at.
  void step(MonoTime now, WallTime at, std::optional<OutageCause> failure);
  StandingFigures figures(MonoTime now) const;

  // What an entry is due of; it is not given again. nullopt: nothing, or not yet.
  std::optional<Outage> take(MonoTime now);
  // The entry could not be written.
  void put_back(const Outage& outage);

 private:
  struct Found {
    MonoTime at{};
    Outage outage;
  };
  std::optional<Found> away_;  // now
  std::optional<Outage> pending_;  // over, and not said
  MonoTime back_at_{};
  MonoTime said_up_to_{};  // each entry moves it on by a pause, from now on at least
  Duration away_in_all_{};
  std::uint64_t outages_ = 0;
};

// What is due in a process whose threads all call the database.
class Outages {
 public:
  virtual ~Outages() = default;
  virtual std::optional<Outage> take() = 0;
  virtual void put_back(const Outage& outage) = 0;
};

}  // namespace rap::control
