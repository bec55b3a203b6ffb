// CH-12, PK-7, PK-8: the control plane's keys and trust files survive kill -9 at every operation on
// a file: whoever starts again is where the database says, with every key that it names, and
// nothing half-written was ever used or readable to others.
#include <gtest/gtest.h>

#include <iostream>
#include <map>
#include <set>

#include <sys/stat.h>

#include "control_life.hpp"
#include "io/system/file.hpp"
#include "mortal.hpp"

namespace rap::crash {
namespace {

namespace fs = std::filesystem;
using control::TrustPhase;

constexpr WallTime kStart = ControlLife::kStart;

class ControlCrash : public Mortal {
 protected:
  // Nothing narrows the modes that files are made with.
  ControlCrash() : umask_(::umask(0)) {}
  ~ControlCrash() override { ::umask(umask_); }

  fs::path state() const { return root_ / "state"; }
  // The authority of the one cluster.
  fs::path home() const { return control::server::StateDirectory(state()).home(); }
  fs::path pki() const { return home() / "pki"; }

  static int status_of(const std::string& error) {
    if (!error.empty()) std::cerr << error << "\n";
    return error.empty() ? 0 : 1;
  }

  // A platform that was initialized, whose root key went offline.
  void have_platform() {
    ControlLife life(state());
    ASSERT_EQ("", life.init());
    ASSERT_EQ("", life.start(rows_));
    from_ = life.authority().ca_ref();
    keep_root_key(home() / "root-ca" / "root.key");
  }
  // The key goes where ControlLife::prepare() looks for it.
  void keep_root_key(const fs::path& key) {
    fs::copy_file(key, root_ / ("root-of-" + from_), fs::copy_options::overwrite_existing);
  }

  void remember() { fs::copy(state(), root_ / "before", fs::copy_options::recursive); }
  void go_back() {
    fs::remove_all(state());
    if (!fs::exists(root_ / "before")) return;  // there was no state directory
    fs::copy(root_ / "before", state(), fs::copy_options::recursive);
  }

  // The ids of clusters, of which each init draws its own, are numbered.
  std::set<std::string> files() const {
    std::set<std::string> names;
    std::map<fs::path, std::string> clusters;
    for (const auto& entry : fs::recursive_directory_iterator(root_)) {
      std::string name = entry.path().lexically_relative(root_).string();
      if (name.starts_with("before")) continue;
      for (const auto& [path, number] : clusters) {
        const std::string cluster = path.lexically_relative(root_).string();
        if (name.starts_with(cluster)) name.replace(0, cluster.size(), number);
      }
      if (entry.path().parent_path() == state() / "clusters") {
        name = "cluster " + std::to_string(clusters.size() + 1);
        clusters.emplace(entry.path(), name);
      }
      names.insert(name);
    }
    return names;
  }

  // This is said of whatever is on the disk at this instant, finished or not.
  void expect_nothing_readable_to_others() const {
    for (const auto& entry : fs::recursive_directory_iterator(root_)) {
      struct stat info{};
      ASSERT_EQ(0, ::stat(entry.path().c_str(), &info));
      if (!S_ISREG(info.st_mode)) continue;
      EXPECT_EQ(0U, info.st_mode & 0077U) << entry.path();
    }
  }

  // An authority whose every key is there and fits.
  static void expect_whole(const ControlLife& life) {
    const control::Authority& a = life.authority();
    EXPECT_EQ(a.intermediate.certificate.public_key().spki_sha256(),
              a.intermediate.key.public_key().spki_sha256());
    const auto& identity = life.identity();
    EXPECT_EQ(identity.chain.front().public_key().spki_sha256(),
              identity.key.public_key().spki_sha256());
    EXPECT_EQ(identity.chain.back().fingerprint(), a.intermediate.certificate.fingerprint());
    EXPECT_EQ((std::vector<std::string>{"control.example"}), identity.chain.front().names().dns);
  }

  // The authority of a rotation from `from_` to `to_` that stands where the rows say.
  void expect_where_the_database_is(const ControlLife& life) const {
    const control::Authority& a = life.authority();
    std::vector<std::string> roots;
    for (const auto& root : a.roots) roots.push_back(control::ca_ref_of(root));
    const bool over =
        rows_.state.phase == TrustPhase::stable && !to_.empty() && rows_.state.ca_ref == to_;
    switch (rows_.state.phase) {
      case TrustPhase::stable:
        EXPECT_EQ((std::vector<std::string>{over ? to_ : from_}), roots);
        EXPECT_FALSE(a.former);
        break;
      case TrustPhase::distributing:
        EXPECT_EQ((std::vector<std::string>{from_, to_}), roots);
        EXPECT_FALSE(a.former);
        break;
      case TrustPhase::reissuing: EXPECT_EQ((std::vector<std::string>{to_, from_}), roots); break;
      case TrustPhase::retiring: EXPECT_EQ((std::vector<std::string>{to_}), roots); break;
    }
    const bool new_issues = over || rows_.state.phase == TrustPhase::reissuing ||
                            rows_.state.phase == TrustPhase::retiring;
    EXPECT_EQ(new_issues, a.intermediate.certificate.fingerprint_hex() == new_intermediate_);
    EXPECT_EQ(rows_.state.bundle_version, a.bundle_version);
    expect_whole(life);
  }

