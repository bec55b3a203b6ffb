// For tests: one private PostgreSQL a test program, and a fresh migrated database a test.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "control/store/database.hpp"
#include "control/store/postgres/migrations.hpp"
#include "control/store/private_postgres.hpp"

namespace rap::store {

class SilentLog final : public Log {
 public:
  void write(LogLevel, std::string_view, std::initializer_list<LogField>) override {}
};

class TestCluster {
 public:
  static TestCluster& get() {
    static TestCluster cluster;
    return cluster;
  }

  // A copy of the migrated database; the conninfo names no user.
  std::string fresh_database() { return copy("rap"); }
  // A copy of a database that nobody is connected to. One without a name is dropped when the test
  // is over: hundreds of them, a thousand files each, would take longer to remove than to use.
  std::string copy(const std::string& original, std::string name = "") {
    if (name.empty()) {
      name = "test_" + std::to_string(++count_);
      of_test_.push_back(name);
    }
    script("CREATE DATABASE " + name + " TEMPLATE " + original +
           " OWNER rap_owner STRATEGY file_copy");
    return conninfo(name);
  }
  std::string conninfo(const std::string& database) const {
    return "host='" + (root_ / "s").string() + "' dbname=" + database;
  }
  Connection superuser(const std::string& database) const {
    return open(conninfo(database), "postgres");
  }
  PrivatePostgres& server() { return *server_; }

  static Connection open(const std::string& conninfo, std::string_view user) {
    auto connection = Connection::open(conninfo, std::string(user));
    // The bound of one try is meant for a machine with nothing else to do.
    for (int again = 0; !connection && again < kMoreTries; ++again) {
      connection = Connection::open(conninfo, std::string(user));
    }
    if (!connection) fail(connection.error().message);
    return std::move(*connection);
  }

 private:
  static constexpr int kMoreTries = 10;

  // Hears when a test is over, and its fixture gone.
  struct Dropping final : testing::EmptyTestEventListener {
    void OnTestEnd(const testing::TestInfo&) override { get().drop_those_of_the_test(); }
  };

  TestCluster() {
    std::string name = (std::filesystem::temp_directory_path() / "rap-test-XXXXXX").string();
    if (!mkdtemp(name.data())) fail("mkdtemp");
    root_ = name;
    chmod(root_.c_str(), 0711);
    server_ = std::make_unique<PrivatePostgres>(
        PrivatePostgres::Options{root_ / "d", root_ / "s", root_ / "d" / "server.log", false});
    if (auto ok = server_->create(); !ok) fail(ok.error());
    Connection owner = open(conninfo("rap"), kOwnerRole);
    if (auto ok = migrate(owner, embedded_migrations()); !ok) fail(ok.error().message);
    testing::UnitTest::GetInstance()->listeners().Append(new Dropping);  // which owns it
  }
  ~TestCluster() {
    (void)server_->stop();
    std::error_code error;
    std::filesystem::remove_all(root_, error);
  }
  void script(const std::string& statement) {
    Connection server = superuser("postgres");
    server.set_patience(std::chrono::minutes{10});  // the disk may be busy
    must(server.script("SET statement_timeout = 0"));
    must(server.script(statement));
  }
  void drop_those_of_the_test() {
    for (const std::string& name : of_test_) {
      script("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)");
    }
    of_test_.clear();
  }
  static void must(const std::expected<void, SqlError>& ok) {
    if (!ok) fail(ok.error().message);
  }
  [[noreturn]] static void fail(const std::string& why) {
    std::fprintf(stderr, "test cluster: %s\n", why.c_str());
    std::abort();
  }

  std::filesystem::path root_;
  std::unique_ptr<PrivatePostgres> server_;
  int count_ = 0;
  std::vector<std::string> of_test_;
};

}  // namespace rap::store
