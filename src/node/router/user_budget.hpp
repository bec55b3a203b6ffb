// What all clients of one person make an entry hold together, from however many devices and
// addresses they come (docs/decisions/byte-budgets.md).
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <set>

#include "base/ids.hpp"
#include "mesh/routing.hpp"
#include "node/flow/send_queue.hpp"

namespace rap::router {

// Bytes for the clients of one person: beyond the first the egresses are asked to pause, beyond the
// second the path ends whose data comes next.
inline constexpr std::size_t kUserPause = std::size_t{64} * 1024 * 1024;
inline constexpr std::size_t kMaxUserQueue = std::size_t{128} * 1024 * 1024;
// Bytes from them that wait for others: beyond it none of the person's clients is read.
inline constexpr std::size_t kMaxUserBacklog = std::size_t{32} * 1024 * 1024;

struct UserBudget {
  flow::QueuedBytes queued;  // for their clients
  std::size_t backlog = 0;  // from them
  bool pauses = false;  // their egresses were asked to
  std::set<mesh::LinkId> clients;
};

class UserBudgets {
 public:
  std::shared_ptr<UserBudget> of(UserId user) {
    if (users_.size() >= sweep_at_) {
      std::erase_if(users_, [](const auto& one) { return one.second.expired(); });
      sweep_at_ = 2 * users_.size() + kLeastSweep;
    }
    auto& known = users_[user];
    auto budget = known.lock();
    if (!budget) known = budget = std::make_shared<UserBudget>();
    return budget;
  }

 private:
  static constexpr std::size_t kLeastSweep = 64;

  std::map<UserId, std::weak_ptr<UserBudget>> users_;  // as many as have clients, twice at most
  std::size_t sweep_at_ = kLeastSweep;
};

}  // namespace rap::router
