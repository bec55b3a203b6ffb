// The people's API: one request in, one response out. Every request goes the same way: route,
// bearer, authorization, body, handler. What a route needs is in its row of the table (routes.hpp);
// nothing is checked in two places.
#pragma once

#include <vector>

#include "control/entrance/api_table.hpp"

namespace rap::control {

class Api {
 public:
  Api(ApiPorts ports, const RoomPorts& rooms);
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;

  // It may be called from any thread, and never throws.
  wire::HttpResponse handle(const wire::HttpRequest& request, WallTime now);

  const std::vector<Route>& routes() const { return routes_; }

 private:
  // `principal` is told who asks, as soon as that is proven.
  Outcome<Reply> answer(const Match<Route>& match, const wire::HttpRequest& request, WallTime now,
                        std::string& principal);
  // Who asks, when they may: the caller, their bearer and the organization of the path. A scraper
  // is a principal and no caller.
  struct Admission {
    std::string principal;
    std::optional<Caller> caller;
    crypto::Sha256 bearer_sha256{};
    bool from_memory = false;
    std::optional<OrganizationContext> organization;
  };
  Outcome<Admission> admit(const Match<Route>& match, const wire::HttpRequest& request,
                           WallTime now);

  ApiPorts ports_;
  RoomPorts rooms_;
  std::vector<Route> routes_;  // with handlers that refer to `rooms_`
};

}  // namespace rap::control
