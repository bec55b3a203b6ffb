#include "control/store/recent_scrapers.hpp"

#include <algorithm>

namespace rap::store {

std::uint64_t RecentScrapers::forgotten() {
  const std::lock_guard lock(mutex_);
  return forgotten_;
}

void RecentScrapers::remember(const crypto::Sha256& hash, const control::MetricsToken& token,
                              std::uint64_t forgotten) {
  const MonoTime now = clock_();
  const std::lock_guard lock(mutex_);
  if (forgotten != forgotten_) return;
  seen_[hash] = {token.name, token.expires_at, now};
  if (seen_.size() <= kMaxScrapersRemembered) return;
  seen_.erase(std::ranges::min_element(seen_, {}, [](const auto& s) { return s.second.at; }));
}

void RecentScrapers::forget(const crypto::Sha256& hash) {
  const std::lock_guard lock(mutex_);
  // Only what is known counts: a stranger's guesses keep nobody from being remembered.
  forgotten_ += seen_.erase(hash);
}

void RecentScrapers::forget_all() {
  const std::lock_guard lock(mutex_);
  ++forgotten_;
  seen_.clear();
}

std::optional<std::string> RecentScrapers::name_of(const crypto::Sha256& hash, WallTime now) {
  const MonoTime asked = clock_();
  const std::lock_guard lock(mutex_);
  const auto found = seen_.find(hash);
  if (found == seen_.end()) return std::nullopt;
  const Seen& seen = found->second;
  if (asked < seen.at + control::kScraperRemembered && now < seen.expires_at) return seen.name;
  seen_.erase(found);
  return std::nullopt;
}

}  // namespace rap::store
