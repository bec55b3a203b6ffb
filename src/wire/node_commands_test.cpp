#include "wire/node_commands.hpp"

#include <gtest/gtest.h>

namespace rap::wire {
namespace {

TEST(NodeCommands, AreFoundByTheirNamesAndByNothingElse) {
  for (const NodeCommandKind& kind : kNodeCommands) {
    EXPECT_EQ(node_command_from(kind.name), kind.command);
    EXPECT_EQ(to_string(kind.command), kind.name);
    EXPECT_FALSE(kind.argument.empty());
  }
  EXPECT_EQ(node_command_from("session.begin"), std::nullopt);
}

TEST(NodeCommands, SayWhatTheyAreAbout) {
  EXPECT_EQ(to_string(NodeCommandType::terminate_session), "session.terminate");
  EXPECT_EQ(kind_of(NodeCommandType::terminate_session).argument, "session_id");
}

}  // namespace
}  // namespace rap::wire
