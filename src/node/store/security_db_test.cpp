#include "node/store/security_db.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

namespace rap::node_store {
namespace {

using agent::StoreFault;
using agent::StreamState;
using policy::BlocklistKind;
using snapshot::DeltaStream;
using snapshot::SecurityChanges;

constexpr WallTime kNow = from_unix(1'800'000'000);

SecurityChanges listed(const std::string& value, std::uint64_t seq, bool yes = true,
                       std::optional<WallTime> expires = {}) {
  return {{}, {{BlocklistKind::ip, value, yes, expires, seq}}};
}

struct TestDirectory {
  TestDirectory() : path(::mkdtemp(name.data())) {}
  ~TestDirectory() { std::filesystem::remove_all(path); }
  TestDirectory(const TestDirectory&) = delete;
  TestDirectory& operator=(const TestDirectory&) = delete;

  std::string name = (std::filesystem::temp_directory_path() / "rap-test-XXXXXX").string();
  std::filesystem::path path;
};

class SecurityDbTest : public testing::Test {
 protected:
  void apply(const SecurityChanges& changes, StreamState next,
             DeltaStream stream = DeltaStream::blocklist) {
    const auto applied = db_->apply(stream, changes, next, kNow);
    ASSERT_TRUE(applied) << applied.error().detail;
  }
  std::vector<std::string> values() {
    std::vector<std::string> out;
    const auto all = db_->load();
    EXPECT_TRUE(all);
    for (const auto& row : all->blocklist) out.push_back(row.value);
    return out;
  }
  void reopen() { db_ = std::make_unique<SecurityDb>(path_, cluster_); }
  void overwrite(std::size_t from, std::size_t count) {
    db_.reset();
    std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(from));
    file << std::string(count, '\x5a');
    file.close();
    reopen();
  }
  // Whatever call comes first says that the store is damaged, and then it can be built anew.
  void expect_damaged_and_built_anew() {
    const auto state = db_->state(DeltaStream::blocklist);
    const auto all = db_->load();
    EXPECT_TRUE(!state || !all);
    if (!state) {
      EXPECT_EQ(state.error().fault, StoreFault::damaged) << state.error().detail;
    }
    if (!all) {
      EXPECT_EQ(all.error().fault, StoreFault::damaged) << all.error().detail;
    }
    ASSERT_TRUE(db_->rebuild());
    EXPECT_EQ(db_->state(DeltaStream::blocklist), StreamState{});
    EXPECT_TRUE(values().empty());
  }

  const ClusterId cluster_ = *ClusterId::parse("2c5ea4c0-4067-11e9-8bad-9b1deb4d3b7d");
  TestDirectory directory_;
  std::filesystem::path path_ = directory_.path / "security.db";
  std::unique_ptr<SecurityDb> db_ = std::make_unique<SecurityDb>(path_, cluster_);
};

TEST_F(SecurityDbTest, KeepsRowsAndCursors) {
  const UserId user = *UserId::parse("0f8fad5b-d9cb-469f-a165-70867728950e");
  apply({{{user, 3, 7}}, {}}, {7, true}, DeltaStream::epochs);
  apply(listed("203.0.113.0/24", 9, true, kNow + std::chrono::seconds{5}), {9, false});
  reopen();
  EXPECT_EQ(db_->state(DeltaStream::epochs), (StreamState{7, true}));
  EXPECT_EQ(db_->state(DeltaStream::blocklist), (StreamState{9, false}));
  const auto all = db_->load();
  ASSERT_TRUE(all);
  EXPECT_EQ(all->epochs, (std::vector<snapshot::EpochChange>{{user, 3, 7}}));
  EXPECT_EQ(all->blocklist,
            listed("203.0.113.0/24", 9, true, kNow + std::chrono::seconds{5}).blocklist);
}

TEST_F(SecurityDbTest, TheNewestOfAKeyStaysWhateverTheOrder) {
  apply(listed("192.0.2.1", 5), {5, true});
  apply(listed("192.0.2.1", 4, false), {5, true});
  EXPECT_EQ(values(), std::vector<std::string>{"192.0.2.1"});
  apply(listed("192.0.2.1", 6, false), {6, true});
  EXPECT_TRUE(values().empty());
}

TEST_F(SecurityDbTest, ForgetsWhatExpiredADayAgo) {
  apply(listed("192.0.2.1", 1, true, kNow - std::chrono::hours{25}), {1, true});
  apply(listed("192.0.2.2", 2, true, kNow - std::chrono::hours{23}), {2, true});
  EXPECT_EQ(values(), std::vector<std::string>{"192.0.2.2"});
}

TEST_F(SecurityDbTest, ForgetsEpochsThatNoFlowCanBeBelowAnyMore) {
  const UserId one = *UserId::parse("0f8fad5b-d9cb-469f-a165-70867728950e");
  const UserId two = *UserId::parse("1f8fad5b-d9cb-469f-a165-70867728950e");
  const auto store = [&](UserId user, std::uint64_t seq, WallTime now) {
    EXPECT_TRUE(db_->apply(DeltaStream::epochs, {{{user, 1, seq}}, {}}, {seq, true, 1}, now));
  };
  store(one, 1, kNow);
  store(two, 2, kNow + snapshot::kEpochMemory);
  EXPECT_EQ(db_->load()->epochs.size(), 2U);
  store(two, 3, kNow + snapshot::kEpochMemory + std::chrono::seconds{1});
  EXPECT_EQ(db_->load()->epochs, (std::vector<snapshot::EpochChange>{{two, 1, 3}}));
  reopen();
  EXPECT_EQ(db_->state(DeltaStream::epochs), (StreamState{3, true, 1}));
}

TEST_F(SecurityDbTest, IsBoundedAndSaysSo) {
  db_ = std::make_unique<SecurityDb>(path_, cluster_, 2);
  apply(listed("192.0.2.1", 1), {1, true});
  apply(listed("192.0.2.2", 2), {2, true});
  const auto over = db_->apply(DeltaStream::blocklist, listed("192.0.2.3", 3), {3, true}, kNow);
  ASSERT_FALSE(over);
  EXPECT_EQ(over.error().fault, StoreFault::full);
  EXPECT_EQ(db_->state(DeltaStream::blocklist), (StreamState{2, true}))
      << "nor did the cursor move";
  EXPECT_EQ(values().size(), 2U);
  apply(listed("192.0.2.1", 4, false), {4, true});
  apply(listed("192.0.2.3", 5), {5, true});
}

TEST_F(SecurityDbTest, AWholeStoreStaysBelowFortyMegabytes) {
  SecurityChanges changes;
  for (std::uint64_t i = 0; i < agent::kMaxStoredKeys; ++i) {
    std::array<std::uint8_t, 16> id{0xfe, 0xdc};
    for (std::size_t b = 0; b < 4; ++b) id[15 - b] = static_cast<std::uint8_t>(i >> (8 * b));
    changes.epochs.push_back({UserId(id), i, i + 1});
    changes.blocklist.push_back({BlocklistKind::device, DeviceId(id).str(), true, kNow, i + 1});
  }
  apply(changes, {agent::kMaxStoredKeys, true}, DeltaStream::epochs);
  constexpr std::uintmax_t kBound = 40'000'000;
  EXPECT_LT(std::filesystem::file_size(path_), kBound);
}

TEST_F(SecurityDbTest, ClearsOneListAndLeavesTheOther) {
  const UserId user = *UserId::parse("0f8fad5b-d9cb-469f-a165-70867728950e");
  apply({{{user, 3, 7}}, {}}, {7, true}, DeltaStream::epochs);
  apply(listed("192.0.2.1", 9), {9, true});
  ASSERT_TRUE(db_->clear(DeltaStream::blocklist));
  EXPECT_TRUE(values().empty());
  EXPECT_EQ(db_->state(DeltaStream::blocklist), StreamState{});
  EXPECT_EQ(db_->state(DeltaStream::epochs), (StreamState{7, true}));
}

TEST_F(SecurityDbTest, ADamagedHeaderIsSeenAndTheStoreBuiltAnew) {
  apply(listed("192.0.2.1", 9), {9, true});
  overwrite(0, 64);
  expect_damaged_and_built_anew();
}

TEST_F(SecurityDbTest, DamagedRowsAreSeenAndTheStoreBuiltAnew) {
  for (std::uint64_t i = 1; i < 200; ++i)
    apply(listed("192.0.2." + std::to_string(i), i), {i, true});
  overwrite(std::filesystem::file_size(path_) - 4096, 4096);
  expect_damaged_and_built_anew();
}

TEST_F(SecurityDbTest, ATruncatedFileIsSeenAndTheStoreBuiltAnew) {
  for (std::uint64_t i = 1; i < 200; ++i)
    apply(listed("192.0.2." + std::to_string(i), i), {i, true});
  db_.reset();
  std::filesystem::resize_file(path_, 4096);
  reopen();
  expect_damaged_and_built_anew();
}

TEST_F(SecurityDbTest, AFileThatIsRemovedWhileItIsOpenIsNotWrittenOn) {
  apply(listed("192.0.2.1", 9), {9, true});
  std::filesystem::remove(path_);
  const auto applied =
      db_->apply(DeltaStream::blocklist, listed("192.0.2.2", 10), {10, true}, kNow);
  ASSERT_FALSE(applied);
  EXPECT_EQ(applied.error().fault, StoreFault::damaged);
  ASSERT_TRUE(db_->rebuild());
  EXPECT_EQ(db_->state(DeltaStream::blocklist), StreamState{});
}

TEST_F(SecurityDbTest, OfAnotherClusterIsNotReadOnAndBuiltAnew) {
  apply(listed("192.0.2.1", 7), {7, true});
  const ClusterId other = *ClusterId::parse("6ec0bd7f-11c0-43da-975e-2a8ad9ebae0b");
  db_ = std::make_unique<SecurityDb>(path_, other);
  expect_damaged_and_built_anew();
  db_ = std::make_unique<SecurityDb>(path_, other);
  EXPECT_TRUE(db_->load()) << "it is this one's now";
}

TEST_F(SecurityDbTest, ADirectoryThatCannotBeWrittenIsNoDamage) {
  db_ = std::make_unique<SecurityDb>(directory_.path / "missing" / "security.db", cluster_);
  const auto state = db_->state(DeltaStream::epochs);
  ASSERT_FALSE(state);
  EXPECT_EQ(state.error().fault, StoreFault::unavailable);
}

}  // namespace
}  // namespace rap::node_store
