// Making a token for a scraper, listing those there are, and taking one back.
#include "base/encoding.hpp"
#include "control/http/json_reply.hpp"
#include "control/people/accounts/routes.hpp"
#include "control/people/bearer.hpp"
#include "control/people/metrics_token.hpp"

namespace rap::control {
namespace {

constexpr std::int64_t kDefaultLifetimeSeconds =
    std::chrono::seconds(std::chrono::days{90}).count();
constexpr std::int64_t kMaxLifetimeSeconds = std::chrono::seconds(std::chrono::days{365}).count();

Outcome<Reply> list_metrics_tokens(PeoplePorts& ports, const Call& call) {
  return transact(ports.database, Scope::platform(), [&](Transaction& tx) -> Outcome<Reply> {
    Json items = Json::array();
    for (const MetricsToken& token : tx.metrics_tokens().list()) {
      items.push_back(to_json(token, call.now));
    }
    return reply_items(std::move(items));
  });
}

Outcome<Reply> create_metrics_token(PeoplePorts& ports, const Call& call) {
  const std::string secret =
      std::string(kMetricsTokenPrefix) + to_base64url(ports.rng.bytes(kBearerBytes));
  MetricsToken token;
  token.name = call.text("name");
  token.created_at = call.now;
  token.created_by = call.caller->id;
  token.created_by_email = call.caller->email;
  token.expires_at =
      call.now + std::chrono::seconds(call.integer("ttl_s", kDefaultLifetimeSeconds));
  return transact(ports.database, Scope::platform(), [&](Transaction& tx) -> Outcome<Reply> {
    if (!tx.metrics_tokens().make_room(call.now)) {
      return refuse(ProblemCode::too_many_metrics_tokens,
                    "There are " + std::to_string(kMaxMetricsTokens) +
                        " metrics tokens. Remove what nobody uses: 'rap admin metrics-tokens "
                        "list' shows when each was used last.");
    }
    if (!tx.metrics_tokens().add(token, crypto::sha256(as_bytes(secret)))) {
      return refuse(ProblemCode::metrics_token_exists,
                    "There is a metrics token '" + token.name +
                        "' already; choose another name, or remove it first.");
    }
    tx.audit(call.audit("metrics_token.created", "metrics_token", token.name, token.name)
                 .with({{"until", to_unix(token.expires_at)}}));
    return reply({{"name", token.name},
                  {"metrics_token", secret},
                  {"expires_at", to_unix(token.expires_at)}});
  });
}

// Runs `use` with the token of the path.
template <class Use>
Outcome<Reply> with_metrics_token(PeoplePorts& ports, const Call& call, Use use) {
  const std::string& name = call.path("name");
  return transact(ports.database, Scope::platform(), [&](Transaction& tx) -> Outcome<Reply> {
    auto token = tx.metrics_tokens().find_named(name);
    if (!token) {
      return refuse(ProblemCode::metrics_token_not_found,
                    "There is no metrics token '" + name +
                        "'; 'rap admin metrics-tokens list' shows which there are.");
    }
    return use(tx, *token);
  });
}

AuditEntry about(const Call& call, std::string_view action, const MetricsToken& token) {
  return call.audit(action, "metrics_token", token.name, token.name);
}

Outcome<Reply> disable_metrics_token(PeoplePorts& ports, const Call& call) {
  return with_metrics_token(ports, call,
                            [&](Transaction& tx, MetricsToken& token) -> Outcome<Reply> {
                              if (!token.disabled) {
                                tx.metrics_tokens().disable(token.name, call.now);
                                tx.audit(about(call, "metrics_token.disabled", token));
                              }
                              token.disabled = true;
                              return reply(to_json(token, call.now));
                            });
}

Outcome<Reply> enable_metrics_token(PeoplePorts& ports, const Call& call) {
  return with_metrics_token(ports, call,
                            [&](Transaction& tx, MetricsToken& token) -> Outcome<Reply> {
                              if (token.disabled) {
                                tx.metrics_tokens().enable(token.name);
                                tx.audit(about(call, "metrics_token.enabled", token));
                              }
                              token.disabled = false;
                              return reply(to_json(token, call.now));
                            });
}

Outcome<Reply> remove_metrics_token(PeoplePorts& ports, const Call& call) {
  return with_metrics_token(ports, call,
                            [&](Transaction& tx, const MetricsToken& token) -> Outcome<Reply> {
                              tx.metrics_tokens().remove(token.name);
                              tx.audit(about(call, "metrics_token.removed", token));
                              return no_content();
                            });
}

}  // namespace

std::vector<RouteOf<PeoplePorts>> metrics_token_routes() {
  using namespace field;
  return {
      {{.method = "GET",
        .path = "/api/v1/metrics-tokens",
        .operation = "listMetricsTokens",
        .summary = "Tokens of programs that scrape, without their secrets",
        .access = policy::Access::platform,
        .query = {},
        .body = {},
        .answer = list_of(metrics_token_fields())},
       list_metrics_tokens},
      {{.method = "POST",
        .path = "/api/v1/metrics-tokens",
        .operation = "createMetricsToken",
        .summary = "Make a token that opens GET /metrics and nothing else, until it expires",
        .access = policy::Access::platform,
        .query = {},
        .body = {field::name("name"), integer("ttl_s", 1, kMaxLifetimeSeconds).optional()},
        .answer = {201, {field::name("name"), text("metrics_token", 128), time("expires_at")}}},
       create_metrics_token},
      {{.method = "POST",
        .path = "/api/v1/metrics-tokens/{name}/disable",
        .operation = "disableMetricsToken",
        .summary = "Shut a metrics token, at once",
        .access = policy::Access::platform,
        .query = {},
        .body = {},
        .answer = {200, metrics_token_fields()}},
       disable_metrics_token},
      {{.method = "POST",
        .path = "/api/v1/metrics-tokens/{name}/enable",
        .operation = "enableMetricsToken",
        .summary = "Let a disabled metrics token open GET /metrics again, until it expires",
        .access = policy::Access::platform,
        .query = {},
        .body = {},
        .answer = {200, metrics_token_fields()}},
       enable_metrics_token},
      {{.method = "DELETE",
        .path = "/api/v1/metrics-tokens/{name}",
        .operation = "removeMetricsToken",
        .summary = "Take a metrics token back, at once",
        .access = policy::Access::platform,
        .query = {},
        .body = {},
        .answer = {204, {}}},
       remove_metrics_token},
  };
}

}  // namespace rap::control
