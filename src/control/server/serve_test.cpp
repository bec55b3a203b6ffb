// rap-control serve as a process: what it refuses before it opens anything, and one life of it.
#include "control/server/serve.hpp"

#include <csignal>
#include <thread>

#include <sys/wait.h>
#include <unistd.h>

#include "control/server/test_server.hpp"
#include "io/system/file.hpp"

namespace rap::control::server {
namespace {

class Serve : public testing::Test {
 protected:
  Serve() {
    options.state = (live.folder / "state").string();
    options.listen = options.node_listen = options.ocsp_listen = "127.0.0.1:0";
    options.public_url = "https://127.0.0.1:8443";
    options.node_url = "127.0.0.1:9091";
    options.log_file = (live.folder / "serve.log").string();
  }

  // The status of a process of its own: this one would lose privileges.
  int exit_status() {
    const pid_t child = start();
    int status = 0;
    EXPECT_EQ(child, ::waitpid(child, &status, 0));
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  pid_t start() {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(run_serve(options));
    return child;
  }
  std::string log() const { return io::read_file(options.log_file).value_or(""); }
  bool says(const std::string& what) const { return log().find(what) != std::string::npos; }
  // Nothing was opened.
  void expect_refused(const std::string& because) {
    EXPECT_EQ(1, exit_status());
    EXPECT_TRUE(says(because)) << log();
    EXPECT_FALSE(std::filesystem::exists(live.state.ports_file()));
  }

  LiveState live;
  ServeOptions options;
};

TEST_F(Serve, RefusesAnOptionThatIsWrong) {
  options.listen = "everywhere";
  expect_refused("--listen must be IP:PORT");
}

TEST_F(Serve, RefusesADirectoryThatWasNotInitialised) {
  options.state = (live.folder / "nothing").string();
  expect_refused("control.failed");
}

TEST_F(Serve, RefusesADirectoryThatAnotherServes) {
  const auto other = io::FileLock::try_lock(live.state.lock_file());
  ASSERT_TRUE(other);
  expect_refused("another rap-control serves " + options.state);
}

TEST_F(Serve, SaysHowToGetADatabaseWhereThereIsNone) {
  expect_refused("there is no private PostgreSQL in " + options.state);
}

TEST_F(Serve, OpensItsListenersTellsWhereAndEndsInOrder) {
  options.node_url = "cp.example:9091";  // none of its names
  {
    ServerParts parts(store::TestCluster::get().fresh_database());
    options.database_url = parts.conninfo;
    User owner;
    owner.id = UserId::random(parts.rng);
    owner.email = "owner@platform.test";
    owner.platform_role = policy::PlatformRole::platform_owner;
    owner.created_at = io::wall_now();
    ASSERT_TRUE(bootstrap(parts.database, live.state.load_authority().value().cluster, owner, "h"));
  }
  const pid_t child = start();
  const MonoTime until = io::mono_now() + io::kPatience;
  while (!says("control.ready") && io::mono_now() < until) std::this_thread::yield();
  EXPECT_TRUE(says("control.ready")) << log();
  const auto ports = io::read_file(live.state.ports_file());
  ASSERT_TRUE(ports);
  for (const char* listener : {"api", "node", "ocsp"}) {
    EXPECT_NE(ports->find('"' + std::string(listener) + '"'), std::string::npos) << *ports;
  }
  const auto served = live.state.served_hosts();
  ASSERT_TRUE(served);
  ASSERT_EQ(2U, served->size());
  EXPECT_EQ("--public-url 127.0.0.1", served->front().option + " " + served->front().host);
  EXPECT_TRUE(says("certificate.host_missing")) << log();
  EXPECT_FALSE(says(R"("option":"--public-url")")) << "this one is named";
  int status = 0;
  ::kill(child, SIGTERM);
  ASSERT_EQ(child, ::waitpid(child, &status, 0));
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << log();
  EXPECT_TRUE(says("control.stopping"));
  EXPECT_FALSE(std::filesystem::exists(live.state.served_hosts_file()));
}

TEST_F(Serve, IsNotReadyWhileItsDatabaseDoesNotAnswer) {
  options.database_url = "host=" + (live.folder / "nowhere").string() + " dbname=rap";
  const pid_t child = start();
  const MonoTime until = io::mono_now() + io::kPatience;
  while (!says("control.waiting") && io::mono_now() < until) std::this_thread::yield();
  EXPECT_TRUE(says("control.waiting")) << log();
  EXPECT_TRUE(std::filesystem::exists(live.state.ports_file())) << "it listens";
  ::kill(child, SIGTERM);
  int status = 0;
  ASSERT_EQ(child, ::waitpid(child, &status, 0));
  EXPECT_FALSE(says("\"control.ready\"")) << log();
}

}  // namespace
}  // namespace rap::control::server
