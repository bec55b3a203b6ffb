#include "control/entrance/api_table.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "control/entrance/tables.hpp"
#include "control/http/openapi.hpp"
#include "control/link/listener/node_table.hpp"

namespace rap::control {
namespace {

using nlohmann::json;

template <class Row>
void expect_complete(const std::vector<Row>& routes) {
  std::set<std::string> seen;
  std::set<std::string_view> operations;
  for (const Row& r : routes) {
    EXPECT_TRUE(seen.insert(std::string(r.method) + " " + std::string(r.path)).second) << r.path;
    EXPECT_TRUE(operations.insert(r.operation).second) << r.operation;
    EXPECT_FALSE(r.summary.empty()) << r.operation;
    EXPECT_EQ(match(routes, r.method, r.path).route, &r) << r.path << " is shadowed";
    const bool of_organization = r.access == policy::Access::organization_member ||
                                 r.access == policy::Access::organization_manager;
    if (of_organization) {
      EXPECT_NE(r.path.find("{org}"), r.path.npos) << r.operation;
    }
  }
}

TEST(RouteTable, HasNoRowTwiceAndEveryRowComplete) {
  expect_complete(api_endpoints());
  expect_complete(node_listener_routes());
}

template <class Row>
void expect_handlers(const std::vector<Row>& routes) {
  for (const Row& r : routes) EXPECT_NE(r.handler, nullptr) << r.operation;
}

TEST(RouteTable, HasAHandlerInEveryRow) {
  for_each_table([](const auto& table) { expect_handlers(table); });
  expect_handlers(node_listener_routes());
}

class OpenApi : public ::testing::Test {
 protected:
  std::vector<Endpoint> routes = api_endpoints();
  json document = openapi_document(routes, {"https://control.test", "1.2.3"});
};

TEST_F(OpenApi, DescribesEveryRouteAndNothingElse) {
  std::set<std::string> described;
  for (const auto& [path, methods] : document["paths"].items()) {
    for (const auto& [method, operation] : methods.items()) {
      described.insert(operation["operationId"].get<std::string>() + " " + method + " " + path);
    }
  }
  std::set<std::string> served;
  for (const Endpoint& r : routes) {
    std::string method(r.method);
    for (char& c : method) c = static_cast<char>(std::tolower(c));
    served.insert(std::string(r.operation) + " " + method + " " + std::string(r.path));
  }
  EXPECT_EQ(described, served);
  EXPECT_EQ(document["openapi"], "3.1.0");
  EXPECT_EQ(document["info"]["version"], "1.2.3");
  EXPECT_EQ(document["servers"][0]["url"], "https://control.test");
}

// The text is a port of the route that serves it, so that no request has it made anew.
TEST_F(OpenApi, IsServedAsItIsDescribed) {
  EXPECT_EQ(json::parse(api_description({"https://control.test", "1.2.3"})), document);
}

TEST_F(OpenApi, AgreesWithTheTableOnEachRoute) {
  for (const Endpoint& r : routes) {
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

}  // namespace
}  // namespace rap::control
