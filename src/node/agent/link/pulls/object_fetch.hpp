// Fetches objects by content hash in ranges (CP-1): one after another, each part on its own, so
// that a break costs the part and not the object. How much there is to fetch is known before, from
// what was signed or announced; more than that, or what takes too long in all, is refused.
#pragma once

#include <deque>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "node/agent/link/calls/link_actions.hpp"
#include "node/agent/poller.hpp"

namespace rap::agent {

inline constexpr std::size_t kObjectPart = std::size_t{64} * 1024;
inline constexpr std::size_t kMaxObjectBytes = std::size_t{1024} * 1024;
// The time for all that a pull asked for: a control plane, or who sits between, that trickles is
// not waited for.
inline constexpr Duration kFetchDeadline = std::chrono::minutes{2};

struct ObjectName {
  std::string kind;
  std::string name;
  std::size_t size = 0;
};

class ObjectFetch {
 public:
  // Drops what was being fetched.
  void start(MonoTime now, std::vector<ObjectName> objects);
  void stop();
  bool busy() const { return !queue_.empty(); }

  MonoTime next_wakeup() const;
  LinkActions poll(MonoTime now);

  struct Done {
    ObjectName object;
    std::string bytes;
  };
  // The object that is complete with this answer, nothing while more is to come, or why all of it
  // is given up ("no_such_object", "endless_data", "wrong_range").
  std::expected<std::optional<Done>, std::string> on_answer(MonoTime now, const Answer& answer,
                                                            RandomSource& rng);
  // True once when the time is up; nothing is fetched any more then.
  bool timed_out(MonoTime now);

 private:
  std::deque<ObjectName> queue_;
  std::string bytes_;  // of the front, so far
  std::size_t asked_ = 0;
  MonoTime deadline_ = Poller::kNever;
  bool stale_ = false;  // an answer is under way to what is not wanted any more
  bool outstanding_ = false;
  Poller poller_{Duration::zero()};
};

}  // namespace rap::agent
