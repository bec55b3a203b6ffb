#include "control/store/private_postgres.hpp"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <optional>
#include <system_error>
#include <vector>

#include "control/store/database.hpp"
#include "control/store/postgres/connection.hpp"
#include "io/system/file.hpp"

namespace rap::store {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSuperuser = "postgres";  // of the cluster; used once, to create the roles
constexpr const char* kStartSeconds = "60";
constexpr std::chrono::minutes kPatience{10};  // a database is copied file by file
constexpr const char* kMaxConnections = "40";
constexpr const char* kSocketName = "/.s.PGSQL.5432";
constexpr std::size_t kMaxPidFileBytes = 4096;
constexpr const char* kReadyMark = "rap_ready";  // in the data directory, once create() is done

std::unexpected<std::string> failure(std::string sentence) {
  return std::unexpected(std::move(sentence));
}

std::string errno_text() { return std::generic_category().message(errno); }

// The server of this version, or the newest that is installed.
std::optional<fs::path> find_binaries(const fs::path& programs, std::optional<int> wanted) {
  std::vector<std::pair<int, fs::path>> found;
  std::error_code error;
  const auto versions = io::entries_of(programs).value_or(std::vector<fs::path>{});
  for (const fs::path& version : versions) {
    const fs::path bin = version / "bin";
    const int number = std::atoi(version.filename().c_str());
    if (wanted && number != *wanted) continue;
    if (fs::exists(bin / "initdb", error) && fs::exists(bin / "pg_ctl", error)) {
      found.emplace_back(number, bin);
    }
  }
  if (!found.empty()) return std::ranges::max(found).second;
  if (wanted && !versions.empty()) return std::nullopt;
  for (const char* bin : {"/usr/bin", "/usr/local/bin", "/usr/local/pgsql/bin"}) {
    if (fs::exists(fs::path(bin) / "initdb", error)) return bin;
  }
  return std::nullopt;
}

// The user that PostgreSQL runs as.
std::expected<const passwd*, std::string> server_user() {
  errno = 0;
  const passwd* user = geteuid() == 0 ? getpwnam("postgres") : getpwuid(geteuid());
  if (user) return user;
  return failure(geteuid() == 0
                     ? "there is no user 'postgres' to run PostgreSQL as; install the package "
                       "postgresql, or run rap-control as an ordinary user"
                     : "the user that runs rap-control has no name in the user database");
}

[[noreturn]] void become_and_exec(const passwd& user, const std::vector<char*>& argv, int output) {
  dup2(open("/dev/null", O_RDONLY | O_CLOEXEC), STDIN_FILENO);
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  const bool dropped = geteuid() != 0 || (setgroups(0, nullptr) == 0 && setgid(user.pw_gid) == 0 &&
                                          setuid(user.pw_uid) == 0);
  if (dropped && chdir("/") == 0) {
    // Not on the heap, whose lock another thread may have held at the fork.
    std::array environment = {const_cast<char*>("LC_ALL=C"),
                              const_cast<char*>("PATH=/usr/bin:/bin"), static_cast<char*>(nullptr)};
    execve(argv[0], argv.data(), environment.data());
  }
  _exit(127);
}

// Runs a program of PostgreSQL to its end; its output is part of the error.
PrivatePostgres::Done run(const fs::path& program, std::vector<std::string> arguments) {
  auto user = server_user();
  if (!user) return failure(user.error());
  arguments.insert(arguments.begin(), program.string());
  std::vector<char*> argv;
  for (std::string& a : arguments) argv.push_back(a.data());
  argv.push_back(nullptr);

  char name[] = "/tmp/rap-postgres-XXXXXX";
  const int output = mkostemp(name, O_CLOEXEC);
  if (output < 0) return failure("cannot create a temporary file: " + errno_text());
  unlink(name);

  const pid_t child = fork();
  if (child == 0) become_and_exec(**user, argv, output);
  int status = -1;
  if (child > 0) {
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
  }
  std::string text(4096, '\0');
  const ssize_t length = pread(output, text.data(), text.size(), 0);
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(length, 0)));
  close(output);
  if (child > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  while (text.ends_with('\n')) text.pop_back();
  return failure(program.string() + " failed: " + text);
}

