#include "snapshot/values/node_names.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "snapshot/values/config_types.hpp"

namespace rap::snapshot {
namespace {

using nlohmann::json;

NodeNames names_of(const std::vector<json>& values) {
  std::vector<wire::JsonValue> checked;
  for (const json& value : values) {
    EXPECT_EQ(find_node_names_fault(value), std::nullopt) << value;
    checked.push_back(wire::JsonValue::of(value.dump()));
  }
  return node_names_from(checked);
}

TEST(NodeNames, AllowEverythingUntilSomebodySaysOtherwise) {
  EXPECT_TRUE(names_of({}).allows("gw.example"));
  EXPECT_TRUE(names_of({json::object()}).allows("203.0.113.7"));
}

TEST(NodeNames, AllowByNameBySuffixAndByRange) {
  const auto names = names_of({{{"allow", {"gw.example", "*.nodes.example", "203.0.113.0/24"}}}});
  for (const char* host :
       {"gw.example", "GW.Example", "a.nodes.example", "a.b.nodes.example", "203.0.113.9"}) {
    EXPECT_TRUE(names.allows(host)) << host;
  }
  for (const char* host : {"nodes.example", "evilnodes.example", "x.gw.example", "203.0.114.1",
                           "::1", "gw.example.evil", "203.0.113.9.nodes.test"}) {
    EXPECT_FALSE(names.allows(host)) << host;
  }
}

TEST(NodeNames, OfEveryValueMustAllowAndNoneMayDeny) {
  const auto names = names_of({{{"allow", {"*.example"}}, {"deny", {"www.example"}}},
                               {{"allow", {"*.nodes.example", "www.example"}}}});
  EXPECT_TRUE(names.allows("a.nodes.example"));
  EXPECT_FALSE(names.allows("a.example"));
  EXPECT_FALSE(names.allows("www.example"));
}

TEST(NodeNames, AreCheckedWhereTheyAreSet) {
  const ConfigType* type = find_config_type(kNodeNames);
  ASSERT_NE(type, nullptr);
  EXPECT_EQ(type->audience, Audience::nobody);
  for (const json& bad : {json{{"allow", "gw.example"}}, json{{"allow", {1}}},
                          json{{"allow", {"*.*.example"}}}, json{{"allow", {"10.0.0.1/8"}}},
                          json{{"permit", json::array()}}, json{{"deny", {"a b"}}}}) {
    EXPECT_TRUE(type->find_fault(bad)) << bad;
  }
}

}  // namespace
}  // namespace rap::snapshot
