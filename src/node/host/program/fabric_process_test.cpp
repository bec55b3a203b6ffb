// Supervision over real processes: a script takes the place of rap-fabric.
#include "node/host/program/fabric_process.hpp"

#include <csignal>
#include <fstream>

#include "base/seeded_random.hpp"
#include "io/loop/test_loop.hpp"
#include "io/system/file.hpp"
#include "io/system/test_directory.hpp"

namespace rap::host {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLives = "echo $$ $@ >> $0.runs; exec sleep 1000";

class FabricProcessTest : public testing::Test {
 protected:
  ~FabricProcessTest() override {
    world_.run([this] { process_.reset(); });
    for (const pid_t pid : pids()) ::kill(pid, SIGKILL);
  }

  fs::path program() const { return folder_ / "fabric"; }
  void write_program(const std::string& body) {
    ASSERT_TRUE(io::write_file_atomic(program(), "#!/bin/sh\n" + body + "\n", 0755));
  }
  void supervise(const fs::path& program, const std::string& metrics = "") {
    world_.run([&] {
      process_.emplace(
          world_.loop,
          FabricProcess::Options{folder_.path(), program, "127.0.0.1:1", "127.0.0.1:2", metrics},
          rng_, log_, [this] { ++running_; });
      process_->start();
    });
  }
  // A line for each start of the script: its process, and its arguments.
  std::vector<std::string> runs() const {
    std::vector<std::string> lines;
    std::ifstream file(program().string() + ".runs");
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    return lines;
  }
  std::vector<pid_t> pids() const {
    std::vector<pid_t> out;
    for (const std::string& line : runs()) out.push_back(std::stoi(line));
    return out;
  }
  void wait_for_runs(std::size_t count) {
    const auto until = std::chrono::steady_clock::now() + io::kPatience;
    while (runs().size() < count && std::chrono::steady_clock::now() < until) {
      std::this_thread::yield();
    }
    ASSERT_GE(runs().size(), count);
  }

  io::TestDirectory folder_;
  SeededRandom rng_{1};
  io::TestLog log_;
  io::TestLoop world_;
  std::atomic<int> running_ = 0;
  std::optional<FabricProcess> process_;
};

TEST_F(FabricProcessTest, StartsTheProgramWithWhatItIsToListenOn) {
  write_program(kLives);
  supervise(program());
  wait_for_runs(1);
  ASSERT_TRUE(log_.wait_for("fabric.started"));
  const std::string expected = " --state " + folder_.path().string() + " --log-file " +
                               (folder_.path() / "fabric.log").string() +
                               " --data-plane-listen 127.0.0.1:1 --fabric-listen 127.0.0.1:2";
  EXPECT_TRUE(runs().front().ends_with(expected)) << runs().front();
  // It tells its owner in the turn of the loop in which it says so.
  world_.run([this] { EXPECT_EQ(1, running_); });
}

TEST_F(FabricProcessTest, TellsItWhereToAnswerPrometheusWhenThatIsGiven) {
  write_program(kLives);
  supervise(program(), "127.0.0.1:3");
  wait_for_runs(1);
  EXPECT_TRUE(runs().front().ends_with(" --metrics-listen 127.0.0.1:3"));
}

TEST_F(FabricProcessTest, StartsItAgainWhenItIsKilledAndSaysHowItEnded) {
  write_program(kLives);
  supervise(program());
  wait_for_runs(1);
  ::kill(pids().front(), SIGKILL);
  wait_for_runs(2);
  EXPECT_TRUE(log_.wait_for("killed by signal 9"));
  EXPECT_TRUE(log_.wait_for("fabric.started", 2));
  EXPECT_NE(pids()[0], pids()[1]);
  world_.run([this] { EXPECT_EQ(2, running_); });
}

TEST_F(FabricProcessTest, StartsTheProgramAlsoWhereItsLogCannotBeWritten) {
  std::filesystem::create_directory(folder_ / "fabric.log");
  write_program(kLives);
  supervise(program());
  wait_for_runs(1);
  EXPECT_TRUE(log_.wait_for("fabric.logs_here"));
  EXPECT_TRUE(log_.wait_for("fabric.log: Is a directory"));
  EXPECT_EQ(runs().front().find("--log-file"), std::string::npos);
}

TEST_F(FabricProcessTest, GoesOnTryingWithAProgramThatDiesAtOnce) {
  write_program("echo $$ >> $0.runs; exit 3");
  supervise(program());
  EXPECT_TRUE(log_.wait_for("exited with status 3", 3));
}

TEST_F(FabricProcessTest, TriesAgainWhenThereIsNoProgramYet) {
  supervise(program());
  ASSERT_TRUE(log_.wait_for("fabric.start_failed"));
  EXPECT_EQ(0, running_);
  write_program(kLives);
  EXPECT_TRUE(log_.wait_for("fabric.started"));
}

TEST_F(FabricProcessTest, LeavesTheProgramRunningWhenTheAgentEnds) {
  write_program(kLives);
  supervise(program());
  wait_for_runs(1);
  world_.run([this] { process_.reset(); });
  EXPECT_EQ(0, ::kill(pids().front(), 0));
}

// A fabric that runs already: the test holds its lock, and `sleep` has its process number.
class AdoptedFabric : public FabricProcessTest {
 protected:
  AdoptedFabric() : lock_(io::FileLock::try_lock(folder_ / "fabric.lock")) {
    world_.run([this] {
      io::SpawnOptions options;
      options.program = sleep_;
      options.arguments = {"1000"};
      old_ = std::move(io::Process::spawn(world_.loop, options).value());
    });
  }
  ~AdoptedFabric() override {
    world_.run([this] {
      old_->signal(SIGKILL);
      process_.reset();
      old_.reset();
    });
  }
  void write_pid() {
    ASSERT_TRUE(
        io::write_file_atomic(folder_ / "fabric.pid", std::to_string(old_->pid()) + "\n", 0644));
  }

