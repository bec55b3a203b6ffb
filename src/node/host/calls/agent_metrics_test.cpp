#include "node/host/calls/agent_metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/http/server/test_http.hpp"
#include "io/loop/test_loop.hpp"

namespace rap::host {
namespace {

using testing::HasSubstr;
using testing::Not;

agent::Answer answer_of(int status) {
  wire::HttpResponse response;
  response.status = status;
  return response;
}

TEST(AgentMetricsText, TellsHowCallsWentAndWhenTheControlPlaneWasHeardLast) {
  AgentFigures figures;
  EXPECT_THAT(metrics_text(figures), HasSubstr("rap_agent_last_check_in_timestamp_seconds 0\n"));
  using agent::ControlCall;
  const WallTime now = from_unix(1'800'000'000);
  figures.link.count(ControlCall::checkin, answer_of(200), now);
  figures.link.count(ControlCall::checkin, answer_of(403), now + std::chrono::seconds{5});
  figures.link.count(ControlCall::renew_worker, std::unexpected("no route"), now);
  const std::string text = metrics_text(figures);
  for (const char* line : {"rap_agent_calls_total{call=\"check_in\",outcome=\"ok\"} 1\n",
                           "rap_agent_calls_total{call=\"check_in\",outcome=\"refused\"} 1\n",
                           "rap_agent_calls_total{call=\"check_in\",outcome=\"failed\"} 0\n",
                           "rap_agent_calls_total{call=\"renew_worker\",outcome=\"failed\"} 1\n",
                           "rap_agent_last_check_in_timestamp_seconds 1800000000\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

TEST(AgentMetricsText, TellsWhatIsWrongAndWhenCertificatesExpire) {
  AgentFigures figures;
  EXPECT_THAT(metrics_text(figures), Not(HasSubstr("certificate=")));
  figures.certificate_until = from_unix(1'800'000'001);
  figures.worker_until = from_unix(1'800'000'002);
  figures.disk = agent::DiskFault::read_only;
  figures.link.held = true;
  figures.link.fabric_starts = 3;
  figures.usage = {std::chrono::milliseconds{1500}, 4096, 9};
  const std::string text = metrics_text(figures);
  for (const char* line :
       {"rap_agent_certificate_expires_timestamp_seconds{certificate=\"node\"} 1800000001\n",
        "rap_agent_certificate_expires_timestamp_seconds{certificate=\"worker\"} 1800000002\n",
        "rap_agent_disk_failing{fault=\"read_only\"} 1\n",
        "rap_agent_disk_failing{fault=\"full\"} 0\n", "rap_agent_held 1\n",
        "rap_agent_fabric_starts_total 3\n", "rap_agent_process_cpu_seconds_total 1.5",
        "rap_agent_process_resident_bytes 4096\n", "rap_agent_process_open_files 9\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

TEST(AgentMetricsEndpoint, AnswersAndGoesOnWithoutAnAddressThatIsTaken) {
  io::TestLog log;
  io::TestLoop world;
  std::optional<AgentMetrics> first;
  std::optional<AgentMetrics> second;
  std::uint16_t port = 0;
  world.run([&] {
    first.emplace(world.loop, wire::HostPort{"127.0.0.1", 0}, log,
                  [] { return "rap_agent_x 1\n"; });
    port = first->port();
    second.emplace(world.loop, wire::HostPort{"127.0.0.1", port}, log, [] { return ""; });
  });
  EXPECT_TRUE(log.wait_for("listener.failed"));
  io::RawConnection peer(port);
  peer.send("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(peer.response().body, "rap_agent_x 1\n");
  world.run([&] {
    second.reset();
    first.reset();
  });
}

}  // namespace
}  // namespace rap::host
