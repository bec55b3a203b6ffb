// Metrics tokens: what a program that scrapes shows instead of a person's bearer. One opens
// GET /metrics and nothing else, until it expires, is disabled or removed, or whoever made it has
// no role in the platform any more. It is known by its SHA-256 only.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "base/name_table.hpp"
#include "base/time.hpp"
#include "control/http/schema.hpp"
#include "crypto/keys/digest.hpp"

namespace rap::control {

inline constexpr std::string_view kMetricsTokenPrefix = "rapmt_";
inline constexpr std::size_t kMaxMetricsTokens = 64;  // of a platform
// Scrapers come every few seconds; a row is written for the first of them in so long.
inline constexpr std::chrono::seconds kMetricsTokenUseNoted = std::chrono::minutes{1};

enum class MetricsTokenState : std::uint8_t { good, expired, maker_has_no_role, disabled };
inline constexpr std::array<std::string_view, 4> kMetricsTokenStateNames = {
    "good", "expired", "maker_has_no_role", "disabled"};
constexpr std::string_view to_string(MetricsTokenState s) {
  return name_in(kMetricsTokenStateNames, s);
}

struct MetricsToken {
  std::string name;
  WallTime created_at{};
  UserId created_by{};
  std::string created_by_email{};
  bool maker_has_role = true;  // in the platform, now
  WallTime expires_at{};
  std::optional<WallTime> last_used_at{};  // to kMetricsTokenUseNoted
  bool disabled = false;
};

MetricsTokenState state_of(const MetricsToken& token, WallTime now);
// Whether a use at `now` is to be written down.
bool is_use_noted(const MetricsToken& token, WallTime now);

Fields metrics_token_fields();
nlohmann::json to_json(const MetricsToken& token, WallTime now);

// The hash of the metrics token in an Authorization header; nullopt when there is none in it.
std::optional<crypto::Sha256> metrics_token_sha256(std::string_view authorization_header);

class MetricsTokenRepository {
 public:
  virtual ~MetricsTokenRepository() = default;
  // Forgets those that expired. False: there are kMaxMetricsTokens others. What is true stays so
  // until the transaction ends.
  virtual bool make_room(WallTime now) = 0;
  // False: there is one of that name.
  virtual bool add(const MetricsToken& token, const crypto::Sha256& hash) = 0;
  virtual std::vector<MetricsToken> list() = 0;  // at most kMaxMetricsTokens, by name
  virtual std::optional<MetricsToken> find(const crypto::Sha256& hash) = 0;
  virtual void note_use(const crypto::Sha256& hash, WallTime now) = 0;
  virtual std::optional<MetricsToken> find_named(std::string_view name) = 0;
  virtual void disable(std::string_view name, WallTime now) = 0;
  virtual void enable(std::string_view name) = 0;
  virtual bool remove(std::string_view name) = 0;  // false: there was none
};

}  // namespace rap::control
