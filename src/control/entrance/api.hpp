// The people's API: one request in, one response out. Every request goes the same way: route,
// bearer, authorization, body, handler. What a route needs is in its row of the table (routes.hpp);
// nothing is checked in two places.
#pragma once

#include <vector>

#include "control/http/route.hpp"

namespace rap::control {

class Api {
 public:
  explicit Api(Services services);

  // It may be called from any thread, and never throws.
  wire::HttpResponse handle(const wire::HttpRequest& request, WallTime now);

  const std::vector<Route>& routes() const { return routes_; }

 private:
  Outcome<Reply> answer(const Match<Route>& match, const wire::HttpRequest& request, WallTime now);
  // Who asks, when they may: the caller, their bearer and the organization of the path.
  struct Admission {
    std::optional<Caller> caller;
    crypto::Sha256 bearer_sha256{};
    std::optional<OrganizationContext> organization;
  };
  Outcome<Admission> admit(const Match<Route>& match, const wire::HttpRequest& request,
                           WallTime now);

  Services services_;
  std::vector<Route> routes_;
};

}  // namespace rap::control