  // Kills `work` at every operation, each time from what is remembered; `then` judges what starts
  // again afterwards. What is left in the end is what there is when nothing was killed.
  void kill_everywhere(const Work& work, const std::function<void()>& then) {
    const Cost cost = cost_of(work);
    ASSERT_GT(cost.operations, 5U) << "where nothing is written nothing is proven";
    then();
    const auto left = files();
    for (const auto where : {cut::Where::before, cut::Where::half}) {
      for (std::uint64_t n = 1; n <= cost.of(where); ++n) {
        SCOPED_TRACE("operation " + std::to_string(n) +
                     (where == cut::Where::half ? ", half done" : ""));
        go_back();
        ASSERT_TRUE(was_killed(live(n, where, work)));
        expect_nothing_readable_to_others();
        then();
        EXPECT_EQ(left, files()) << "nothing is left over";
        if (HasFailure()) return;
      }
    }
  }

  // A rotation is prepared; the database knows nothing of it yet.
  void have_prepared() {
    have_platform();
    ControlLife life(state());
    ASSERT_EQ("", life.prepare(root_ / "new.key"));
    ASSERT_EQ("", life.start(rows_));
    prepared_ = life.prepared();
    to_ = prepared_->next_ca_ref;
    new_intermediate_ = fingerprint_in(pki() / "next" / "intermediate.crt");
  }
  static std::string fingerprint_in(const fs::path& file) {
    return crypto::Certificate::from_pem(io::read_file(file).value())->fingerprint_hex();
  }

  // The server starts, or is killed while it does, where the database is a step further on than the
  // files; killed anywhere it starts again where the database is.
  void kill_starting(const std::function<void(ControlLife&)>& also = {}) {
    remember();
    kill_everywhere([this] { return status_of(ControlLife(state()).start(rows_)); },
                    [&] {
                      ControlLife life(state());
                      ASSERT_EQ("", life.start(rows_));
                      expect_where_the_database_is(life);
                      if (also) also(life);
                    });
    fs::remove_all(root_ / "before");
  }

  TrustRows rows_;
  std::optional<control::PreparedTrust> prepared_;
  std::string from_;  // the roots' ca_ref
  std::string to_;
  std::string new_intermediate_;