PrivatePostgres::Done make_directory(const fs::path& path, const passwd& owner) {
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    return failure(path.string() + ": " + errno_text());
  }
  if (geteuid() != 0) return {};
  return io::give_directory(path, {owner.pw_uid, owner.pw_gid});
}

// Every directory above must let the server's user through.
PrivatePostgres::Done check_reachable(const fs::path& path, const passwd& user) {
  if (geteuid() != 0) return {};
  for (fs::path dir = fs::absolute(path).parent_path(); dir != dir.root_path();
       dir = dir.parent_path()) {
    struct stat info{};
    if (stat(dir.c_str(), &info) != 0) return failure(dir.string() + ": " + errno_text());
    const bool open_to_all = (info.st_mode & S_IXOTH) != 0;
    if (open_to_all || info.st_uid == user.pw_uid) continue;
    return failure("the user '" + std::string(user.pw_name) +
                   "', which runs PostgreSQL, cannot "
                   "enter " +
                   dir.string() + "; run 'chmod o+x " + dir.string() +
                   "' or choose another state directory");
  }
  return {};
}

PrivatePostgres::Done write_file(const fs::path& path, const std::string& text,
                                 const passwd& owner) {
  // The folder belongs to PostgreSQL's user, who could have put a link there.
  const auto theirs =
      geteuid() == 0 ? std::optional(io::FileOwner{owner.pw_uid, owner.pw_gid}) : std::nullopt;
  return io::write_file_atomic(path, text, 0600, theirs);
}

}  // namespace

bool PrivatePostgres::exists() const {
  std::error_code error;
  return fs::exists(options_.data / kReadyMark, error);
}

std::string PrivatePostgres::conninfo() const {
  return "host='" + fs::absolute(options_.sockets).string() + "' dbname=rap";
}

PrivatePostgres::Done PrivatePostgres::prepare_directories() const {
  const auto user = server_user();
  if (!user) return failure(user.error());
  const std::string socket = fs::absolute(options_.sockets).string() + kSocketName;
  if (socket.size() >= sizeof(sockaddr_un::sun_path)) {
    return failure("the path of PostgreSQL's socket is too long (" + socket +
                   "); choose a state directory with a shorter path");
  }
  for (const fs::path& dir : {options_.data, options_.sockets}) {
    if (auto ok = make_directory(dir, **user); !ok) return ok;
    if (auto ok = check_reachable(dir, **user); !ok) return ok;
  }
  return {};
}

PrivatePostgres::Done PrivatePostgres::write_access_rules() const {
  const auto server = server_user();
  if (!server) return failure(server.error());
  const passwd* us = getpwuid(geteuid());
  const std::string name = us ? us->pw_name : "root";
  std::string map = "# map  operating system user  role\n";
  for (const auto& role :
       {std::string(kOwnerRole), std::string(kAppRole), std::string(kSuperuser)}) {
    map += "rap \"" + name + "\" " + role + "\n";
  }
  // The rule is for an administrator with psql: who runs the server may do anything with it anyway.
  if (name != (*server)->pw_name) {
    map += "rap \"" + std::string((*server)->pw_name) + "\" " + kSuperuser + "\n";
  }
  if (auto ok = write_file(options_.data / "pg_ident.conf", map, **server); !ok) return ok;
  return write_file(options_.data / "pg_hba.conf", "local all all peer map=rap\n", **server);
}

PrivatePostgres::Done PrivatePostgres::create_roles() const {
  const std::string conninfo =
      "host='" + fs::absolute(options_.sockets).string() + "' dbname=postgres";
  auto connection = Connection::open(conninfo, kSuperuser);
  if (!connection) return failure("the new database refuses us: " + connection.error().message);
  connection->set_patience(kPatience);
  const std::string owner(kOwnerRole);
  const std::string app(kAppRole);
  for (const std::string& statement :
       {std::string("SET statement_timeout = 0"),
        "CREATE ROLE " + owner + " LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE",
        "CREATE ROLE " + app + " LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE",
        "CREATE DATABASE rap OWNER " + owner + " ENCODING 'UTF8' TEMPLATE template0",
        std::string("REVOKE ALL ON DATABASE rap FROM PUBLIC"),
        "GRANT CONNECT ON DATABASE rap TO " + app}) {
    if (auto ok = connection->script(statement); !ok) return failure(ok.error().message);
  }
  return {};
}

