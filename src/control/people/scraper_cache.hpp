// Metrics tokens that were good a moment ago. They open the metrics while the database is away,
// which is when somebody looks at them. For so long at most a token is good that was removed
// meanwhile: at another server, since this one heard of none while it asked.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "control/people/metrics_token.hpp"

namespace rap::control {

inline constexpr std::chrono::seconds kScraperRemembered = std::chrono::minutes{10};

// It may be called from any thread.
class ScraperCache {
 public:
  virtual ~ScraperCache() = default;
  // The database said just now that it is good.
  virtual void remember(const crypto::Sha256& hash, const MetricsToken& token) = 0;
  // The database said that it is not.
  virtual void forget(const crypto::Sha256& hash) = 0;
  // Its name, if it was good within kScraperRemembered and has not expired.
  virtual std::optional<std::string> name_of(const crypto::Sha256& hash, WallTime now) = 0;
};

}  // namespace rap::control
