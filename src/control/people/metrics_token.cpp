#include "control/people/metrics_token.hpp"

#include <nlohmann/json.hpp>

#include "control/people/bearer.hpp"

namespace rap::control {

MetricsTokenState state_of(const MetricsToken& token, WallTime now) {
  if (token.expires_at <= now) return MetricsTokenState::expired;
  if (token.disabled) return MetricsTokenState::disabled;
  return token.maker_has_role ? MetricsTokenState::good : MetricsTokenState::maker_has_no_role;
}

// A clock that stepped back does not stop the noting.
bool is_use_noted(const MetricsToken& token, WallTime now) {
  return !token.last_used_at || now < *token.last_used_at ||
         now - *token.last_used_at >= kMetricsTokenUseNoted;
}

Fields metrics_token_fields() {
  using namespace field;
  return {field::name("name"),
          time("created_at"),
          text("created_by"),
          time("expires_at"),
          time("last_used_at").optional(),
          choice("state", kMetricsTokenStateNames)};
}

nlohmann::json to_json(const MetricsToken& t, WallTime now) {
  nlohmann::json out = {{"name", t.name},
                        {"created_at", to_unix(t.created_at)},
                        {"created_by", t.created_by_email},
                        {"expires_at", to_unix(t.expires_at)},
                        {"state", to_string(state_of(t, now))}};
  if (t.last_used_at) out["last_used_at"] = to_unix(*t.last_used_at);
  return out;
}

std::optional<crypto::Sha256> metrics_token_sha256(std::string_view header) {
  const auto token = token_in(header, kMetricsTokenPrefix);
  if (!token) return std::nullopt;
  return crypto::sha256(as_bytes(*token));
}

}  // namespace rap::control