PrivatePostgres::Done PrivatePostgres::create() {
  const auto bin = binaries();
  if (!bin) return failure(bin.error());
  if (auto ok = prepare_directories(); !ok) return ok;
  std::error_code error;
  if (!fs::exists(options_.data / "PG_VERSION", error)) {
    std::vector<std::string> arguments = {"--pgdata",   fs::absolute(options_.data).string(),
                                          "--username", kSuperuser,
                                          "--encoding", "UTF8",
                                          "--locale",   "C",
                                          "--auth",     "peer"};
    if (!options_.durable) arguments.emplace_back("--no-sync");
    if (auto ok = run(*bin / "initdb", std::move(arguments)); !ok) return ok;
  }
  if (auto ok = write_access_rules(); !ok) return ok;
  if (auto ok = start(); !ok) return ok;
  if (auto ok = create_roles(); !ok) return ok;
  const auto user = server_user();
  return write_file(options_.data / kReadyMark, "", **user);
}

// Data is read by the version that wrote it only, and a newer one may be installed beside it.
std::expected<fs::path, std::string> PrivatePostgres::binaries() const {
  const auto written = io::read_plain_file(options_.data / "PG_VERSION", kMaxPidFileBytes);
  const int version = written ? std::atoi(written->c_str()) : 0;
  if (auto bin =
          find_binaries(options_.programs, version > 0 ? std::optional(version) : std::nullopt)) {
    return *bin;
  }
  const std::string where = options_.programs.string() + "/*/bin";
  if (version <= 0) {
    return failure("PostgreSQL's programs were not found in " + where +
                   "; install the package postgresql, or name a server with --database-url");
  }
  const std::string number = std::to_string(version);
  return failure("the data in " + options_.data.string() + " was written by PostgreSQL " + number +
                 ", whose programs were not found in " + where +
                 "; install the package postgresql-" + number +
                 ", and move to another version with a backup");
}

PrivatePostgres::Done PrivatePostgres::control(const char* action) const {
  const auto bin = binaries();
  if (!bin) return failure(bin.error());
  std::vector<std::string> arguments = {action, "--silent", "--pgdata",
                                        fs::absolute(options_.data).string()};
  if (std::strcmp(action, "stop") == 0) {
    arguments.insert(arguments.end(), {"--mode", "fast", "--wait"});
  } else if (std::strcmp(action, "start") == 0) {
    // Given on the command line, so that the data directory holds nothing to be kept up to date.
    const std::string settings =
        "-c listen_addresses='' -c unix_socket_permissions=0700 -c max_connections=" +
        std::string(kMaxConnections) + " -c unix_socket_directories='" +
        fs::absolute(options_.sockets).string() + "'" +
        (options_.durable ? "" : " -c fsync=off -c synchronous_commit=off -c full_page_writes=off");
    arguments.insert(arguments.end(),
                     {"--wait", "--timeout", kStartSeconds, "--log",
                      fs::absolute(options_.log_file).string(), "--options", settings});
  }
  return run(*bin / "pg_ctl", std::move(arguments));
}

// The postmaster's pid and lock files outlive a kill -9, and where nobody reaps orphans its process
// lingers as a zombie: PostgreSQL would take that for a server that runs.
void PrivatePostgres::forget_dead_server() const {
  const auto text = io::read_plain_file(options_.data / "postmaster.pid", kMaxPidFileBytes);
  const long pid = text ? std::atol(text->c_str()) : 0;
  if (pid <= 0) return;
  std::ifstream stat_file("/proc/" + std::to_string(pid) + "/stat");
  const std::string stat(std::istreambuf_iterator<char>(stat_file), {});
  const std::size_t name_end = stat.rfind(") ");
  if (name_end == stat.npos || stat.size() < name_end + 3) return;
  if (stat[name_end + 2] != 'Z') return;
  std::error_code error;
  fs::remove(options_.data / "postmaster.pid", error);
  fs::remove(fs::path(fs::absolute(options_.sockets).string() + kSocketName + ".lock"), error);
}

PrivatePostgres::Done PrivatePostgres::start() {
  forget_dead_server();
  if (running()) return {};
  if (auto ok = prepare_directories(); !ok) return ok;
  return control("start");
}

PrivatePostgres::Done PrivatePostgres::stop() { return running() ? control("stop") : Done{}; }

bool PrivatePostgres::running() const { return control("status").has_value(); }

}  // namespace rap::store
