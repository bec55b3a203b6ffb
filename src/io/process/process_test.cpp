#include "io/process/process.hpp"

#include <array>
#include <csignal>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/process/spawn.hpp"
#include "io/system/descriptor.hpp"
#include "io/system/file.hpp"
#include "io/system/test_directory.hpp"

namespace rap::io {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using testing::HasSubstr;

struct ProcessTest : testing::Test {
  TestDirectory dir;
  EventLoop loop;
  std::optional<ProcessExit> exit;

  SpawnOptions shell(const std::string& script) {
    return {.program = "/bin/sh",
            .arguments = {"-c", script},
            .environment = std::nullopt,
            .log_file = dir / "log",
            .directory = std::nullopt,
            .run_as = std::nullopt,
            .ignored_signals = {}};
  }
  std::string log() { return read_file(dir / "log").value_or("no log"); }

  std::unique_ptr<Process> spawn(const std::string& script) {
    auto process = Process::spawn(loop, shell(script));
    EXPECT_TRUE(process) << process.error();
    return process ? std::move(*process) : nullptr;
  }
  void run_until_exit(Process& process) {
    process.on_exit([this](ProcessExit how) {
      exit = how;
      loop.stop();
    });
    loop.run();
    EXPECT_FALSE(process.running());
  }
};

// A running program that is not our child: the one that started it is gone.
class Orphan {
 public:
  explicit Orphan(const std::filesystem::path& program) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    const pid_t parent = ::fork();
    if (parent == 0) {
      SpawnOptions options;
      options.program = program;
      options.arguments = {"1000"};
      const pid_t pid = start_program(options).value_or(0);
      ::_exit(::write(ends[1], &pid, sizeof pid) == sizeof pid ? 0 : 1);
    }
    EXPECT_EQ(::read(ends[0], &pid_, sizeof pid_), static_cast<ssize_t>(sizeof pid_));
    ::close(ends[0]);
    ::close(ends[1]);
    ::waitpid(parent, nullptr, 0);
  }
  ~Orphan() {
    if (pid_ > 0) ::kill(pid_, SIGKILL);
  }
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = 0;
};

TEST_F(ProcessTest, ReportsTheExitCode) {
  auto process = spawn("exit 7");
  EXPECT_TRUE(process->running());
  run_until_exit(*process);
  EXPECT_EQ(exit->code, 7);
  EXPECT_EQ(exit->signal, std::nullopt);
}

TEST_F(ProcessTest, ReportsTheKillingSignal) {
  auto process = spawn("kill -USR1 $$");
  run_until_exit(*process);
  EXPECT_EQ(exit->code, std::nullopt);
  EXPECT_EQ(exit->signal, SIGUSR1);
}

TEST_F(ProcessTest, TellsTheEndToAHandlerThatComesLater) {
  auto process = spawn("exit 3");
  process->on_exit([&](ProcessExit) { loop.stop(); });
  loop.run();
  run_until_exit(*process);
  EXPECT_EQ(exit->code, 3);
}

TEST_F(ProcessTest, TheHandlerMayDestroyTheProcess) {
  auto process = spawn("exit 0");
  process->on_exit([&](ProcessExit) {
    process.reset();
    loop.stop();
  });
  loop.run();
}

TEST_F(ProcessTest, HasTheStreamsItIsGivenWhateverTheirNumbers) {
  SpawnOptions options = shell("cat; echo err >&2");
  options.log_file.reset();
  std::array<int, 2> in{};
  std::array<int, 2> out{};
  std::array<int, 2> err{};
  for (auto* ends : {&in, &out, &err}) ASSERT_EQ(::pipe2(ends->data(), O_CLOEXEC), 0);
  options.streams = {in[0], out[1], err[1]};
  auto process = Process::spawn(loop, options);
  ASSERT_TRUE(process) << process.error();
  ASSERT_EQ(::write(in[1], "given", 5), 5);
  for (const int fd : {in[0], in[1], out[1], err[1]}) ::close(fd);
  run_until_exit(**process);
  std::array<char, 16> text{};
  EXPECT_EQ(std::string(text.data(), static_cast<std::size_t>(::read(out[0], text.data(), 16))),
            "given");
  EXPECT_EQ(std::string(text.data(), static_cast<std::size_t>(::read(err[0], text.data(), 16))),
            "err\n");
  ::close(out[0]);
  ::close(err[0]);
}

TEST_F(ProcessTest, AppendsItsOutputToTheLogAndReadsNothing) {
  ASSERT_TRUE(write_file_atomic(dir / "log", "before\n"));
  auto process = spawn("cat; echo out; echo err >&2");
  run_until_exit(*process);
  EXPECT_EQ(log(), "before\nout\nerr\n");
}

TEST_F(ProcessTest, GetsTheEnvironmentAndDirectoryGiven) {
  SpawnOptions options = shell("echo $RAP_TEST; pwd; echo ${HOME-unset}");
  options.environment = {"RAP_TEST=hello"};
  options.directory = "/usr";
  ASSERT_TRUE(run_program(options));
  EXPECT_EQ(log(), "hello\n/usr\nunset\n");
}

TEST_F(ProcessTest, ANewSessionIsItsOwnLeader) {
  const std::string script =
      "read pid name state parent group session rest < /proc/self/stat;"
      "test $session = $$";
  EXPECT_EQ(run_program(shell(script))->code, 1);
  SpawnOptions options = shell(script);
  options.new_session = true;
  EXPECT_EQ(run_program(options)->code, 0);
}