  const fs::path sleep_ = fs::canonical("/bin/sleep");
  std::optional<io::FileLock> lock_;
  std::unique_ptr<io::Process> old_;
};

TEST_F(AdoptedFabric, IsWatchedAndNotStartedTwice) {
  write_pid();
  supervise(sleep_);
  ASSERT_TRUE(log_.wait_for("fabric.adopted"));
  world_.run([this] { EXPECT_EQ(1, running_); });
  EXPECT_EQ(0, log_.count("fabric.started"));
  old_->signal(SIGKILL);
  EXPECT_TRUE(log_.wait_for("fabric.ended"));
}

TEST_F(AdoptedFabric, IsFollowedByAnotherOnceItsLockIsFree) {
  write_pid();
  write_program(kLives);
  // Adopted under its own name, then replaced by what is installed there now.
  const fs::path installed = folder_ / "installed";
  fs::create_symlink(sleep_, installed);
  supervise(installed);
  ASSERT_TRUE(log_.wait_for("fabric.adopted"));
  fs::remove(installed);
  fs::create_symlink(program(), installed);
  old_->signal(SIGKILL);
  ASSERT_TRUE(log_.wait_for("fabric.ended"));
  EXPECT_EQ(0, log_.count("fabric.started")) << "while the lock is held";
  lock_.reset();
  EXPECT_TRUE(log_.wait_for("fabric.started"));
}

TEST_F(AdoptedFabric, IsWaitedForUntilItHasSaidWhichProcessItIs) {
  supervise(sleep_);
  ASSERT_TRUE(log_.wait_for("it has not written fabric.pid"));
  write_pid();
  ASSERT_TRUE(log_.wait_for("fabric.adopted"));
  EXPECT_EQ(1, log_.count("fabric.not_adopted")) << "said once, however often it is tried";
}

TEST_F(AdoptedFabric, IsNoStrangerThatHasItsNumber) {
  write_program(kLives);
  write_pid();
  supervise(program());
  EXPECT_TRUE(log_.wait_for("fabric.not_adopted"));
  EXPECT_EQ(0, running_);
  EXPECT_EQ(0, log_.count("fabric.started")) << "somebody holds the lock";
}

}  // namespace
}  // namespace rap::host
