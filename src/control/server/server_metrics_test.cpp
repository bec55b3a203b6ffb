#include "control/server/server_metrics.hpp"

#include <gtest/gtest.h>

#include "control/store/test_cluster.hpp"

namespace rap::control::server {
namespace {

struct ServerMetrics : testing::Test {
  io::HttpServer make(std::vector<io::HttpExecutor> executors) {
    io::HttpServerOptions options;
    options.executors = std::move(executors);
    return io::HttpServer(
        loop, std::move(options), [](const wire::HttpRequest&) { return wire::HttpResponse{}; },
        log);
  }

  store::SilentLog log;
  io::EventLoop loop;
};

TEST_F(ServerMetrics, CountEveryListenerAndEachOfItsExecutorsApart) {
  const auto api = make({{.name = "api"}});
  const auto node = make({{.name = "node.reports"}, {.name = "node.acks"}});
  const auto ocsp = make({{.name = "requests"}});
  MetricsText text("rap_control_");
  write_executor_metrics(text, {api, node, ocsp});
  const std::string said = text.take();
  for (const char* line : {
           "rap_control_requests_waiting{listener=\"api\",executor=\"api\"} 0",
           "rap_control_requests_waiting{listener=\"node\",executor=\"node.reports\"} 0",
           "rap_control_requests_waiting{listener=\"node\",executor=\"node.acks\"} 0",
           "rap_control_requests_refused_total{listener=\"ocsp\",executor=\"requests\"} 0",
           "rap_control_event_streams 0",
           "rap_control_events_dropped_total 0",
           "# TYPE rap_control_requests_waiting gauge",
           "# TYPE rap_control_requests_refused_total counter",
       }) {
    EXPECT_NE(said.find(std::string(line) + "\n"), said.npos) << line << "\nin\n" << said;
  }
}

TEST(LastBackupMetric, IsATimeAndNothingWhenThereWasNone) {
  MetricsText text("rap_control_");
  write_last_backup_metric(text, 1'800'000'000);
  EXPECT_TRUE(
      text.take().ends_with("# TYPE rap_control_last_backup_timestamp_seconds gauge\n"
                            "rap_control_last_backup_timestamp_seconds 1800000000\n"));
}

TEST(DatabaseMetrics, TellOfAnOutageWhileItGoesOn) {
  MetricsText text("rap_control_");
  using namespace std::chrono_literals;
  write_database_metrics(text, 3, {.up = false, .away = 90s + 250ms, .outages = 2});
  const std::string said = text.take();
  for (const char* line :
       {"rap_control_database_up 0", "rap_control_database_away_seconds_total 90.250000",
        "rap_control_database_outages_total 2", "rap_control_database_changes_refused_total 3"}) {
    EXPECT_NE(said.find(std::string(line) + "\n"), said.npos) << line << "\nin\n" << said;
  }
}

TEST(KeptOcspMetrics, TellHowManyAreKeptAndUsed) {
  MetricsText text("rap_control_");
  write_kept_ocsp_metrics(text, {.answers = 2, .bytes = 2100, .used = 7});
  const std::string said = text.take();
  for (const char* line : {"rap_control_ocsp_kept_answers 2", "rap_control_ocsp_kept_bytes 2100",
                           "rap_control_ocsp_answers_from_memory_total 7"}) {
    EXPECT_NE(said.find(std::string(line) + "\n"), said.npos) << line << "\nin\n" << said;
  }
}

}  // namespace
}  // namespace rap::control::server
