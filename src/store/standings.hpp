// The standings of nodes, remembered in memory and confirmed by one small read of the database for
// all who ask within kHorizonAge.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "base/time.hpp"
#include "control/database.hpp"
#include "control/standings.hpp"

namespace rap::store {

// How far back "a moment ago" reaches at most: for so long a node that was just revoked may still
// be told that there is nothing new. A change that is announced (forget) is seen at once.
inline constexpr std::chrono::milliseconds kHorizonAge{20};
inline constexpr std::size_t kMaxRemembered = 16384;  // nodes with their certificates

class RecentStandings final : public control::Standings {
 public:
  RecentStandings(control::Database& database, std::function<MonoTime()> clock)
      : database_(database), clock_(std::move(clock)) {}

  std::optional<control::Horizon> horizon_of(NodeId node, std::string_view serial) override;
  void remember(NodeId node, std::string_view serial, std::uint64_t admissions) override;
  // Something changed: what was read before now counts no more.
  void forget();

 private:
  std::optional<control::Horizon> recent();
  std::optional<control::Horizon> read();

  control::Database& database_;
  const std::function<MonoTime()> clock_;
  std::mutex mutex_;
  std::condition_variable ended_;  // a reading
  bool reading_ = false;
  std::uint64_t generation_ = 0;       // of what may count
  std::uint64_t read_generation_ = 0;  // of what was read last
  MonoTime read_at_{};                 // when that began
  std::optional<control::Horizon> newest_;
  std::map<std::pair<NodeId, std::string>, std::uint64_t> admitted_;
};

}  // namespace rap::store
