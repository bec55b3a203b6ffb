// How many flows each person has at this node: nobody takes all the places there are.
#pragma once

#include <cstddef>
#include <map>

#include "base/ids.hpp"
#include "node/flow/label_table.hpp"

namespace rap::router {

// A quarter of the labels that one side of a lane has, which is where places are fewest.
inline constexpr std::size_t kMaxFlowsOfAUser = flow::kMaxFlowsPerSide / 4;

class FlowShares {
 public:
  bool has_room(UserId user) const {
    const auto of = flows_.find(user);
    return of == flows_.end() || of->second < kMaxFlowsOfAUser;
  }
  void opened(UserId user) { ++flows_[user]; }
  // One that was opened.
  void ended(UserId user) {
    const auto of = flows_.find(user);
    if (--of->second == 0) flows_.erase(of);
  }

 private:
  std::map<UserId, std::size_t> flows_;  // of those who have one
};

}  // namespace rap::router
