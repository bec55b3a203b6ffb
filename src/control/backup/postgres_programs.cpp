#include "control/backup/postgres_programs.hpp"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fcntl.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

#include "base/log/printable.hpp"
#include "base/try.hpp"
#include "control/backup/system_failure.hpp"
#include "control/store/database.hpp"
#include "control/store/postgres/client_sign_in.hpp"
#include "io/process/spawn.hpp"
#include "io/system/file.hpp"

namespace rap::control::server {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxSaid = 4096;  // of an error message
// The rows of everybody, of every cluster (store/migrations/0018_clusters.sql).
constexpr const char* kPlatformScope = "PGOPTIONS=-c rap.scope=platform -c rap.cluster_id=";

// Ours, but for what we set; messages in English.
std::vector<std::string> environment(const std::vector<std::string>& more) {
  std::vector<std::string> out = {"LC_ALL=C"};
  for (char** entry = environ; *entry; ++entry) {
    const std::string_view line = *entry;
    if (!line.starts_with("PGOPTIONS=") && !line.starts_with("LC_ALL=")) out.emplace_back(line);
  }
  for (const std::string& line : more) {
    const std::string name = line.substr(0, line.find('=') + 1);
    std::erase_if(out, [&](const std::string& other) { return other.starts_with(name); });
    out.push_back(line);
  }
  return out;
}

}  // namespace

Result<fs::path> find_postgres_program(const std::string& name, const fs::path& versions) {
  std::vector<std::pair<int, fs::path>> found;
  std::error_code error;
  for (const fs::path& version : io::entries_of(versions).value_or(std::vector<fs::path>{})) {
    const fs::path program = version / "bin" / name;
    if (fs::exists(program, error)) {
      found.emplace_back(std::atoi(version.filename().c_str()), program);
    }
  }
  if (!found.empty()) return std::ranges::max(found).second;
  for (const char* bin : {"/usr/local/bin", "/usr/local/pgsql/bin"}) {
    if (fs::exists(fs::path(bin) / name, error)) return fs::path(bin) / name;
  }
  return std::unexpected(name + " was not found in " + versions.string() +
                         "/*/bin; install the package postgresql-client");
}

Result<PipedProgram> PipedProgram::start(io::SpawnOptions options, Direction direction) {
  // Writing to a program that ended is an error like any other.
  std::signal(SIGPIPE, SIG_IGN);
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return failed("pipe");
  io::Descriptor reading(ends[0]);
  io::Descriptor writing(ends[1]);
  io::Descriptor nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
  io::Descriptor said(::memfd_create("rap-said", MFD_CLOEXEC));
  if (!nothing || !said) return failed("/dev/null");
  const bool we_read = direction == Direction::we_read;
  options.streams = {we_read ? nothing.get() : reading.get(),
                     we_read ? writing.get() : nothing.get(), said.get()};
  const pid_t pid = RAP_TRY(io::start_program(options));
  return PipedProgram(options.program.filename().string(), pid,
                      std::move(we_read ? reading : writing), std::move(said));
}

PipedProgram::PipedProgram(PipedProgram&& o) noexcept
    : name_(std::move(o.name_)),
      pid_(std::exchange(o.pid_, 0)),
      pipe_(std::move(o.pipe_)),
      said_(std::move(o.said_)) {}

PipedProgram::~PipedProgram() {
  if (pid_ == 0) return;
  ::kill(pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

std::string PipedProgram::what_it_said() const {
  std::string text(kMaxSaid, '\0');
  const ssize_t length = ::pread(said_.get(), text.data(), text.size(), 0);
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(length, 0)));
  return printable_line(text);  // it may repeat what stands in a dump that somebody else made
}

Result<std::size_t> PipedProgram::read(MutableBytes into) {
  for (;;) {
    const ssize_t n = ::read(pipe_.get(), into.data(), into.size());
    if (n >= 0) return static_cast<std::size_t>(n);
    if (errno != EINTR) return failed("reading from " + name_);
  }
}

Result<void> PipedProgram::write(ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(pipe_.get(), bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      const auto wrong = failed("writing to " + name_);
      RAP_TRY(finish());
      return wrong;
    }
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return {};
}

Result<void> PipedProgram::finish() {
  pipe_.reset();
  int status = -1;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = 0;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  const std::string said = what_it_said();
  return std::unexpected(name_ + " failed" + (said.empty() ? "" : ": " + said));
}

Result<PipedProgram> dump_database(const std::string& conninfo, const std::string& snapshot) {
  auto sign_in = RAP_TRY(store::client_sign_in(conninfo, std::string(store::kOwnerRole)));
  sign_in.environment.emplace_back(kPlatformScope);
  io::SpawnOptions options;
  options.program = RAP_TRY(find_postgres_program("pg_dump"));
  options.arguments = {"--dbname=" + sign_in.conninfo,
                       "--snapshot=" + snapshot,
                       "--format=custom",
                       "--enable-row-security",
                       "--no-owner",
                       "--no-password",
                       "--no-publications",
                       "--no-subscriptions",
                       "--no-security-labels",
                       "--no-tablespaces",
                       "--lock-wait-timeout=60s"};
  options.environment = environment(sign_in.environment);
  return PipedProgram::start(std::move(options), PipedProgram::Direction::we_read);
}

Result<PipedProgram> load_database(const std::string& conninfo) {
  const auto sign_in = RAP_TRY(store::client_sign_in(conninfo, std::string(store::kOwnerRole)));
  io::SpawnOptions options;
  options.program = RAP_TRY(find_postgres_program("pg_restore"));
  options.arguments = {"--dbname=" + sign_in.conninfo, "--single-transaction", "--exit-on-error",
                       "--no-owner", "--no-password"};
  options.environment = environment(sign_in.environment);
  return PipedProgram::start(std::move(options), PipedProgram::Direction::we_write);
}

Result<PipedProgram> read_through_dump() {
  io::SpawnOptions options;
  options.program = RAP_TRY(find_postgres_program("pg_restore"));
  options.arguments = {"--file=/dev/null"};
  options.environment = environment({});
  return PipedProgram::start(std::move(options), PipedProgram::Direction::we_write);
}

}  // namespace rap::control::server
