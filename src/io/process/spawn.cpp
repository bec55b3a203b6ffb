#include "io/process/spawn.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/system/descriptor.hpp"

namespace rap::io {
namespace {

constexpr std::size_t kUserRecordBytes = 64 * 1024;
constexpr int kMaxGroups = 1024;
constexpr int kFirstDescriptorAboveStdio = 3;

// Moves a descriptor out of the way of dup2 onto 0, 1 and 2, which a daemon may have closed.
Descriptor above_stdio(int fd) {
  Descriptor original(fd);
  if (fd < 0 || fd >= kFirstDescriptorAboveStdio) return original;
  return Descriptor(::fcntl(fd, F_DUPFD_CLOEXEC, kFirstDescriptorAboveStdio));
}

enum class Step : std::uint8_t { streams, session, user, directory, descriptors, exec };

const char* describe(Step step) {
  switch (step) {
    case Step::streams: return "redirecting its output";
    case Step::session: return "starting a session";
    case Step::user: return "changing to its user";
    case Step::directory: return "entering its directory";
    case Step::descriptors: return "closing inherited descriptors";
    case Step::exec: return "executing it";
  }
  return "starting it";
}

struct ChildFailure {
  Step step = Step::exec;
  int error = 0;
};

// All that the child needs, made before fork: after it, nothing may allocate (another thread may
// have held the allocator's lock).
struct ChildPlan {
  const char* program = nullptr;
  std::vector<char*> argv;
  std::vector<char*> envp;
  char* const* environment = nullptr;
  const char* directory = nullptr;
  const RunAs* run_as = nullptr;
  const std::vector<int>* ignored_signals = nullptr;
  bool new_session = false;
  std::optional<std::array<int, 3>> streams;  // above those that they become
  int report = -1;
};

bool redirect_streams(const ChildPlan& plan) {
  return !plan.streams || (::dup2((*plan.streams)[0], STDIN_FILENO) >= 0 &&
                           ::dup2((*plan.streams)[1], STDOUT_FILENO) >= 0 &&
                           ::dup2((*plan.streams)[2], STDERR_FILENO) >= 0);
}

// The system calls themselves: the wrappers of the C library want to tell its other threads.
bool change_user(const RunAs* user) {
  return user == nullptr ||
         (::syscall(SYS_setgroups, user->groups.size(), user->groups.data()) == 0 &&
          ::syscall(SYS_setresgid, user->gid, user->gid, user->gid) == 0 &&
          ::syscall(SYS_setresuid, user->uid, user->uid, user->uid) == 0);
}

// Our handlers must not run in the child, and what we ignore it should not, but for what it is to.
void default_signals(const std::vector<int>& ignored) {
  for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
  for (const int number : ignored) ::signal(number, SIG_IGN);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

[[noreturn]] void run_child(const ChildPlan& plan) {
  default_signals(*plan.ignored_signals);
  ChildFailure failure;
  if (!redirect_streams(plan)) {
    failure = {Step::streams, errno};
  } else if (plan.new_session && ::setsid() < 0) {
    failure = {Step::session, errno};
  } else if (!change_user(plan.run_as)) {
    failure = {Step::user, errno};
  } else if (plan.directory != nullptr && ::chdir(plan.directory) != 0) {
    failure = {Step::directory, errno};
  } else if (::syscall(SYS_close_range, kFirstDescriptorAboveStdio, ~0U, CLOSE_RANGE_CLOEXEC) !=
             0) {
    failure = {Step::descriptors, errno};
  } else {
    ::execve(plan.program, plan.argv.data(), plan.environment);
    failure = {Step::exec, errno};
  }
  // Smaller than PIPE_BUF: it arrives whole or not at all.
  if (::write(plan.report, &failure, sizeof failure) < 0) ::_exit(126);
  ::_exit(127);
}

// Signals wait until the child has dropped our handlers: one that ran there would write to the
// pipe our loop listens to.
pid_t fork_with_signals_held(const ChildPlan& plan) {
  sigset_t all;
  sigset_t old;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &old);
  const pid_t pid = ::fork();
  const int error = errno;
  if (pid == 0) run_child(plan);
  ::pthread_sigmask(SIG_SETMASK, &old, nullptr);
  errno = error;
  return pid;
}

std::vector<char*> pointers(const std::vector<std::string>& strings) {
  std::vector<char*> out;
  for (const std::string& s : strings) out.push_back(const_cast<char*>(s.c_str()));
  out.push_back(nullptr);
  return out;
}

}  // namespace

std::optional<RunAs> find_user(const std::string& name) {
  std::string buffer(kUserRecordBytes, '\0');
  passwd record{};
  passwd* found = nullptr;
  if (::getpwnam_r(name.c_str(), &record, buffer.data(), buffer.size(), &found) != 0 ||
      found == nullptr) {
    return std::nullopt;
  }
  RunAs user{.uid = record.pw_uid, .gid = record.pw_gid, .groups = {}};
  int count = kMaxGroups;
  user.groups.resize(kMaxGroups);
  if (::getgrouplist(name.c_str(), record.pw_gid, user.groups.data(), &count) < 0) {
    return std::nullopt;
  }
  user.groups.resize(static_cast<std::size_t>(count));
  return user;
}

std::expected<pid_t, std::string> start_program(const SpawnOptions& options) {
  const std::string program = options.program.string();
  const auto failed = [&](const std::string& what, int error) {
    return std::unexpected("cannot start " + program + ": " + what + ": " + std::strerror(error));
  };
  ChildPlan plan;
  plan.program = program.c_str();
  std::vector<std::string> arguments = options.arguments;
  arguments.insert(arguments.begin(), program);
  plan.argv = pointers(arguments);
  if (options.environment) plan.envp = pointers(*options.environment);
  plan.environment = options.environment ? plan.envp.data() : environ;
  plan.directory = options.directory ? options.directory->c_str() : nullptr;
  plan.run_as = options.run_as ? &*options.run_as : nullptr;
  plan.ignored_signals = &options.ignored_signals;
  plan.new_session = options.new_session;

  std::array<Descriptor, 3> given;
  if (options.streams) {
    for (std::size_t i = 0; i < given.size(); ++i) {
      given[i] =
          above_stdio(::fcntl((*options.streams)[i], F_DUPFD_CLOEXEC, kFirstDescriptorAboveStdio));
      if (!given[i]) return failed("its streams", errno);
    }
    plan.streams = {given[0].get(), given[1].get(), given[2].get()};
  }
  Descriptor log;
  Descriptor empty_input;
  if (options.log_file) {
    log = above_stdio(::open(options.log_file->c_str(),
                             O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (log.get() < 0) return failed(options.log_file->string(), errno);
    empty_input = above_stdio(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (empty_input.get() < 0) return failed("/dev/null", errno);
    plan.streams = {empty_input.get(), log.get(), log.get()};
  }

  // The pipe closes by itself when exec succeeds; otherwise it tells why not.
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return failed("pipe", errno);
  Descriptor reading(ends[0]);
  Descriptor writing = above_stdio(ends[1]);
  plan.report = writing.get();

  const pid_t pid = fork_with_signals_held(plan);
  if (pid < 0) return failed("fork", errno);
  writing.reset();
  ChildFailure failure;
  ssize_t n = 0;
  while ((n = ::read(reading.get(), &failure, sizeof failure)) < 0 && errno == EINTR) {
  }
  if (n == 0) return pid;
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  return failed(describe(failure.step), failure.error);
}

}  // namespace rap::io
