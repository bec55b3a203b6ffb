// The data plane's metrics: the text of a node that has done nothing.
#include "node/fabric/fabric_metrics.hpp"

#include <gmock/gmock.h>

#include <set>
#include <sstream>

#include "node/fabric/channels/test_fabric.hpp"

namespace rap::fabric {
namespace {

using testing::HasSubstr;

struct FabricMetrics : testing::Test {
  std::string text() {
    return metrics_text(table, router.router, nullptr, nullptr, {places, held}, ClientFaults{},
                        MonoTime{});
  }

  TestRouter router;
  channel::Table table{router.rng};
  policy::SlotCounters places;
  policy::SlotCounters held;
};

TEST_F(FabricMetrics, HaveEachFamilyOnceAndSaidWhatItIs) {
  std::set<std::string> families;
  std::istringstream lines(text());
  std::string family;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string first;
    std::string kind;
    std::string name;
    words >> first;
    if (first == "#") {
      words >> kind >> name;
      if (kind == "HELP") {
        EXPECT_TRUE(families.insert(name).second) << name;
        EXPECT_TRUE(words >> first) << name << " says nothing of itself";
      }
      family = name;
    } else {
      EXPECT_EQ(family, first.substr(0, first.find('{'))) << "a sample of another family";
      EXPECT_TRUE(first.starts_with("rap_fabric_")) << first;
    }
  }
  EXPECT_GT(families.size(), 30U);
}

TEST_F(FabricMetrics, OfANodeThatHasDoneNothingAreThereAndNought) {
  const std::string all = text();
  for (const char* line :
       {"rap_fabric_channels{state=\"established\"} 0\n", "rap_fabric_channel_attempts_total 0\n",
        "rap_fabric_draining 0\n", "rap_fabric_security_complete 0\n",
        "rap_fabric_flow_refusals_total{reason=\"token_expired\"} 0\n",
        "rap_fabric_flows_opened_total{role=\"egress\"} 0\n", "rap_fabric_flows 0\n"}) {
    EXPECT_THAT(all, HasSubstr(line));
  }
}

TEST_F(FabricMetrics, NameEveryStateOfAChannelAndEveryReasonToEndOne) {
  const std::string all = text();
  for (std::size_t i = 0; i < channel::kStateCount; ++i) {
    const auto state = channel::to_string(static_cast<channel::State>(i));
    EXPECT_THAT(all, HasSubstr("rap_fabric_channels{state=\"" + std::string(state) + "\"} 0"));
  }
  for (std::uint8_t i = 1; i < channel::kFailureReasonCount; ++i) {
    const auto reason = channel::to_string(*channel::failure_reason_from(i));
    EXPECT_THAT(all, HasSubstr("channels_ended_total{reason=\"" + std::string(reason) + "\"} 0"));
  }
}

}  // namespace
}  // namespace rap::fabric
