#include "control/http/route.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "control/entrance/routes.hpp"
#include "control/http/openapi.hpp"
#include "control/link/node_link.hpp"

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
  const Match found = match(routes, "DELETE", "/things/ada%40example.org");
  EXPECT_EQ(found.route, &routes[2]);
  ASSERT_EQ(found.path_values.size(), 1U);
  EXPECT_EQ(found.path_values[0].first, "thing");
  EXPECT_EQ(found.path_values[0].second, "ada@example.org");
}

TEST(Routes, SayWhichMethodsAPathHas) {
  const auto routes = small_table();
  const Match found = match(routes, "PUT", "/things/x");
  EXPECT_EQ(found.route, nullptr);
  EXPECT_EQ(found.allow, "GET, DELETE");
}

TEST(Routes, DoNotMatchWhatOnlyLooksAlike) {
  const auto routes = small_table();
  for (const char* path : {"", "things", "/", "/thing", "/things/", "/things//", "/things/a/b",
                           "//things", "/things/%", "/things/%4", "/things/%zz", "/things/%00"}) {
    const Match found = match(routes, "GET", path);
    EXPECT_EQ(found.route, nullptr) << path;
    EXPECT_EQ(found.allow, "") << path;
  }
  EXPECT_EQ(match(routes, "GET", "/things/a%2Fb").path_values[0].second, "a/b")
      << "a decoded slash stays inside its segment";
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

TEST(RouteTable, HasNoRowTwiceAndEveryRowComplete) {
  for (const auto& routes : {api_routes(), node_link_routes()}) {
    std::set<std::string> seen;
    std::set<std::string_view> operations;
    for (const Route& r : routes) {
      EXPECT_TRUE(seen.insert(std::string(r.method) + " " + std::string(r.path)).second) << r.path;
      EXPECT_TRUE(operations.insert(r.operation).second) << r.operation;
      EXPECT_NE(r.handler, nullptr) << r.operation;
      EXPECT_FALSE(r.summary.empty()) << r.operation;
      EXPECT_EQ(match(routes, r.method, r.path).route, &r) << r.path << " is shadowed";
      const bool of_organization = r.access == policy::Access::organization_member ||
                                   r.access == policy::Access::organization_manager;
      if (of_organization) {
        EXPECT_NE(r.path.find("{org}"), r.path.npos) << r.operation;
      }
    }
  }
}

class OpenApi : public ::testing::Test {
 protected:
  std::vector<Route> routes = api_routes();
  json document = openapi_document(routes, {"https://control.test", "control.test:9091", "1.2.3"});
};

TEST_F(OpenApi, DescribesEveryRouteAndNothingElse) {
  std::set<std::string> described;
  for (const auto& [path, methods] : document["paths"].items()) {
    for (const auto& [method, operation] : methods.items()) {
      described.insert(operation["operationId"].get<std::string>() + " " + method + " " + path);
    }
  }
  std::set<std::string> served;
  for (const Route& r : routes) {
    std::string method(r.method);
    for (char& c : method) c = static_cast<char>(std::tolower(c));
    served.insert(std::string(r.operation) + " " + method + " " + std::string(r.path));
  }
  EXPECT_EQ(described, served);
  EXPECT_EQ(document["openapi"], "3.1.0");
  EXPECT_EQ(document["info"]["version"], "1.2.3");
  EXPECT_EQ(document["servers"][0]["url"], "https://control.test");
}

TEST_F(OpenApi, AgreesWithTheTableOnEachRoute) {
  for (const Route& r : routes) {
    std::string method(r.method);
    for (char& c : method) c = static_cast<char>(std::tolower(c));
    const json& operation = document["paths"][std::string(r.path)][method];
    EXPECT_EQ(operation.contains("requestBody"), !r.body.empty()) << r.operation;
    if (!r.body.empty()) {
      const json& schema = operation["requestBody"]["content"]["application/json"]["schema"];
      EXPECT_EQ(schema["properties"].size(), r.body.size()) << r.operation;
    }
    EXPECT_TRUE(operation["responses"].contains(std::to_string(r.answer.status))) << r.operation;
    EXPECT_TRUE(operation["responses"].contains("default")) << r.operation;
    const bool open = operation.contains("security") && operation["security"].empty();
    EXPECT_EQ(open, r.access == policy::Access::anyone) << r.operation;
    std::set<std::string> in_path;
    if (operation.contains("parameters")) {
      for (const json& p : operation["parameters"]) {
        if (p["in"] == "path") in_path.insert(p["name"]);
      }
    }
    const auto variables = std::ranges::count(r.path, '{');
    EXPECT_EQ(static_cast<long>(in_path.size()), variables) << r.operation;
  }
}

TEST_F(OpenApi, RefersOnlyToWhatItHolds) {
  const std::string text = document.dump();
  for (std::size_t at = 0; (at = text.find("\"$ref\":\"#", at)) != text.npos; ++at) {
    const std::size_t start = at + 9;
    const json::json_pointer target(text.substr(start, text.find('"', start) - start));
    EXPECT_TRUE(document.contains(target)) << target.to_string();
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
