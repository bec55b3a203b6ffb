// What somebody else made of a backup, or makes of it while it is read: nothing of it is believed,
// and no program sees it, before it is known to be the platform's.
#include <fcntl.h>
#include <sys/file.h>

#include "control/backup/kept_files.hpp"
#include "control/backup/postgres_programs.hpp"
#include "control/backup/test_platform.hpp"
#include "io/system/descriptor.hpp"

namespace rap::control::server {
namespace {

constexpr const char* kLeftBehind = "backup.0123456789abcdef.tmp";

class ForgedBackup : public BackupTest {
 protected:
  ForgedBackup() { EXPECT_EQ("", back_up()); }

  // Sealed to the recipient, as anybody can.
  void forge(const backup::RecordingSink& content, const std::string& name = "forged") const {
    Bytes plain;
    backup::write_manifest(content.described, plain);
    for (std::size_t i = 0; i < content.files.size(); ++i) {
      backup::write_file_head(content.files[i], plain);
      ByteWriter(plain).raw(as_bytes(content.contents[i]));
    }
    backup::begin_database(plain);
    for (std::string_view left = content.database; !left.empty();) {
      const std::string_view block = left.substr(0, backup::kMaxBlockBytes);
      backup::write_database(as_bytes(block), plain);
      left.remove_prefix(block.size());
    }
    backup::end_database(plain);
    backup::write_end(plain);
    write(name, std::string(as_text(backup::sealed(key_.public_key, plain))));
  }
  std::string refused(const backup::RecordingSink& content, const std::string& root = "") {
    forge(content);
    const std::string database = empty_database();
    const std::string said = restore("new", database, "forged", root);
    EXPECT_FALSE(std::filesystem::exists(in_folder("new")));
    EXPECT_TRUE(is_empty(database));
    return said;
  }
  static void add_file(backup::RecordingSink& content, const std::string& path,
                       const std::string& text) {
    content.files.push_back({path, 0600, text.size()});
    content.contents.push_back(text);
    ++content.described.files;
    content.described.file_bytes += text.size();
  }
};

TEST_F(ForgedBackup, IsWhatItWasWhenNothingIsChanged) {
  forge(content());
  EXPECT_EQ("", restore("new", empty_database(), "forged", made_.manifest.root_sha256));
}

TEST_F(ForgedBackup, OfAnotherRootThanTheOneThatIsKnownIsNotRestored) {
  EXPECT_NE(restore("new", empty_database(), "backup", std::string(64, 'a')).find("--root-sha256"),
            std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "new"));
  EXPECT_EQ("", restore("new", empty_database(), "backup", made_.manifest.root_sha256));
}

TEST_F(ForgedBackup, OfAnotherRootIsShownToNoProgram) {
  auto forged = content();
  forged.database = "what pg_restore must not see";
  EXPECT_NE(refused(forged).find("pg_restore"), std::string::npos) << "were it the platform's";
  const std::string said = refused(forged, std::string(64, 'a'));
  EXPECT_NE(said.find("--root-sha256"), std::string::npos) << said;
  EXPECT_EQ(said.find("pg_restore"), std::string::npos) << said;
}

TEST_F(ForgedBackup, ThatNamesTheRightRootAndHasOtherKeysIsShownToNoProgram) {
  auto forged = content();
  forged.database = "what pg_restore must not see";
  for (std::size_t i = 0; i < forged.files.size(); ++i) {
    if (!forged.files[i].path.ends_with("/root.crt")) continue;
    const auto other =
        crypto::make_root(one_, control::validity_from(io::wall_now(), kRootLifetime), rng);
    forged.described.file_bytes -= forged.contents[i].size();
    forged.contents[i] = other.certificate.pem();
    forged.files[i].size = forged.contents[i].size();
    forged.described.file_bytes += forged.contents[i].size();
  }
  const std::string said = refused(forged, made_.manifest.root_sha256);
  EXPECT_NE(said.find("its root is not the one"), std::string::npos) << said;
}

// Whoever keeps the file waits until it was checked.
TEST_F(ForgedBackup, ExchangedAfterItWasCheckedPutsNothingInPlace) {
  const auto whole = content();
  auto other_key = whole;
  const auto token_key = std::ranges::find_if(
      whole.files, [](const auto& f) { return f.path.ends_with("/token.key"); });
  ASSERT_NE(token_key, whole.files.end());
  auto& text = other_key.contents[static_cast<std::size_t>(token_key - whole.files.begin())];
  text = crypto::PrivateKey::generate(crypto::KeyType::ed25519).pem();
  ASSERT_EQ(text.size(), token_key->size);
  auto other_rows = whole;
  other_rows.database.back() ^= 1;
  auto longer = whole;
  longer.database += std::string(3 * kPieceBytes, 'x');
  // The first pieces of these are the same, and are handed on.
  auto large = whole;
  add_file(large, "audit-heads.jsonl", std::string(3 * kPieceBytes, 'x'));
  auto large_with_other_rows = large;
  large_with_other_rows.database.back() ^= 1;
  using Exchange = std::pair<const backup::RecordingSink*, const backup::RecordingSink*>;
  for (const auto& [checked_one, exchanged] :
       {Exchange(&whole, &other_key), Exchange(&whole, &other_rows), Exchange(&whole, &longer),
        Exchange(&large, &large_with_other_rows), Exchange(&large, &whole)}) {
    const std::string database = empty_database();
    const RestoreRequest request{in_folder("new"), database, made_.manifest.root_sha256};
    forge(*checked_one, "kept");
    const auto file = BackupFile::open(in_folder("kept"), key_);
    ASSERT_TRUE(file);
    const auto checked = check_before_restore(request, *file);
    ASSERT_TRUE(checked) << checked.error();
    forge(*exchanged, "kept");
    const auto done = restore_checked(request, *file, *checked);
    ASSERT_FALSE(done);
    EXPECT_NE(done.error().find("changed while it was read"), std::string::npos) << done.error();
    EXPECT_FALSE(std::filesystem::exists(in_folder("new/clusters")));
    EXPECT_TRUE(is_empty(database));
  }
  forge(whole, "kept");
  EXPECT_EQ("", restore("new", empty_database(), "kept")) << "the same command goes on";
}

TEST_F(ForgedBackup, HoldsWhatItsDescriptionSaysAndNothingElse) {
  const auto says = [&](const backup::RecordingSink& forged, const char* what) {
    const std::string said = refused(forged);
    EXPECT_NE(said.find(what), std::string::npos) << said;
  };
  auto more_files = content();
  --more_files.described.files;
  says(more_files, "more than its description");
  auto more_bytes = content();
  --more_bytes.described.file_bytes;
  says(more_bytes, "more than its description");
  auto fewer_files = content();
  ++fewer_files.described.files;
  says(fewer_files, "less than its description");
  auto fewer_bytes = content();
  ++fewer_bytes.described.file_bytes;
  says(fewer_bytes, "less than its description");
  auto twice = content();
  add_file(twice, twice.files[0].path, "again");
  says(twice, "twice");
  for (const char* path : {"run/control.lock", "postgres/pg_hba.conf", "restoring", "new.conf"}) {
    auto unknown = content();
    add_file(unknown, path, "x");
    says(unknown, "that no backup has");
  }
}

TEST_F(ForgedBackup, ItsHeadsMayBeSoLargeAndNotLarger) {
  auto forged = content();
  add_file(forged, "audit-heads.jsonl", "");
  forged.described.file_bytes += kMaxHeadsBytes;
  forged.files.back().size = kMaxHeadsBytes;
  EXPECT_EQ(refused(forged).find("larger"), std::string::npos) << "it lacks them, that is all";
  forged.described.file_bytes += 1;
  forged.files.back().size += 1;
  EXPECT_NE(refused(forged).find("audit-heads.jsonl is larger"), std::string::npos);
}

TEST_F(ForgedBackup, WhatAKilledOneLeftIsRemovedByTheNext) {
  const std::vector<std::string> others = {
      "backup.0123456789abcdeg.tmp", "backup.0123456789abcdef0.tmp", "backup.0123456789abcdef",
      "other.0123456789abcdef.tmp", "backup.tmp"};
  for (const std::string& name : others) write(name, "mine");
  write(kLeftBehind, "half");
  write("precious", "precious");
  std::filesystem::create_symlink(folder_ / "precious", folder_ / "backup.00000000000000aa.tmp");
  // Another backup works on this one.
  write("backup.00000000000000bb.tmp", "working");
  const io::Descriptor other(
      ::open(in_folder("backup.00000000000000bb.tmp").c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_EQ(0, ::flock(other.get(), LOCK_EX | LOCK_NB));
  ASSERT_EQ("", back_up());
  EXPECT_FALSE(std::filesystem::exists(in_folder(kLeftBehind)));
  for (const std::string& name : others) EXPECT_EQ("mine", read(name)) << name;
  EXPECT_EQ("precious", read("precious"));
  EXPECT_TRUE(std::filesystem::is_symlink(in_folder("backup.00000000000000aa.tmp")));
  EXPECT_EQ("working", read("backup.00000000000000bb.tmp"));
}

TEST(PostgresPrograms, WhatTheySayMovesNoCursorAndFakesNoLine) {
  io::SpawnOptions options;
  options.program = "/bin/sh";
  options.arguments = {"-c", "printf 'one\\033[2A\\r\\n  root: fine\\n' >&2; exit 1"};
  auto program = PipedProgram::start(std::move(options), PipedProgram::Direction::we_read).value();
  const auto done = program.finish();
  ASSERT_FALSE(done);
  EXPECT_EQ("sh failed: one?[2A?;   root: fine", done.error());
}

}  // namespace
}  // namespace rap::control::server
