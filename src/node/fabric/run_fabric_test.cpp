#include "node/fabric/run_fabric.hpp"

#include <csignal>
#include <thread>

#include <sys/wait.h>
#include <unistd.h>

#include "io/loop/message_socket.hpp"
#include "io/loop/test_loop.hpp"
#include "io/system/file.hpp"
#include "io/system/test_directory.hpp"
#include "wire/agent/agent_messages.hpp"

namespace rap::fabric {
namespace {

struct RunFabric : testing::Test {
  RunFabric() {
    settings.state = folder.path();
    settings.data_plane = settings.fabric = {"127.0.0.1", 0};
  }

  io::TestDirectory folder;
  Settings settings;
  io::TestLog log;
};

TEST_F(RunFabric, LeavesADirectoryAloneThatAnotherRunsOn) {
  const auto other = io::FileLock::try_lock(folder / kLockFile);
  const auto ran = run_fabric(settings, log);
  ASSERT_FALSE(ran);
  EXPECT_EQ("another rap-fabric runs on " + folder.path().string(), ran.error());
  EXPECT_FALSE(std::filesystem::exists(folder / kPidFile)) << "which names the other one";
}

TEST_F(RunFabric, MakesItsDirectoryAndEndsInOrderWhenItsAgentAsksItTo) {
  settings.state = folder / "own";
  settings.agent_socket = folder / "agent.sock";
  settings.agent_user = ::geteuid();
  io::TestLoop world;
  std::optional<io::MessageListener> agent;
  world.run([&] {
    agent.emplace(world.loop, settings.agent_socket.string(),
                  io::MessageHandlers{
                      .on_open = [](auto fabric) { fabric->send(encode_to_fabric(wire::End{})); },
                      .on_message = [](const std::string&) {},
                      .on_close = [] {}},
                  log);
  });
  EXPECT_TRUE(run_fabric(settings, log));
  EXPECT_EQ(1, log.count("fabric.stopped"));
  EXPECT_FALSE(std::filesystem::exists(settings.state / kPidFile)) << "nobody adopts it";
  world.run([&] { agent.reset(); });
}

TEST_F(RunFabric, SaysWhichProcessItIsAndEndsInOrderWhenItIsToldTo) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(run_fabric(settings, log) && log.count("fabric.stopped") == 1 ? 0 : 1);
  std::string said;
  const auto until = std::chrono::steady_clock::now() + io::kPatience;
  while (said.empty() && std::chrono::steady_clock::now() < until) {
    said = io::read_file(folder / kPidFile).value_or("");
    std::this_thread::yield();
  }
  EXPECT_EQ(std::to_string(child) + "\n", said);
  // Once it speaks to its agent its loop runs, and hears signals.
  io::TestLoop world;
  std::optional<io::MessageListener> agent;
  world.run([&] {
    agent.emplace(world.loop, (folder / "agent.sock").string(),
                  io::MessageHandlers{.on_open = [&](auto) { log.info("test.connected"); },
                                      .on_message = [](const std::string&) {},
                                      .on_close = [] {}},
                  log);
  });
  EXPECT_TRUE(log.wait_for("test.connected"));
  int status = 0;
  ::kill(child, SIGTERM);
  ASSERT_EQ(child, ::waitpid(child, &status, 0));
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  world.run([&] { agent.reset(); });
}

}  // namespace
}  // namespace rap::fabric
