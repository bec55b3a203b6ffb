#include "io/process/process.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>

#include "base/try.hpp"

namespace asio = boost::asio;
namespace fs = std::filesystem;

namespace rap::io {
namespace {

int open_pidfd(pid_t pid) { return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)); }

ProcessExit exit_from(const siginfo_t& info) {
  if (info.si_code == CLD_EXITED) return {.code = info.si_status, .signal = std::nullopt};
  return {.code = std::nullopt, .signal = info.si_status};
}

// The file the process runs. The kernel marks one that was replaced since, as an upgrade does.
std::string program_of(pid_t pid) {
  std::error_code error;
  std::string path = fs::read_symlink("/proc/" + std::to_string(pid) + "/exe", error).string();
  static constexpr std::string_view kReplaced = " (deleted)";
  if (path.ends_with(kReplaced)) path.resize(path.size() - kReplaced.size());
  return path;
}

}  // namespace

struct Process::Impl : std::enable_shared_from_this<Impl> {
  Impl(EventLoop& loop, pid_t p, int fd, bool is_child)
      : pid(p), child(is_child), pidfd(loop.context(), fd), kill_timer(loop) {}

  void watch() {
    // A pidfd becomes readable when its process ends, and stays so.
    pidfd.async_wait(asio::posix::stream_descriptor::wait_read,
                     [self = shared_from_this()](boost::system::error_code error) {
                       if (!error) self->ended();
                     });
  }

  void ended() {
    kill_timer.cancel();
    ProcessExit how;
    siginfo_t info{};
    if (child && ::waitid(P_PIDFD, static_cast<id_t>(pidfd.native_handle()), &info, WEXITED) == 0) {
      how = exit_from(info);
    }
    exit = how;
    report();
  }

  void report() {
    if (exit && on_exit) std::exchange(on_exit, nullptr)(*exit);
  }

  void send_signal(int number) {
    if (exit) return;
    ::syscall(SYS_pidfd_send_signal, pidfd.native_handle(), number, nullptr, 0);
  }

  pid_t pid;
  bool child;
  asio::posix::stream_descriptor pidfd;
  Timer kill_timer;
  std::optional<ProcessExit> exit;
  std::function<void(ProcessExit)> on_exit;
};

Process::Process(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) { impl_->watch(); }

Process::~Process() {
  impl_->on_exit = nullptr;
  impl_->kill_timer.cancel();
  impl_->pidfd.close();
}

std::expected<std::unique_ptr<Process>, std::string> Process::spawn(EventLoop& loop,
                                                                    const SpawnOptions& options) {
  auto pid = RAP_TRY(start_program(options));
  // Nobody but us waits for the child, so its number cannot have been reused yet.
  const int fd = open_pidfd(pid);
  if (fd < 0) {
    const int error = errno;
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    return std::unexpected("cannot watch " + options.program.string() + ": " +
                           std::strerror(error));
  }
  return std::unique_ptr<Process>(new Process(std::make_shared<Impl>(loop, pid, fd, true)));
}

std::expected<std::unique_ptr<Process>, std::string> Process::adopt(EventLoop& loop, pid_t pid,
                                                                    const fs::path& program) {
  const std::string name = "process " + std::to_string(pid);
  const int fd = pid > 0 ? open_pidfd(pid) : (errno = ESRCH, -1);
  if (fd < 0) return std::unexpected(name + ": " + std::strerror(errno));
  auto impl = std::make_shared<Impl>(loop, pid, fd, false);
  std::error_code error;
  const std::string wanted = fs::weakly_canonical(program, error).string();
  // Asked after the pidfd was opened: if it is the right program now, the pidfd is its.
  const std::string actual = program_of(pid);
  if (error || actual != wanted) {
    return std::unexpected(name + " is not " + program.string() + " but " +
                           (actual.empty() ? "unknown" : actual));
  }
  return std::unique_ptr<Process>(new Process(std::move(impl)));
}

pid_t Process::pid() const { return impl_->pid; }
bool Process::running() const { return !impl_->exit; }

void Process::on_exit(std::function<void(ProcessExit)> fn) {
  impl_->on_exit = std::move(fn);
  if (!impl_->exit) return;
  asio::post(impl_->pidfd.get_executor(), [impl = impl_] { impl->report(); });
}

void Process::signal(int number) { impl_->send_signal(number); }

void Process::terminate(Duration grace) {
  impl_->send_signal(SIGTERM);
  if (impl_->exit) return;
  impl_->kill_timer.after(grace, [impl = impl_.get()] { impl->send_signal(SIGKILL); });
}

std::expected<ProcessExit, std::string> run_program(const SpawnOptions& options) {
  auto pid = RAP_TRY(start_program(options));
  siginfo_t info{};
  while (::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED) != 0) {
    if (errno != EINTR) {
      return std::unexpected("cannot wait for " + options.program.string() + ": " +
                             std::strerror(errno));
    }
  }
  return exit_from(info);
}

}  // namespace rap::io
