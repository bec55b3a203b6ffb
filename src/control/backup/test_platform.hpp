// For tests: a platform that is backed up and restored, with rows in every table and a state
// directory with the keys of their cluster.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <optional>
#include <set>

#include "backup/test_backup.hpp"
#include "control/backup/backing_up.hpp"
#include "control/backup/restoring.hpp"
#include "control/store/test_walls.hpp"
#include "io/system/file.hpp"
#include "io/system/system.hpp"
#include "io/system/test_directory.hpp"

namespace rap::control::server {

class BackupTest : public store::Walls {
 protected:
  BackupTest() {
    std::filesystem::permissions(folder_.path(), std::filesystem::perms{0711});
    std::filesystem::create_directories(folder_ / "state/clusters" / one_.str());
    state_.emplace(folder_ / "state");
    EXPECT_TRUE(state_->create(rng));
    EXPECT_TRUE(state_->create_pki({"127.0.0.1"}, io::wall_now(), rng));
  }

  std::string in_folder(const std::string& name) const { return (folder_ / name).string(); }

  // The error, or the empty string.
  std::string back_up(const std::string& name = "backup") {
    const auto authority = state_->load_authority().value();
    auto made = make_backup(*state_, {in_folder(name), key_.public_key}, {conninfo_, authority});
    if (made) made_ = *made;
    return made ? "" : made.error();
  }
  std::string restore(const std::string& state, const std::string& database,
                      const std::string& name = "backup", const std::string& root = "") {
    const auto file = BackupFile::open(in_folder(name), key_);
    if (!file) return file.error();
    const auto done = restore_backup({in_folder(state), database, root}, *file);
    return done ? "" : done.error();
  }
  // What stands in a backup, opened with the key.
  backup::RecordingSink content() const {
    const std::string file = read("backup");
    backup::RecordingSink out;
    backup::ArchiveReader reader(out);
    const auto plain = backup::opened(key_, as_bytes(file));
    EXPECT_TRUE(plain && reader.push(*plain) && reader.finish());
    return out;
  }
  static std::string empty_database() { return store::TestCluster::get().copy("template1"); }

  // A digest of the rows of every table; what a restore changes by itself is left out.
  std::map<std::string, std::string> rows_of(const std::string& conninfo) {
    std::map<std::string, std::string> out;
    auto superuser = store::TestCluster::open(conninfo, "postgres");
    for (const std::string& table : tables("c.relkind = 'r'")) {
      const std::string what = table == "audit_log" ? "audit_log WHERE action NOT IN "
                                                      "('database.went_back', 'database.restored', "
                                                      "'backup.begun', 'backup.made')"
                                                    : table;
      if (std::set<std::string>{"clusters", "audit_head", "delta_counters", "node_status"}.contains(
              table)) {
        continue;
      }
      const auto rows = superuser.query(
          "SELECT count(*) || ' ' || coalesce(md5(string_agg(r::text, '|' ORDER BY r::text)), '') "
          "FROM (SELECT * FROM " +
              what + ") r",
          {});
      EXPECT_TRUE(rows) << table << ": " << rows.error().message;
      if (rows) out[table] = (*rows)[0].text(0);
    }
    return out;
  }
  static std::string asked(const std::string& conninfo, const std::string& sql) {
    auto superuser = store::TestCluster::open(conninfo, "postgres");
    const auto rows = superuser.query(sql, {});
    return rows ? (*rows)[0].text(0) : rows.error().message;
  }
  static std::string audited(const std::string& conninfo, const std::string& action) {
    return asked(conninfo, "SELECT count(*)::text FROM audit_log WHERE action = '" + action + "'");
  }
  static bool is_empty(const std::string& conninfo) {
    return asked(conninfo,
                 "SELECT count(*)::text FROM pg_class c JOIN pg_namespace n ON "
                 "n.oid = c.relnamespace WHERE n.nspname = 'public'") == "0";
  }
  void write(const std::string& path, const std::string& text) const {
    std::ofstream(folder_ / path) << text;
  }
  std::string read(const std::string& path) const {
    return io::read_file(folder_ / path).value_or("(none)");
  }

  io::TestDirectory folder_;
  io::SystemRandom rng;
  crypto::X25519KeyPair key_ = crypto::X25519KeyPair::generate(rng);
  std::optional<StateDirectory> state_;
  MadeBackup made_;
};

}  // namespace rap::control::server
