// Metrics tokens that were good a moment ago. They open the metrics while the database is away,
// which is when somebody looks at them. What the platform changes by this server empties it: a
// token may have been removed, or its maker have lost the role. What is changed at another server
// leaves a token good here for kScraperRemembered at most.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "control/people/metrics_token.hpp"

namespace rap::control {

inline constexpr std::chrono::seconds kScraperRemembered = std::chrono::minutes{10};

// It may be called from any thread.
class ScraperCache {
 public:
  virtual ~ScraperCache() = default;
  // Counts what was forgotten. It is read before the database is asked, so that what it said
  // before a token was forgotten is not remembered after it.
  virtual std::uint64_t forgotten() = 0;
  // The database said that it is good, after `forgotten` was so many.
  virtual void remember(const crypto::Sha256& hash, const MetricsToken& token,
                        std::uint64_t forgotten) = 0;
  // The database said that it is not.
  virtual void forget(const crypto::Sha256& hash) = 0;
  virtual void forget_all() = 0;
  // Its name, if it was good within kScraperRemembered and has not expired.
  virtual std::optional<std::string> name_of(const crypto::Sha256& hash, WallTime now) = 0;
};

}  // namespace rap::control
