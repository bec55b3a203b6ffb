// What PostgreSQL announces, on its way to the streams of the nodes.
#include "control/server/background/hint_feed.hpp"

#include <algorithm>

#include "base/seeded_random.hpp"
#include "control/store/test_cluster.hpp"
#include "wire/http/hints.hpp"

namespace rap::control::server {
namespace {

using namespace std::chrono_literals;

// Far beyond what any test waits for: it only keeps a failing test from hanging.
constexpr auto kPatience = 8s * RAP_PATIENCE;

// What would have gone to the streams, and whoever waits for it.
class Sent final : public io::EventSender {
 public:
  void send(const std::string& key, const wire::SseEvent& event) override {
    note(event.type + " to " + key);
  }
  void send_or(const std::string& key, const wire::SseEvent& event,
               const wire::SseEvent&) override {
    send(key, event);
  }
  void send_to_all(const wire::SseEvent& event) override { note(event.type); }
  std::vector<std::string> open_streams() const override { return {}; }
  void end(const std::string& key) override { note("end of " + key); }
  void note(std::string what) {
    std::lock_guard lock(mutex_);
    all_.push_back(std::move(what));
    came_.notify_all();
  }

  bool wait_for(const std::string& what, std::ptrdiff_t times = 1) {
    std::unique_lock lock(mutex_);
    return came_.wait_for(lock, kPatience, [&] { return std::ranges::count(all_, what) >= times; });
  }
  std::vector<std::string> all() {
    std::lock_guard lock(mutex_);
    return all_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable came_;
  std::vector<std::string> all_;
};

class Said final : public Log {
 public:
  void write(LogLevel, std::string_view event, std::initializer_list<LogField>) override {
    std::lock_guard lock(mutex_);
    events_.emplace_back(event);
  }
  std::ptrdiff_t count(std::string_view event) {
    std::lock_guard lock(mutex_);
    return std::ranges::count(events_, event);
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> events_;
};

struct HintFeedTest : testing::Test {
  // Announces as the triggers do: what, of which cluster and, if it is for one, for which node.
  void announce(const std::string& what, const std::string& node = "") {
    announce_of(cluster, what, node);
  }
  void announce_of(ClusterId whose, const std::string& what, const std::string& node = "") {
    auto done = superuser.script("NOTIFY rap_hints, '" + what + " " + whose.str() +
                                 (node.empty() ? "" : " " + node) + "'");
    ASSERT_TRUE(done) << done.error().message;
  }

  SeededRandom rng{3};
  ClusterId cluster = ClusterId::random(rng);
  std::string database = store::TestCluster::get().fresh_database();
  store::Connection superuser = store::TestCluster::open(database, "postgres");
  std::shared_ptr<Sent> sent = std::make_shared<Sent>();
  Said log;
  HintFeed feed{database, cluster, sent, {.on_change = [this] { sent->note("change"); }}, log};
};

TEST_F(HintFeedTest, HintsEverythingOnceItListensForWhatWasAnnouncedBefore) {
  for (const auto what :
       {wire::kConfigPending, wire::kCommandPending, wire::kEpochBumped, wire::kBlocklistChanged}) {
    EXPECT_TRUE(sent->wait_for(std::string(what))) << what;
  }
  EXPECT_EQ("change", sent->all().front()) << "what is remembered goes before anybody asks";
}

TEST_F(HintFeedTest, PassesEachAnnouncementToWhomItIsFor) {
  ASSERT_TRUE(sent->wait_for(std::string(wire::kBlocklistChanged)));
  announce("commands", "node-7");
  EXPECT_TRUE(sent->wait_for("command.pending to node-7"));
  announce("end", "node-7");
  EXPECT_TRUE(sent->wait_for("end of node-7"));
  announce("config");
  EXPECT_TRUE(sent->wait_for("config.pending", 2));
  announce("epochs");
  EXPECT_TRUE(sent->wait_for("epoch.bumped", 2));
  announce("blocklist");
  EXPECT_TRUE(sent->wait_for("blocklist.changed", 2));
}

TEST_F(HintFeedTest, PassesOverWhatIsAnnouncedOfAnotherCluster) {
  ASSERT_TRUE(sent->wait_for(std::string(wire::kBlocklistChanged)));
  const ClusterId other = ClusterId::random(rng);
  for (const char* what : {"config", "epochs", "blocklist"}) announce_of(other, what);
  announce_of(other, "commands", "node-7");
  announce_of(other, "end", "node-8");
  announce("end", "node-7");
  ASSERT_TRUE(sent->wait_for("end of node-7"));
  const auto all = sent->all();
  EXPECT_EQ(all.size(), 7U) << "what it hints when it begins, one change, and its hint";
}

TEST_F(HintFeedTest, ForgetsWhatItRemembersBeforeTheHintGoesOut) {
  ASSERT_TRUE(sent->wait_for(std::string(wire::kBlocklistChanged)));
  announce("end", "node-7");
  ASSERT_TRUE(sent->wait_for("end of node-7"));
  const auto all = sent->all();
  EXPECT_EQ("change", *(std::ranges::find(all, "end of node-7") - 1));
}

TEST_F(HintFeedTest, PassesOverWhatItDoesNotKnow) {
  ASSERT_TRUE(sent->wait_for(std::string(wire::kBlocklistChanged)));
  announce("weather");
  announce("end", "node-7");
  ASSERT_TRUE(sent->wait_for("end of node-7"));
  EXPECT_TRUE(std::ranges::none_of(
      sent->all(), [](const std::string& what) { return what.find("weather") != what.npos; }));
}

TEST_F(HintFeedTest, ComesBackAfterItsConnectionAndHintsEverythingAgain) {
  ASSERT_TRUE(sent->wait_for(std::string(wire::kBlocklistChanged)));
  auto ended = superuser.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'rap_app' AND "
      "datname = current_database()",
      {});
  ASSERT_TRUE(ended) << ended.error().message;
  EXPECT_TRUE(sent->wait_for(std::string(wire::kBlocklistChanged), 2));
  EXPECT_EQ(1, log.count("hints.away"));
  EXPECT_EQ(2, log.count("hints.listening"));
  announce("end", "node-7");
  EXPECT_TRUE(sent->wait_for("end of node-7"));
}

TEST(HintFeed, SaysOnceThatTheDatabaseIsAwayAndStopsAtOnce) {
  Said log;
  const auto sent = std::make_shared<Sent>();
  {
    const HintFeed feed("host=/nowhere dbname=rap", ClusterId{}, sent, {.on_change = [] {}}, log);
    while (log.count("hints.away") == 0) std::this_thread::yield();
  }
  EXPECT_EQ(1, log.count("hints.away"));
  EXPECT_TRUE(sent->all().empty());
}

}  // namespace
}  // namespace rap::control::server
