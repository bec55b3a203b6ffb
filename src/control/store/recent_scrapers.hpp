// The cache of metrics tokens, in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "base/time.hpp"
#include "control/people/scraper_cache.hpp"

namespace rap::store {

// Whoever is beyond them is forgotten, the longest silent first.
inline constexpr std::size_t kMaxScrapersRemembered = control::kMaxMetricsTokens;

class RecentScrapers final : public control::ScraperCache {
 public:
  explicit RecentScrapers(std::function<MonoTime()> clock) : clock_(std::move(clock)) {}

  std::uint64_t forgotten() override;
  void remember(const crypto::Sha256& hash, const control::MetricsToken& token,
                std::uint64_t forgotten) override;
  void forget(const crypto::Sha256& hash) override;
  void forget_all() override;
  std::optional<std::string> name_of(const crypto::Sha256& hash, WallTime now) override;

 private:
  struct Seen {
    std::string name;
    WallTime expires_at{};
    MonoTime at{};
  };
  const std::function<MonoTime()> clock_;
  std::mutex mutex_;
  std::uint64_t forgotten_ = 0;
  std::map<crypto::Sha256, Seen> seen_;
};

}  // namespace rap::store
