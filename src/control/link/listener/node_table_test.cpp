#include "control/link/listener/node_table.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "wire/http/node_api_calls.hpp"
#include "wire/node_commands.hpp"

namespace rap::control {
namespace {

NodeExecutor executor_of_path(std::string path, std::string method = "POST") {
  wire::HttpRequest request;
  request.method = std::move(method);
  request.path = std::move(path);
  return executor_of(node_listener_routes(), request);
}

TEST(NodeExecutors, NoChannelWaitsForAnother) {
  const std::string node = "/cp/v2/nodes/0f8fad5b-d9cb-469f-a165-70867728950e";
  EXPECT_EQ(executor_of_path(node + "/checkin"), NodeExecutor::reports);
  EXPECT_EQ(executor_of_path(node + "/configs/pull"), NodeExecutor::pulls);
  EXPECT_EQ(executor_of_path(node + "/commands/pull"), NodeExecutor::pulls);
  EXPECT_EQ(executor_of_path(node + "/configs/acks"), NodeExecutor::acks);
  EXPECT_EQ(executor_of_path(node + "/deltas/pull"), NodeExecutor::deltas);
  EXPECT_EQ(executor_of_path(node + "/events", "GET"), NodeExecutor::events);
  EXPECT_EQ(executor_of_path(node + "/certificates"), NodeExecutor::certificates);
  EXPECT_EQ(executor_of_path(node + "/certificates/status"), NodeExecutor::statuses);
  EXPECT_EQ(executor_of_path("/cp/v2/objects/node_config/abc", "GET"), NodeExecutor::objects);
}

TEST(NodeTable, HasEveryCommandWithWhatItIsAbout) {
  const std::vector<NodeRoute> routes = node_listener_routes();
  const auto pull = std::ranges::find(routes, kind_of(wire::NodeApiCall::pull_commands).operation,
                                      &NodeRoute::operation);
  ASSERT_NE(pull, routes.end());
  const Fields& members = pull->answer.members.front().members;
  const Field& type = *std::ranges::find(members, "type", &Field::name);
  const Field& payload = *std::ranges::find(members, "payload", &Field::name);
  for (const wire::NodeCommandKind& kind : wire::kNodeCommands) {
    EXPECT_EQ(std::ranges::count(type.choices, kind.name), 1) << kind.name;
    EXPECT_EQ(std::ranges::count(payload.members, kind.argument, &Field::name), 1) << kind.name;
  }
}

TEST(NodeExecutors, WhatIsNoCallOfTheirsGoesToTheFirst) {
  for (const char* path : {"", "/", "/cp/v2/nodes/", "/cp/v2/nodes/x", "/cp/v2/nodes/x/",
                           "/cp/v2/nodes/events", "/events", "/deltas/pull"}) {
    EXPECT_EQ(executor_of_path(path), NodeExecutor::reports) << path;
  }
}

}  // namespace
}  // namespace rap::control