TEST_F(ProcessTest, InheritsNoDescriptorOfOurs) {
  const Descriptor null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  // It has no close-on-exec, as the sockets that Asio opens have none.
  const Descriptor leaky(::fcntl(null.get(), F_DUPFD, 100));
  ASSERT_TRUE(leaky);
  const std::string fd = std::to_string(leaky.get());
  EXPECT_EQ(run_program(shell("test -e /proc/$$/fd/0 && test ! -e /proc/$$/fd/" + fd))->code, 0);
}

TEST_F(ProcessTest, StartsWithDefaultSignals) {
  const auto old = ::signal(SIGPIPE, SIG_IGN);
  auto ended = run_program(shell("kill -PIPE $$"));
  ::signal(SIGPIPE, old);
  EXPECT_EQ(ended->signal, SIGPIPE);
}

TEST_F(ProcessTest, NamesTheStepThatFailed) {
  SpawnOptions options = shell("");
  options.program = dir / "missing";
  auto missing = Process::spawn(loop, options);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error(), "cannot start " + (dir / "missing").string() +
                                 ": executing it: No such file or directory");
  options = shell("");
  options.directory = dir / "nowhere";
  EXPECT_THAT(Process::spawn(loop, options).error(), HasSubstr("entering its directory"));
  options = shell("");
  options.log_file = dir / "nowhere/log";
  EXPECT_THAT(Process::spawn(loop, options).error(), HasSubstr("nowhere/log"));
}

TEST_F(ProcessTest, TerminateSendsSigtermFirst) {
  auto process = spawn("exec sleep 1000");
  process->terminate(hours{1});
  run_until_exit(*process);
  EXPECT_EQ(exit->signal, SIGTERM);
}

TEST_F(ProcessTest, TerminateKillsWhatIgnoresIt) {
  const std::string fifo = (dir / "fifo").string();
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  auto process = spawn("trap '' TERM; : > " + fifo + "; exec sleep 1000");
  const Descriptor ready(::open(fifo.c_str(), O_RDONLY));  // opens once the trap is set
  process->terminate(milliseconds{1});
  run_until_exit(*process);
  EXPECT_EQ(exit->signal, SIGKILL);
}

TEST_F(ProcessTest, GoesOnWhenItsObjectIsDestroyed) {
  const std::string fifo = (dir / "fifo").string();
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  auto process = spawn("read line < " + fifo + "; exit 4");
  const pid_t pid = process->pid();
  process.reset();
  {
    const Descriptor wake(::open(fifo.c_str(), O_WRONLY));
  }
  int status = -1;
  ASSERT_EQ(::waitpid(pid, &status, 0), pid);
  EXPECT_EQ(WEXITSTATUS(status), 4);
}

TEST_F(ProcessTest, AnAdoptedStrangerIsWatchedAndTerminated) {
  const Orphan orphan("/usr/bin/sleep");
  auto process = Process::adopt(loop, orphan.pid(), "/usr/bin/sleep");
  ASSERT_TRUE(process) << process.error();
  EXPECT_EQ((*process)->pid(), orphan.pid());
  (*process)->terminate(hours{1});
  run_until_exit(**process);
  EXPECT_EQ(exit->code, std::nullopt);
  EXPECT_EQ(exit->signal, std::nullopt);
}

TEST_F(ProcessTest, AdoptionRefusesAnotherProgramAndADeadProcess) {
  const Orphan orphan("/usr/bin/sleep");
  auto wrong = Process::adopt(loop, orphan.pid(), "/bin/cat");
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error(), HasSubstr("is not /bin/cat but"));
  auto right = Process::adopt(loop, orphan.pid(), "/usr/bin/sleep");
  ASSERT_TRUE(right);
  (*right)->signal(SIGKILL);
  run_until_exit(**right);
  EXPECT_FALSE(Process::adopt(loop, 0, "/usr/bin/sleep"));
  EXPECT_FALSE(Process::adopt(loop, -1, "/usr/bin/sleep"));
}

TEST_F(ProcessTest, AdoptsAProgramWhoseFileWasReplaced) {
  const auto program = dir / "nap";
  std::filesystem::copy("/usr/bin/sleep", program);
  const Orphan orphan(program);
  ASSERT_TRUE(write_file_atomic(program, "the next version", 0755));
  auto process = Process::adopt(loop, orphan.pid(), program);
  ASSERT_TRUE(process) << process.error();
  (*process)->signal(SIGKILL);
  run_until_exit(**process);
}

TEST_F(ProcessTest, ChangesUserAndDropsOurGroups) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to become another user";
  SpawnOptions options = shell("id -u; id -g; id -G");
  options.run_as = RunAs{.uid = 65534, .gid = 65533, .groups = {65532}};
  ASSERT_TRUE(run_program(options));
  EXPECT_EQ(log(), "65534\n65533\n65533 65532\n");
}

TEST(FindUser, KnowsRootAndNotAStranger) {
  auto root = find_user("root");
  ASSERT_TRUE(root);
  EXPECT_EQ(root->uid, 0U);
  EXPECT_FALSE(root->groups.empty());
  EXPECT_FALSE(find_user("no-such-user-here"));
}

}  // namespace
}  // namespace rap::io
