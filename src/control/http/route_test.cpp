#include "control/http/route.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace rap::control {
namespace {

using nlohmann::json;

std::vector<Route> small_table() {
  std::vector<Route> routes(3);
  routes[0].method = "GET";
  routes[0].path = "/things";
  routes[1].method = "GET";
  routes[1].path = "/things/{thing}";
  routes[2].method = "DELETE";
  routes[2].path = "/things/{thing}";
  return routes;
}

TEST(Routes, AreFoundByMethodAndPathWithTheirValuesDecoded) {
  const auto routes = small_table();
  EXPECT_EQ(match(routes, "GET", "/things").route, &routes[0]);
  const auto found = match(routes, "DELETE", "/things/ada%40example.org");
  EXPECT_EQ(found.route, &routes[2]);
  ASSERT_EQ(found.path_values.size(), 1U);
  EXPECT_EQ(found.path_values[0].first, "thing");
  EXPECT_EQ(found.path_values[0].second, "ada@example.org");
}

TEST(Routes, SayWhichMethodsAPathHas) {
  const auto routes = small_table();
  const auto found = match(routes, "PUT", "/things/x");
  EXPECT_EQ(found.route, nullptr);
  EXPECT_EQ(found.allow, "GET, DELETE");
}

TEST(Routes, DoNotMatchWhatOnlyLooksAlike) {
  const auto routes = small_table();
  for (const char* path : {"", "things", "/", "/thing", "/things/", "/things//", "/things/a/b",
                           "//things", "/things/%", "/things/%4", "/things/%zz", "/things/%00"}) {
    const auto found = match(routes, "GET", path);
    EXPECT_EQ(found.route, nullptr) << path;
    EXPECT_EQ(found.allow, "") << path;
  }
  EXPECT_EQ(match(routes, "GET", "/things/a%2Fb").path_values[0].second, "a/b")
      << "a decoded slash stays inside its segment";
}

struct Counter {
  int calls = 0;
};

TEST(Routes, HandTheirHandlersThePortsTheyWereBoundTo) {
  RouteOf<Counter> row;
  row.operation = "count";
  row.handler = [](Counter& counter, const Call&) -> Outcome<Reply> {
    ++counter.calls;
    return Reply{.body = "counted"};
  };
  Counter counter;
  const Route bound = bind(row, counter);
  EXPECT_EQ(bound.operation, "count");
  const wire::HttpRequest request;
  const json body;
  const Call call{.request = request, .now = {}, .cluster = {}, .body = body, .path_values = {}};
  EXPECT_EQ(bound.handler(call)->body, "counted");
  EXPECT_EQ(counter.calls, 1);
}

TEST(Routes, TakeExactlyTheBodyTheyDescribe) {
  Route route;
  wire::HttpRequest request;
  EXPECT_TRUE(parse_body(route, request));
  request.body = "{}";
  EXPECT_TRUE(parse_body(route, request));
  request.body = R"({"a":1})";
  EXPECT_EQ(parse_body(route, request).error().code, ProblemCode::malformed_request);
  route.body = {field::integer("a", 0, 9)};
  EXPECT_EQ((*parse_body(route, request))["a"], 1);
  for (const char* bad : {"", "[]", "null", "{", R"({"a":1,"a":2})", R"({"a":1} x)", "\xff"}) {
    request.body = bad;
    EXPECT_EQ(parse_body(route, request).error().code, ProblemCode::malformed_request) << bad;
  }
  request.body = R"({"a":10})";
  EXPECT_EQ(parse_body(route, request).error().code, ProblemCode::invalid_member);
}

TEST(Routes, TakeExactlyTheQueryTheyDescribe) {
  Route route;
  route.query = {field::integer("limit", 1, 10).optional(), field::key("organization").optional()};
  for (const char* good : {"", "limit=5", "organization=acme&limit=10", "&"}) {
    EXPECT_TRUE(check_query(route, good)) << good;
  }
  for (const char* bad : {"limit=0", "limit=5x", "limit=", "limit", "lmit=5", "organization=%zz",
                          "organization=a%20b", "organization="}) {
    EXPECT_FALSE(check_query(route, bad)) << bad;
  }
}

TEST(Problems, AreShownAsRfc9457Says) {
  const wire::HttpResponse r = respond(Problem{ProblemCode::database_unavailable, "Try again.", 2});
  EXPECT_EQ(r.status, 503);
  EXPECT_EQ(r.content_type, "application/problem+json");
  EXPECT_EQ(r.header("retry-after"), "2");
  EXPECT_EQ(r.header("cache-control"), "no-store");
  const json body = json::parse(r.body);
  EXPECT_EQ(body, json({{"type", "urn:rap:problem:database_unavailable"},
                        {"title", "The database is away"},
                        {"status", 503},
                        {"code", "database_unavailable"},
                        {"detail", "Try again."}}));
}

}  // namespace
}  // namespace rap::control
