// What the database's constraints allow is what the tables of the program name: the one cannot grow
// without the other.
#include <gtest/gtest.h>

#include <algorithm>
#include <regex>

#include "control/core/audit.hpp"
#include "control/nodes/node.hpp"
#include "control/people/bearer.hpp"
#include "control/pki/certificate_inventory.hpp"
#include "control/pki/rotation/trust_state.hpp"
#include "control/sessions/session.hpp"
#include "control/store/test_cluster.hpp"
#include "policy/addresses/blocklist_kind.hpp"
#include "policy/delegated_rights.hpp"
#include "policy/protocols.hpp"
#include "policy/roles.hpp"
#include "snapshot/configuration/node_config.hpp"
#include "snapshot/security_delta.hpp"
#include "snapshot/values/config_types.hpp"
#include "wire/certificate_kind.hpp"
#include "wire/enrolment_state.hpp"
#include "wire/node_commands.hpp"
#include "wire/severity.hpp"

namespace rap::store {
namespace {

using Names = std::vector<std::string>;

Names sorted(Names names) {
  std::ranges::sort(names);
  return names;
}
template <class Table>
Names sorted_names(const Table& table) {
  return sorted({table.begin(), table.end()});
}

class Constraints : public ::testing::Test {
 protected:
  // The choices of the one CHECK that is about this column alone.
  Names choices(const std::string& table, const std::string& column) {
    auto catalog = TestCluster::get().superuser("rap");
    const auto checks = catalog.query(
        "SELECT pg_get_constraintdef(c.oid) FROM pg_constraint c JOIN pg_attribute a "
        "ON a.attrelid = c.conrelid AND a.attname = $2 AND c.conkey = ARRAY[a.attnum] "
        "WHERE c.contype = 'c' AND c.conrelid = $1::regclass",
        {table, column});
    if (!checks || checks->size() != 1) {
      ADD_FAILURE() << table << "." << column << " has not one CHECK of its own";
      return {};
    }
    // CHECK ((protocol = ANY (ARRAY['ssh'::text, 'tcp'::text])))
    const std::string text = (*checks)[0].text(0);
    const std::regex quoted("'([^']*)'::text");
    Names names;
    for (std::sregex_iterator it(text.begin(), text.end(), quoted), end; it != end; ++it) {
      names.push_back((*it)[1]);
    }
    return sorted(names);
  }
};

TEST_F(Constraints, KnowTheProtocols) {
  EXPECT_EQ(choices("resources", "protocol"), sorted_names(policy::protocol_names()));
}

TEST_F(Constraints, KnowTheRolesOfPeople) {
  EXPECT_EQ(choices("users", "platform_role"), sorted_names(policy::kPlatformRoleNames));
  EXPECT_EQ(choices("memberships", "role"), sorted_names(policy::kMemberRoleNames));
  EXPECT_EQ(choices("invitations", "role"), sorted_names(policy::kMemberRoleNames));
}

TEST_F(Constraints, KnowTheRightsThatOwnersDelegate) {
  EXPECT_EQ(choices("delegations", "delegated"), sorted_names(policy::kDelegatedRightNames));
}

TEST_F(Constraints, KnowWhySignInsEnd) {
  EXPECT_EQ(choices("bearer_sessions", "ended_because"), sorted_names(control::kSignInEndNames));
}

TEST_F(Constraints, KnowTheRolesOfNodes) {
  EXPECT_EQ(choices("node_roles", "role"), sorted_names(policy::kNodeRoleNames));
}

TEST_F(Constraints, KnowTheStatesOfNodesEnrolmentsAndSessions) {
  EXPECT_EQ(choices("nodes", "state"), sorted_names(control::kNodeStateNames));
  EXPECT_EQ(choices("enrolments", "state"), sorted_names(wire::kEnrolmentStateNames));
  EXPECT_EQ(choices("sessions", "state"), sorted_names(control::kSessionStateNames));
}

TEST_F(Constraints, KnowTheKindsAndTheStatusOfCertificates) {
  EXPECT_EQ(choices("node_certificates", "kind"), sorted_names(wire::kCertificateKindNames));
  EXPECT_EQ(choices("node_certificates", "status"), sorted_names(control::kCertificateStatuses));
}

TEST_F(Constraints, KnowTheKindsAndTheSeveritiesOfRevocations) {
  EXPECT_EQ(choices("revocations", "kind"), sorted_names(snapshot::kRevocationKindNames));
  EXPECT_EQ(choices("revocations", "severity"), sorted_names(wire::kSeverityNames));
}

TEST_F(Constraints, KnowWhatIsBlocklistedAndTheListsOfSecurityData) {
  EXPECT_EQ(choices("server_blocklist_changes", "kind"), sorted_names(policy::kBlocklistKindNames));
  EXPECT_EQ(choices("server_blocklist_changes", "action"),
            sorted_names(snapshot::kBlocklistActions));
  EXPECT_EQ(choices("delta_counters", "stream"), sorted_names(snapshot::kDeltaStreamNames));
}

TEST_F(Constraints, KnowTheLayersOfConfigurations) {
  EXPECT_EQ(choices("config_documents", "layer"), sorted_names(snapshot::kLayerNames));
}

TEST_F(Constraints, KnowThePhasesOfRotations) {
  EXPECT_EQ(choices("trust", "phase"), sorted_names(control::kTrustPhaseNames));
  EXPECT_EQ(choices("trust", "token_phase"), sorted_names(control::kTokenKeyPhaseNames));
}

TEST_F(Constraints, KnowWhoActsAndWhatComesOfIt) {
  EXPECT_EQ(choices("audit_log", "actor_kind"), sorted_names(control::kActorKinds));
  EXPECT_EQ(choices("audit_log", "outcome"), sorted_names(control::kAuditOutcomes));
}

TEST_F(Constraints, KnowTheCommandsOfNodes) {
  EXPECT_EQ(choices("node_commands", "type"), sorted_names(wire::kNodeCommandNames));
}

}  // namespace
}  // namespace rap::store
