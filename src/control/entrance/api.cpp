#include "control/entrance/api.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/try.hpp"
#include "control/organizations/delegations/organization_access.hpp"
#include "control/people/bearer.hpp"
#include "control/people/metrics_token.hpp"
#include "control/people/signing_in/device_proofs.hpp"
#include "control/pki/authority.hpp"
#include "policy/addresses/names.hpp"

namespace rap::control {
namespace {

std::unexpected<Problem> not_signed_in() {
  return refuse(ProblemCode::not_signed_in,
                "Sign in first, with 'rap login'; a session lasts twelve hours.");
}

// Ids, names and emails: whatever else is in a path names nothing.
bool is_plain(const std::string& value) {
  return value.size() <= policy::kMaxEmailBytes &&
         std::ranges::all_of(value, [](char c) { return c > ' ' && c < '\x7f'; });
}

// What a person may do whose password was set by somebody else.
constexpr std::array<std::string_view, 3> kBeforeOwnPassword = {"changePassword", "signOut",
                                                                "getMe"};

// What programs that scrape may open, which hold no key of a device: with a metrics token, and with
// a bare bearer where devices are approved.
constexpr std::string_view kOfScrapers = "getMetrics";

Outcome<void> check_device_of(const FoundBearer& found, DevicePolicy policy,
                              std::string_view operation) {
  if (found.device) {
    return check_device(found.device->standing, found.device->id, found.user.email, policy);
  }
  if (policy == DevicePolicy::approved && operation != kOfScrapers) return device_required();
  return {};
}

Outcome<Caller> find_caller(const ApiPorts& ports, const crypto::Sha256& bearer,
                            std::string_view operation, WallTime now) {
  const Scope scope = Scope::platform().in(ports.authority->cluster);
  return transact(ports.database, scope, [&](Transaction& tx) -> Outcome<Caller> {
    auto found = tx.bearers().find(bearer, now);
    if (!found) return not_signed_in();
    if (found->ended) {
      return refuse(ProblemCode::signed_out, std::string(sentence_of(*found->ended)));
    }
    RAP_TRY(check_device_of(*found, ports.devices.policy, operation));
    User& user = found->user;
    if (user.password_expires_at &&
        std::ranges::find(kBeforeOwnPassword, operation) == kBeforeOwnPassword.end()) {
      return refuse(ProblemCode::password_change_required,
                    "Your password was set by an administrator. Choose your own first, with 'rap "
                    "password'.");
    }
    Caller caller{user.id, std::move(user.email), user.platform_role};
    if (found->device) caller.device = found->device->id;
    return caller;
  });
}

std::string principal_of_scraper(const std::string& name) { return "metrics token " + name; }

Outcome<MetricsToken> find_metrics_token(const ApiPorts& ports, const Scope& scope,
                                         const crypto::Sha256& hash, WallTime now) {
  return transact(ports.database, scope, [&](Transaction& tx) -> Outcome<MetricsToken> {
    auto found = tx.metrics_tokens().find(hash);
    if (found && state_of(*found, now) == MetricsTokenState::good) return std::move(*found);
    return refuse(ProblemCode::not_signed_in,
                  "This metrics token is not good, or not any more. 'rap admin metrics-tokens "
                  "list' shows which are, and 'create' makes another.");
  });
}

struct Scraper {
  std::string principal;
  bool from_memory = false;
};

// Yields who asks. That a token is used is written down by itself: metrics are told while the
// database takes no changes too, and for a while when it is away.
Outcome<Scraper> admit_scraper(const ApiPorts& ports, const crypto::Sha256& hash,
                               std::string_view operation, WallTime now) {
  if (operation != kOfScrapers) {
    return refuse(ProblemCode::not_signed_in,
                  "A metrics token opens GET /metrics and nothing else. Sign in first, with 'rap "
                  "login'.");
  }
  const Scope scope = Scope::platform().in(ports.authority->cluster);
  const auto forgotten = ports.scrapers.forgotten();
  auto token = find_metrics_token(ports, scope, hash, now);
  if (!token) {
    if (token.error().code != ProblemCode::database_unavailable) {
      ports.scrapers.forget(hash);
    } else if (const auto name = ports.scrapers.name_of(hash, now)) {
      return Scraper{principal_of_scraper(*name), true};
    }
    return std::unexpected(std::move(token.error()));
  }
  ports.scrapers.remember(hash, *token, forgotten);
  if (is_use_noted(*token, now)) {
    (void)ports.database.run(scope, [&](Transaction& tx) {
      tx.metrics_tokens().note_use(hash, now);
      return Ending::commit;
    });
  }
  return Scraper{principal_of_scraper(token->name)};
}

// A bearer that a device signed in for is worth nothing without that device's key.
Outcome<void> prove_device(const ApiPorts& ports, const Caller& caller,
                           const wire::HttpRequest& request, std::string_view method,
                           WallTime now) {
  if (!caller.device) return {};
  const auto proof = RAP_TRY(proof_of(request, ports.authority->cluster));
  if (!proof) {
    return refuse(ProblemCode::device_proof_wrong,
                  "This sign-in belongs to a device, and the request proves none. Run 'rap login' "
                  "on this device, with a current rap.");
  }
  if (proof->device != *caller.device) {
    return refuse(ProblemCode::device_proof_wrong,
                  "This sign-in belongs to another device. Run 'rap login' on this one.");
  }
  RAP_TRY(ports.devices.proofs.use(*proof, caller.id, now));
  if (method == "GET" || !proof->nonce.empty()) return {};
  // Before the change and by itself, so that nothing that fails gives it back.
  return transact(ports.database, Scope::platform(),
                  [&](Transaction& tx) { return use_everywhere(tx, *proof, now, true); });
}

// Where there is a GET there is a HEAD: it is answered alike, and HttpServer leaves the body out.
Match<Route> find_route(const std::vector<Route>& routes, const wire::HttpRequest& request) {
  static constexpr std::string_view kGet = "GET";
  auto found = match(routes, request.method == "HEAD" ? kGet : request.method, request.path);
  const std::size_t at = found.allow.find(kGet);
  if (at != found.allow.npos) found.allow.insert(at + kGet.size(), ", HEAD");
  return found;
}

}  // namespace

Api::Api(ApiPorts ports, const RoomPorts& rooms)
    : ports_(ports), rooms_(rooms), routes_(bound_routes(rooms_)) {
  ports_.metrics.add_routes("api", operations_of(routes_));
}

wire::HttpResponse Api::handle(const wire::HttpRequest& request, WallTime now) {
  const auto found = find_route(routes_, request);
  std::string principal;
  auto outcome = answer(found, request, now, principal);
  wire::HttpResponse response =
      outcome ? respond(found.route->answer.status, std::move(*outcome)) : respond(outcome.error());
  if (!found.allow.empty() && !found.route) response.headers.emplace_back("allow", found.allow);
  response.principal = std::move(principal);
  ports_.metrics.count_request("api", found.route ? found.route->operation : "", response.status);
  return response;
}

Outcome<Reply> Api::answer(const Match<Route>& found, const wire::HttpRequest& request,
                           WallTime now, std::string& principal) {
  if (!found.route && found.allow.empty()) {
    return refuse(ProblemCode::not_found,
                  "There is nothing at this path; /api/v1/openapi.json lists what there is.");
  }
  if (!found.route) {
    return refuse(ProblemCode::method_not_allowed, "This path takes " + found.allow + ".");
  }
  const Route& route = *found.route;
  auto admitted = RAP_TRY(admit(found, request, now));
  principal = std::move(admitted.principal);
  RAP_TRY(check_query(route, request.query));
  const auto body = RAP_TRY(parse_body(route, request));
  const Call call{.request = request,
                  .now = now,
                  .cluster = ports_.authority->cluster,
                  .body = body,
                  .path_values = found.path_values,
                  .caller = std::move(admitted.caller),
                  .bearer_sha256 = admitted.bearer_sha256,
                  .from_memory = admitted.from_memory,
                  .organization = std::move(admitted.organization)};
  auto outcome = run_guarded(ports_.log, route.operation, [&] { return route.handler(call); });
  // Also after a failure: what was committed may have gone unsaid.
  if (call.is_platform() && route.method != "GET") ports_.scrapers.forget_all();
  return outcome;
}

Outcome<Api::Admission> Api::admit(const Match<Route>& found, const wire::HttpRequest& request,
                                   WallTime now) {
  Admission admission;
  const policy::Access access = found.route->access;
  if (access != policy::Access::anyone) {
    const std::string_view shown = request.header("authorization");
    if (const auto token = metrics_token_sha256(shown)) {
      auto scraper = RAP_TRY(admit_scraper(ports_, *token, found.route->operation, now));
      admission.principal = std::move(scraper.principal);
      admission.from_memory = scraper.from_memory;
      return admission;
    }
    const auto bearer = bearer_sha256(shown);
    if (!bearer) return not_signed_in();
    auto caller = RAP_TRY(find_caller(ports_, *bearer, found.route->operation, now));
    RAP_TRY(prove_device(ports_, caller, request, found.route->method, now));
    admission.principal = caller.id.str();
    admission.caller = std::move(caller);
    admission.bearer_sha256 = *bearer;
  }
  for (const auto& [name, value] : found.path_values) {
    if (!is_plain(value)) {
      return refuse(ProblemCode::not_found, "'{" + std::string(name) + "}' names nothing.");
    }
  }
  if (!admission.caller) return admission;
  const auto org =
      std::ranges::find(found.path_values, "org", [](const auto& v) { return v.first; });
  if (org != found.path_values.end()) {
    admission.organization =
        RAP_TRY(enter_organization(ports_.database, *admission.caller, org->second, access, now));
    return admission;
  }
  RAP_TRY(enter_platform(ports_.database, *admission.caller, access, now));
  return admission;
}

}  // namespace rap::control
