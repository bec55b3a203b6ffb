#include "control/link/pulls/pulled_configs.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace rap::control {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

// An envelope is JSON itself and full of quotes; this one also has what must be escaped otherwise.
constexpr std::string_view kSealed = "{\"payload\":\"aGk=\",\"x\":\"a\\\\b\"}\n\t\x01 \xc3\xa9";

TEST(WithTextMember, ReadsAsTheObjectWithTheMember) {
  json object = {{"type", "node_config"}, {"size", 7}};
  const json read = json::parse(with_text_member(object, "envelope", kSealed));
  object["envelope"] = kSealed;
  EXPECT_EQ(read, object);
}

TEST(WithTextMember, QuotesTheNameToo) {
  EXPECT_EQ(with_text_member({{"a", 1}}, "b\"c", "d"), R"({"a":1,"b\"c":"d"})");
}

TEST(PulledConfigs, ReadAsTheListThatWasAdded) {
  PulledConfigs configs;
  configs.add({{"version", 1}}, "envelope", kSealed);
  configs.add({{"version", 2}, {"object", "ab"}});
  configs.add({{"version", 3}}, "increment", "x");
  const Reply reply = std::move(configs).reply(250ms);
  EXPECT_EQ(reply.content_type, "application/json");
  EXPECT_EQ(json::parse(reply.body), json({{"configs",
                                            {{{"version", 1}, {"envelope", kSealed}},
                                             {{"version", 2}, {"object", "ab"}},
                                             {{"version", 3}, {"increment", "x"}}}},
                                           {"ack_within_ms", 250}}));
}

TEST(PulledConfigs, AreAnEmptyListWhenNothingWasAdded) {
  EXPECT_EQ(PulledConfigs().reply(0ms).body, R"({"configs":[],"ack_within_ms":0})");
}

}  // namespace
}  // namespace rap::control
