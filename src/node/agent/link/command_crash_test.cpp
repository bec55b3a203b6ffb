// Commands have their effect once on the node, wherever the agent or the fabric dies and whichever
// answer is lost: the effect is to end a session, which is the same twice.
#include "node/agent/link/test_control_link.hpp"

#include <set>

namespace rap::agent {
namespace {

// Where it goes wrong on the way of the first command; each once, and then all goes well.
enum class Point : std::uint8_t {
  nowhere,
  after_pull,             // the agent dies with the command at hand
  pull_answer_lost,
  before_fabric_answers,  // the agent dies after it told the fabric
  fabric_dies,            // before it answers
  after_fabric_answered,  // the agent dies with the result at hand
  result_answer_lost,     // control has the result, the agent does not know
  state_not_stored,       // the disk is full, and the agent dies
};
constexpr int kPoints = 8;

class CommandCrash : public ControlLinkWorld, public testing::WithParamInterface<int> {
 protected:
  // A control plane with two commands, and a fabric: goes on until both are finished there.
  void run(Point point) {
    step(FabricConnected{});
    for (int turns = 0; turns < 500 && finished_.size() < 2; ++turns) {
      if (sent(ControlCall::checkin)) {
        check_in(0, 2);
      } else if (sent(ControlCall::pull_commands)) {
        on_pull(point);
      } else if (sent(ControlCall::report_result)) {
        on_result(point);
      } else if (const auto told = command_told()) {
        on_fabric(point, *told);
      } else {
        wake();
      }
    }
  }
  bool strikes(Point point, Point here) { return point == here && !std::exchange(struck_, true); }
  void crash() {
    restart();
    step(FabricConnected{});
  }
  std::uint64_t since() const {
    for (const SendToControl& send : outbox_) {
      if (send.call == ControlCall::pull_commands) return std::stoull(send.request.query.substr(6));
    }
    return 0;
  }
  void on_pull(Point point) {
    if (strikes(point, Point::pull_answer_lost)) return fail(ControlCall::pull_commands);
    json commands = json::array();
    for (std::uint64_t seq = since() + 1; seq <= 2; ++seq) {
      commands.push_back(terminate(seq, "c" + std::to_string(seq)));
    }
    answer(ControlCall::pull_commands, {{"commands", commands}});
    if (strikes(point, Point::after_pull)) crash();
  }
  std::optional<std::string> command_told() {
    for (auto it = fabric_.begin(); it != fabric_.end(); ++it) {
      if ((*it)["type"] != "command") continue;
      const std::string id = (*it)["id"];
      ended_.insert((*it)["session_id"]);
      fabric_.erase(it);
      return id;
    }
    return std::nullopt;
  }
  void on_fabric(Point point, const std::string& id) {
    if (strikes(point, Point::before_fabric_answers)) return crash();
    if (strikes(point, Point::fabric_dies)) {
      step(FabricDisconnected{});
      return step(FabricConnected{});
    }
    fabric_says_done(id);
    if (strikes(point, Point::after_fabric_answered)) crash();
  }
  void on_result(Point point) {
    const auto send =
        std::ranges::find(outbox_, ControlCall::report_result, &SendToControl::call)->request;
    const std::string id = send.path.substr(send.path.find("commands/") + 9, 2);
    EXPECT_EQ((*sent(ControlCall::report_result))["status"], "ok");
    results_.push_back(id);
    const bool lost = strikes(point, Point::result_answer_lost);
    if (lost) return fail(ControlCall::report_result);
    state_.full = strikes(point, Point::state_not_stored);
    const bool dies = state_.full;
    answer(ControlCall::report_result, json::object(), 204);
    state_.full = false;
    finished_.insert(id);
    if (dies) crash();
  }

  bool struck_ = false;
  std::set<std::string> ended_;     // sessions, by the fabric
  std::vector<std::string> results_;
  std::set<std::string> finished_;
};

TEST_P(CommandCrash, AnywhereLeavesEveryCommandsEffectInOrderAndItsResultKnown) {
  run(static_cast<Point>(GetParam()));
  EXPECT_EQ(ended_, (std::set<std::string>{"s-c1", "s-c2"}));
  EXPECT_EQ(finished_, (std::set<std::string>{"c1", "c2"}));
  EXPECT_TRUE(std::ranges::is_sorted(results_)) << "none overtakes another";
  EXPECT_EQ(load_link_state(state_, cluster_)->commands_seq, 2U);
  const auto told = fabric_.size();
  restart();
  step(FabricConnected{});
  check_in(0, 2);
  EXPECT_FALSE(sent(ControlCall::pull_commands)) << "what is done is not asked for again";
  EXPECT_LE(fabric_.size(), told);
}

INSTANTIATE_TEST_SUITE_P(AtEveryPoint, CommandCrash, testing::Range(0, kPoints));

}  // namespace
}  // namespace rap::agent
