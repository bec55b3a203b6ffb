#include "io/http/metrics_endpoint.hpp"

#include "io/http/test_http.hpp"
#include "io/stream/test_loop.hpp"

namespace rap::io {
namespace {

TEST(MetricsEndpoint, AnswersWithWhatItWasGivenLastAndNothingElse) {
  TestLog log;
  TestLoop world;
  std::optional<MetricsEndpoint> endpoint;
  std::uint16_t port = 0;
  world.run([&] {
    endpoint.emplace(world.loop, "127.0.0.1", 0, log);
    port = endpoint->port();
    endpoint->publish("rap_fabric_old 1\n");
    endpoint->publish("rap_fabric_new 1\n");
  });
  RawConnection peer(port);
  peer.send("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
  const auto answer = peer.response();
  EXPECT_EQ(200, answer.status);
  EXPECT_EQ("rap_fabric_new 1\n", answer.body);
  peer.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(404, peer.response().status);
  world.run([&] { endpoint.reset(); });
}

}  // namespace
}  // namespace rap::io
