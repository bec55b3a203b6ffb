// A connection that writes down what happens to it takes the place of rap-fabric's.
#include "node/host/program/fabric_unit.hpp"

#include <gtest/gtest.h>

#include "io/loop/test_loop.hpp"
#include "wire/agent/agent_messages.hpp"

namespace rap::host {
namespace {

using namespace std::chrono_literals;

class NotedConnection final : public io::MessageConnection {
 public:
  NotedConnection(io::EventLoop& loop, pid_t pid) : loop_(loop), pid_(pid) {}
  void send(std::string message) override { sent.push_back(std::move(message)); }
  void close() override {
    ++closed;
    loop_.stop();
  }
  pid_t peer_pid() const override { return pid_; }

  std::vector<std::string> sent;
  int closed = 0;

 private:
  io::EventLoop& loop_;
  pid_t pid_;
};

struct FabricUnitTest : testing::Test {
  std::shared_ptr<NotedConnection> come(FabricUnit& unit, pid_t pid) {
    auto connection = std::make_shared<NotedConnection>(loop, pid);
    unit.connected(connection);
    return connection;
  }
  // Runs the loop until a connection is closed, or for so long.
  void run_for(Duration time) {
    io::Timer enough(loop);
    enough.after(time, [this] { loop.stop(); });
    loop.run();
  }
  FabricUnit unit(agent::UnitPatience patience = {}) {
    return {loop, log, [this] { ++running; }, patience};
  }

  io::EventLoop loop;
  io::TestLog log;
  int running = 0;
  const std::vector<std::string> asked_to_end{wire::encode_to_fabric(wire::End{})};
};

TEST_F(FabricUnitTest, IsRunningOnceForEachProcessThatComes) {
  FabricUnit u = unit();
  u.start();
  come(u, 7);
  EXPECT_EQ(1, running);
  u.disconnected();
  come(u, 7);
  EXPECT_EQ(1, running) << "the connection broke, the process goes on";
  u.disconnected();
  come(u, 8);
  EXPECT_EQ(2, running);
  EXPECT_EQ(2, log.count("fabric.taken_up"));
}

TEST_F(FabricUnitTest, AsksTheOneThatIsThereToMakeWay) {
  FabricUnit u = unit();
  const auto connection = come(u, 7);
  EXPECT_TRUE(connection->sent.empty());
  u.restart();
  EXPECT_EQ(asked_to_end, connection->sent);
  u.disconnected();
  EXPECT_TRUE(come(u, 8)->sent.empty()) << "that is the one that took its place";
}

TEST_F(FabricUnitTest, AsksTheNextToGoWhileItIsHeld) {
  FabricUnit u = unit();
  u.hold(true);
  EXPECT_EQ(asked_to_end, come(u, 7)->sent);
  u.disconnected();
  u.hold(true);
  u.hold(false);
  EXPECT_TRUE(come(u, 8)->sent.empty());
}

TEST_F(FabricUnitTest, HangsUpOnOneThatFellSilent) {
  FabricUnit u = unit({.silence = 1ms});
  const auto connection = come(u, 7);
  run_for(20ms);
  EXPECT_EQ(0, connection->closed) << "it has not begun to report";
  u.heard();
  run_for(io::kPatience);
  EXPECT_EQ(1, connection->closed);
  EXPECT_EQ(1, log.count("fabric.silent"));
}

TEST_F(FabricUnitTest, HangsUpOnOneThatDoesNotGo) {
  FabricUnit u = unit({.leaving = 1ms});
  const auto connection = come(u, 7);
  u.restart();
  run_for(io::kPatience);
  EXPECT_EQ(1, connection->closed);
  EXPECT_EQ(1, log.count("fabric.stays"));
  u.disconnected();
  EXPECT_EQ(asked_to_end, come(u, 7)->sent) << "it is asked again when it comes back";
}

TEST_F(FabricUnitTest, WaitsForNothingOnceItIsGone) {
  FabricUnit u = unit({.silence = 1ms, .leaving = 1ms});
  const auto connection = come(u, 7);
  u.heard();
  u.restart();
  u.disconnected();
  run_for(20ms);
  EXPECT_EQ(0, connection->closed);
}

}  // namespace
}  // namespace rap::host
