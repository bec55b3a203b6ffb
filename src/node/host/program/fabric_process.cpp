#include "node/host/program/fabric_process.hpp"

#include <charconv>
#include <csignal>
#include <cstring>

#include <fcntl.h>

#include "io/system/descriptor.hpp"
#include "io/system/file.hpp"
#include "io/system/system.hpp"

namespace rap::host {
namespace {

// How soon a fabric that holds its lock but has not written its pid is looked at again.
constexpr Duration kAdoptRetry = std::chrono::milliseconds{100};
// A fabric that is held has this long to end by itself.
constexpr Duration kHoldGrace = std::chrono::seconds{2};

std::optional<pid_t> read_pid(const std::filesystem::path& file) {
  const auto text = io::read_file(file);
  if (!text) return std::nullopt;
  pid_t pid = 0;
  const auto parsed = std::from_chars(text->data(), text->data() + text->size(), pid);
  if (parsed.ec != std::errc{} || pid <= 0) return std::nullopt;
  return pid;
}

std::string describe(const io::ProcessExit& exit) {
  if (exit.signal) return "killed by signal " + std::to_string(*exit.signal);
  if (exit.code) return "exited with status " + std::to_string(*exit.code);
  return "ended";
}

std::expected<void, std::string> check_appendable(const std::filesystem::path& file) {
  constexpr int kAsALog = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
  if (io::Descriptor(::open(file.c_str(), kAsALog, 0600))) return {};
  return std::unexpected(file.string() + ": " + std::strerror(errno));
}

}  // namespace

FabricProcess::FabricProcess(io::EventLoop& loop, Options options, RandomSource& rng, Log& log,
                             std::function<void()> on_running)
    : loop_(loop),
      options_(std::move(options)),
      log_(log),
      on_running_(std::move(on_running)),
      supervision_(rng),
      timer_(loop) {}

void FabricProcess::start() { ensure(); }

void FabricProcess::hold(bool held) {
  if (held == std::exchange(held_, held)) return;
  if (!held) return ensure();
  timer_.cancel();
  if (process_) process_->terminate(kHoldGrace);
}

void FabricProcess::restart() {
  if (process_) process_->terminate(kHoldGrace);
}

// The lock says whether a fabric of this state directory runs, whoever started it.
void FabricProcess::ensure() {
  if (held_ || process_) return;
  if (io::FileLock::try_lock(options_.state / "fabric.lock")) {
    spawn();
  } else {
    adopt();
  }
}

void FabricProcess::adopt() {
  std::string why = "it has not written fabric.pid";
  if (const auto pid = read_pid(options_.state / "fabric.pid")) {
    auto process = io::Process::adopt(loop_, *pid, options_.program);
    if (process) {
      supervision_.adopted(io::mono_now());
      watch(std::move(*process), "fabric.adopted");
      return;
    }
    why = process.error();
  }
  if (!std::exchange(adoption_trouble_said_, true)) {
    log_.warn("fabric.not_adopted", {{"detail", "A rap-fabric holds fabric.lock, but " + why}});
  }
  timer_.after(kAdoptRetry, [this] { ensure(); });
}

void FabricProcess::spawn() {
  io::SpawnOptions options;
  options.program = options_.program;
  options.arguments = {"--state", options_.state.string()};
  const std::filesystem::path log_file = options_.state / "fabric.log";
  if (const auto ok = check_appendable(log_file)) {
    // What it says before it opens its log itself goes there too.
    options.log_file = log_file;
    options.arguments.insert(options.arguments.end(), {"--log-file", log_file.string()});
  } else {
    // Traffic is worth more than its log.
    log_.error("fabric.logs_here",
               {{"detail", ok.error() + ". What rap-fabric says goes where this agent's log goes, "
                                        "until it is started anew and can write its own."}});
  }
  options.arguments.insert(options.arguments.end(),
                           {"--data-plane-listen", options_.data_plane_listen, "--fabric-listen",
                            options_.fabric_listen});
  if (!options_.metrics_listen.empty()) {
    options.arguments.insert(options.arguments.end(),
                             {"--metrics-listen", options_.metrics_listen});
  }
  options.ignored_signals = {SIGHUP};
  options.new_session = true;
  auto process = io::Process::spawn(loop_, options);
  if (!process) {
    log_.error("fabric.start_failed", {{"detail", process.error()}});
    supervision_.start_failed(io::mono_now());
    schedule();
    return;
  }
  supervision_.started(io::mono_now());
  watch(std::move(*process), "fabric.started");
}

void FabricProcess::watch(std::unique_ptr<io::Process> process, std::string_view event) {
  adoption_trouble_said_ = false;
  process_ = std::move(process);
  log_.info(event, {{"pid", process_->pid()}});
  on_running_();
  process_->on_exit([this](io::ProcessExit exit) {
    log_.warn("fabric.ended", {{"pid", process_->pid()}, {"detail", describe(exit)}});
    process_.reset();
    supervision_.exited(io::mono_now());
    schedule();
  });
}

void FabricProcess::schedule() {
  timer_.after(std::max(Duration::zero(), *supervision_.start_at() - io::mono_now()),
               [this] { ensure(); });
}

}  // namespace rap::host
