#include "control/nodes/notices/outage_notice.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "control/core/database_standing.hpp"

namespace rap::control {
namespace {

std::string said_of(const nlohmann::json& detail) {
  const auto entry = AuditEntry::of_system(from_unix(1'800'000'060))
                         .about(kDatabaseWasAway, "host", "", "control-1")
                         .with(detail);
  const auto notices = outage_notices({entry});
  return notices.size() == 1 ? notices[0].text : "";
}

nlohmann::json outage(std::string_view cause) {
  return {{"from", 1'800'000'000},
          {"until", 1'800'000'047},
          {"seconds", 47},
          {"times", 1},
          {"cause", cause}};
}

TEST(OutageNotice, SaysWhenHowLongAtWhichServerAndWhatToDo) {
  EXPECT_EQ(said_of(outage("no_answer")),
            "The database was away from rap-control on control-1 for 47 s, from 2027-01-15 08:00 "
            "UTC on. Nodes carried on; nobody signed in or began a session there. Look whether "
            "PostgreSQL ran then, at its log, and at the network between the two.");
}

TEST(OutageNotice, SaysSeveralThatAreOneEntryTogether) {
  auto several = outage("too_slow");
  several["times"] = 7;
  EXPECT_NE(said_of(several).find("control-1 7 times between 2027-01-15 08:00 UTC and 2027-01-15 "
                                  "08:00 UTC, 47 s in all."),
            std::string::npos)
      << said_of(several);
}

TEST(OutageNotice, HasAnotherAdviceForEachCause) {
  std::set<std::string> said;
  for (const std::string_view cause : kOutageCauseNames) said.insert(said_of(outage(cause)));
  EXPECT_EQ(said.size(), kOutageCauseNames.size());
}

TEST(OutageNotice, IsMadeOfAnEntryOfAnotherReleaseToo) {
  EXPECT_NE(said_of({{"cause", "something new"}}).find("on control-1 for 0 s"), std::string::npos);
}

}  // namespace
}  // namespace rap::control
