#include "io/http/server/metrics_endpoint.hpp"

#include "io/http/server/test_http.hpp"
#include "io/loop/test_loop.hpp"

namespace rap::io {
namespace {

struct MetricsEndpointTest : testing::Test {
  MetricsEndpointTest() {
    world.run([this] { endpoint.emplace(world.loop, "127.0.0.1", 0, log); });
  }
  ~MetricsEndpointTest() override {
    world.run([this] { endpoint.reset(); });
  }
  wire::HttpResponse get(const std::string& path) {
    RawConnection connection(endpoint->port());
    connection.send("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n");
    return connection.response();
  }

  TestLog log;
  TestLoop world;
  std::optional<MetricsEndpoint> endpoint;
};

TEST_F(MetricsEndpointTest, AnswersWithWhatItWasGivenLast) {
  EXPECT_EQ(get("/metrics").body, "") << "nothing was published yet";
  endpoint->publish("first 1\n");
  endpoint->publish("second 2\n");
  const auto response = get("/metrics");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.header("content-type"), "text/plain; version=0.0.4");
  EXPECT_EQ(response.body, "second 2\n");
}

TEST_F(MetricsEndpointTest, HasNothingElse) {
  endpoint->publish("first 1\n");
  for (const char* path : {"/", "/metrics/", "/metrics/x", "/api/v1/me"}) {
    EXPECT_EQ(get(path).status, 404) << path;
  }
}

TEST_F(MetricsEndpointTest, SaysWhenItsAddressIsTaken) {
  world.run([this] {
    EXPECT_THROW(MetricsEndpoint(world.loop, "127.0.0.1", endpoint->port(), log),
                 std::system_error);
  });
}

}  // namespace
}  // namespace rap::io