 private:
  mode_t umask_;
};

TEST_F(ControlCrash, InitGoesOnAndEndsWithOnePlatformWhoseKeysAllFit) {
  kill_everywhere([this] { return status_of(ControlLife(state()).init()); },
                  [this] {
                    ControlLife life(state());
                    ASSERT_EQ("", life.init());
                    ASSERT_EQ("", life.start(rows_));
                    expect_whole(life);
                    const auto key = crypto::PrivateKey::from_pem(
                        io::read_file(home() / "root-ca" / "root.key").value());
                    ASSERT_TRUE(key);
                    EXPECT_EQ(life.authority().roots.front().public_key().spki_sha256(),
                              key->public_key().spki_sha256());
                    for (const fs::path& path : {pki(), home() / "root-ca", state() / "run"}) {
                      EXPECT_EQ(fs::perms{0700}, fs::status(path).permissions()) << path;
                    }
                  });
}

TEST_F(ControlCrash, APreparationIsThereWithItsRootKeyOrNotAtAll) {
  have_platform();
  remember();
  const fs::path out = root_ / "new.key";
  // Nothing is to be prepared once more where the first run ends.
  kill_everywhere(
      [&] {
        fs::remove(out);  // not counted against the state: the operator's file
        return status_of(ControlLife(state()).prepare(out));
      },
      [&] {
        ControlLife life(state());
        ASSERT_EQ("", life.start(rows_));
        if (!fs::exists(pki() / "next")) {
          fs::remove(out);  // a key of no root: the operator is told to name a new file
          ASSERT_EQ("", life.prepare(out));
          ASSERT_EQ("", life.start(rows_));
        }
        const auto key = crypto::PrivateKey::from_pem(io::read_file(out).value());
        const auto root =
            crypto::Certificate::from_pem(io::read_file(pki() / "next" / "root.crt").value());
        ASSERT_TRUE(key && root);
        EXPECT_EQ(root->public_key().spki_sha256(), key->public_key().spki_sha256());
        EXPECT_EQ(control::ca_ref_of(*root), life.prepared().next_ca_ref);
        EXPECT_EQ(1U, life.authority().roots.size()) << "nothing changed yet";
        // The next command removes what a killed one was writing beside it.
        ASSERT_EQ("", life.prepare(root_ / "other.key"));
        ASSERT_EQ("", life.start(rows_));
        fs::remove(root_ / "other.key");
      });
}

TEST_F(ControlCrash, EveryPhaseOfARotationIsEnteredWhereTheDatabaseIs) {
  have_prepared();
  rows_.begin(*prepared_);
  kill_starting();
  rows_.reissue();
  kill_starting();
  rows_.retire(*prepared_);
  kill_starting();
  rows_.settle();
  kill_starting([this](ControlLife& life) {
    EXPECT_EQ(to_, life.authority().ca_ref());
    EXPECT_FALSE(fs::exists(pki() / "next"));
    EXPECT_FALSE(fs::exists(pki() / "retired"));
  });
}

TEST_F(ControlCrash, KilledAgainAndAgainAPromotionArrives) {
  have_prepared();
  rows_.begin(*prepared_);
  rows_.reissue();
  rows_.retire(*prepared_);
  rows_.settle();
  int deaths = 0;
  const auto work = [this] { return status_of(ControlLife(state()).start(rows_)); };
  for (std::uint64_t n = 3; !was_fine(live(n, cut::Where::before, work)); ++n) {
    ASSERT_LT(++deaths, 200);
    expect_nothing_readable_to_others();
  }
  EXPECT_GT(deaths, 5);
  ControlLife life(state());
  ASSERT_EQ("", life.start(rows_));
  expect_where_the_database_is(life);
}

// The server was killed after the database had begun a rotation and before any file said so.
TEST_F(ControlCrash, APreparationInBetweenLosesNoRootThatTheDatabaseNames) {
  have_prepared();
  rows_.begin(*prepared_);
  remember();
  const auto prepare = [this] {
    fs::remove(root_ / "third.key");
    return status_of(ControlLife(state()).prepare(root_ / "third.key"));
  };
  kill_everywhere(prepare, [this] {
    ControlLife life(state());
    ASSERT_EQ("", life.start(rows_));
    expect_where_the_database_is(life);
    TrustRows later = rows_;
    later.reissue();
    ASSERT_EQ("", life.follow(later));
    later.retire(*prepared_);
    ASSERT_EQ("", life.follow(later));
    later.settle();
    ASSERT_EQ("", life.follow(later));
    EXPECT_EQ(to_, life.authority().ca_ref());
    fs::remove(root_ / "third.key");
    for (const auto& entry : fs::directory_iterator(root_)) {
      if (entry.path().filename().string().starts_with("third.key.")) fs::remove(entry.path());
    }
  });
}

TEST_F(ControlCrash, TheNextKeyForTokensIsTheOneTheDatabaseNames) {
  have_platform();
  // Made, and asked for again: a key that nobody named is used, not replaced.
  remember();
  kill_everywhere(
      [this] {
        ControlLife life(state());
        if (const auto error = life.start(rows_); !error.empty()) return status_of(error);
        return life.next_token_key().kid.empty() ? 1 : 0;
      },
      [this] {
        ControlLife life(state());
        ASSERT_EQ("", life.start(rows_));
        const auto once = life.next_token_key();
        EXPECT_EQ(once.kid, life.next_token_key().kid);
        EXPECT_NE(once.kid, life.authority().token_key.kid);
      });
  fs::remove_all(root_ / "before");

  ControlLife life(state());
  ASSERT_EQ("", life.start(rows_));
  const auto current = control::token_key_of(life.authority().token_key);
  const auto next = life.next_token_key();
  rows_.begin_token_key(current, next);
  const auto signs_with = [this](const std::string& kid) {
    kill_starting([&kid](ControlLife& l) { EXPECT_EQ(kid, l.authority().token_key.kid); });
  };
  signs_with(current.kid);
  rows_.overlap_token_keys();
  signs_with(next.kid);
  rows_.settle_token_key();
  signs_with(next.kid);
  EXPECT_FALSE(fs::exists(pki() / "token.next.key"));
}

TEST_F(ControlCrash, ACertificateThatIsRenewedKeepsItsNamesAndFitsItsKey) {
  have_platform();
  const WallTime late = kStart + std::chrono::days{70};
  const std::string before = fingerprint_in(pki() / "server.crt");
  remember();
  kill_everywhere([&] { return status_of(ControlLife(state()).start(rows_, late)); },
                  [&] {
                    ControlLife life(state());
                    ASSERT_EQ("", life.start(rows_, late));
                    expect_whole(life);
                    EXPECT_NE(before, life.identity().chain.front().fingerprint_hex());
                    EXPECT_EQ((std::vector<std::string>{"127.0.0.1"}),
                              life.identity().chain.front().names().ips);
                  });
}

}  // namespace
}  // namespace rap::crash
