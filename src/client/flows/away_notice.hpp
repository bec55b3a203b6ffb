// What a person at a terminal is told of flows that have lost their path: once it takes longer than
// a moment, what is waited for when that changes, and that it is over.
#pragma once

#include <optional>
#include <string>

#include "client/flows/sealed_flows.hpp"

namespace rap::client {

inline constexpr Duration kAwayMoment = std::chrono::seconds{1};
inline constexpr Duration kAwayNewsEvery = std::chrono::seconds{10};

class AwayNotice {
 public:
  explicit AwayNotice(std::string resource) : resource_(std::move(resource)) {}

  // A line to say now, or nothing.
  std::optional<std::string> step(MonoTime now, const std::optional<SealedFlows::Away>& away);
  // When to ask again, while somebody is away.
  std::optional<MonoTime> next() const { return next_; }

 private:
  std::string resource_;
  std::optional<MonoTime> since_;  // they are away, and it was said
  std::string said_;
  std::optional<MonoTime> next_;
};

}  // namespace rap::client
