#include "wire/http/node_api_calls.hpp"

#include <gtest/gtest.h>

#include <set>

namespace rap::wire {
namespace {

TEST(NodeApiCalls, AreAtThePathsWhereTheyHaveAlwaysBeen) {
  const auto call = [](NodeApiCall c, std::initializer_list<std::string_view> values) {
    return std::string(kind_of(c).method) + " " + path_of(c, values);
  };
  using enum NodeApiCall;
  EXPECT_EQ(call(get_trust_bundle, {}), "GET /api/v1/trust-bundle");
  EXPECT_EQ(call(enrol, {}), "POST /api/v1/enrolments");
  EXPECT_EQ(call(get_enrolment_status, {"e"}), "POST /api/v1/enrolments/e/status");
  EXPECT_EQ(call(check_in, {"n"}), "POST /cp/v2/nodes/n/checkin");
  EXPECT_EQ(call(pull_commands, {"n"}), "POST /cp/v2/nodes/n/commands/pull");
  EXPECT_EQ(call(finish_command, {"n", "c"}), "POST /cp/v2/nodes/n/commands/c/result");
  EXPECT_EQ(call(pull_configs, {"n"}), "POST /cp/v2/nodes/n/configs/pull");
  EXPECT_EQ(call(renew_certificate, {"n"}), "POST /cp/v2/nodes/n/certificates");
  EXPECT_EQ(call(get_certificate_status, {"n"}), "POST /cp/v2/nodes/n/certificates/status");
  EXPECT_EQ(call(acknowledge_configs, {"n"}), "POST /cp/v2/nodes/n/configs/acks");
  EXPECT_EQ(call(report_config_errors, {"n"}), "POST /cp/v2/nodes/n/configs/errors");
  EXPECT_EQ(call(pull_deltas, {"n"}), "POST /cp/v2/nodes/n/deltas/pull");
  EXPECT_EQ(call(get_object, {kConfigObjects, "h"}), "GET /cp/v2/objects/configs/h");
  EXPECT_EQ(call(open_events, {"n"}), "GET /cp/v2/nodes/n/events");
}

TEST(NodeApiCalls, StayInTheirSegmentWhateverAValueIs) {
  EXPECT_EQ(path_of(NodeApiCall::finish_command, {"n", "a/../b c"}),
            "/cp/v2/nodes/n/commands/a%2F..%2Fb%20c/result");
}

TEST(NodeApiCalls, AreEachNamedOnce) {
  std::set<std::string_view> names;
  for (const NodeApiCallKind& kind : kNodeApiCalls) names.insert(kind.operation);
  EXPECT_EQ(names.size(), kNodeApiCalls.size());
}

}  // namespace
}  // namespace rap::wire
