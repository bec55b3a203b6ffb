#include "control/core/metrics.hpp"

#include <gtest/gtest.h>

namespace rap::control {
namespace {

TEST(Metrics, CountRequestsByListenerRouteAndStatus) {
  Metrics m;
  m.add_routes("api", {"getMe"});
  m.add_routes("node", {"checkIn"});
  m.count_request("api", "getMe", 200);
  m.count_request("api", "getMe", 200);
  m.count_request("api", "", 404);
  m.count_request("node", "checkIn", 418);
  m.count_request("node", "unheard-of", 200);
  m.count_sign_in_failure();
  ClusterFigures figures;
  figures.nodes = {{"approved", 3}};
  figures.sessions = {{"active", 2}};
  const std::string text = m.text(figures);
  for (const char* line :
       {"rap_control_requests_total{listener=\"api\",route=\"getMe\",status=\"200\"} 2\n",
        "rap_control_requests_total{listener=\"api\",route=\"\",status=\"404\"} 1\n",
        "rap_control_requests_total{listener=\"node\",route=\"checkIn\",status=\"other\"} 1\n",
        "rap_control_sign_in_failures_total 1\n", "rap_nodes{state=\"approved\"} 3\n",
        "rap_sessions{state=\"active\"} 2\n", "# TYPE rap_control_requests_total counter\n"}) {
    EXPECT_NE(text.find(line), text.npos) << line << "in\n" << text;
  }
  EXPECT_EQ(text.find("unheard-of"), text.npos);
}

TEST(Metrics, LeaveOutWhatTheDatabaseKnowsWhileItIsAway) {
  Metrics m;
  m.count_sign_in_failure();
  const std::string text = m.text(std::nullopt);
  EXPECT_NE(text.find("rap_control_sign_in_failures_total 1\n"), text.npos);
  for (const char* name : {"rap_nodes", "rap_sessions", "rap_database_histories"}) {
    EXPECT_EQ(text.find(name), text.npos) << name << " would be told wrongly";
  }
}

TEST(Metrics, HaveRoomForWhatOthersCount) {
  Metrics m;
  m.add_source([](MetricsText& t) { t.one("streams", "gauge", "Open now.", 7); });
  EXPECT_TRUE(m.text(std::nullopt)
                  .ends_with("# HELP rap_control_streams Open now.\n"
                             "# TYPE rap_control_streams gauge\n"
                             "rap_control_streams 7\n"));
}

}  // namespace
}  // namespace rap::control
