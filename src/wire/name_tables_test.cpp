// The names of closed sets are on the wire and in databases: they are what they have always been.
#include <gtest/gtest.h>

#include "wire/certificate_kind.hpp"
#include "wire/enrolment_state.hpp"
#include "wire/problem_code.hpp"
#include "wire/severity.hpp"

namespace rap::wire {
namespace {

TEST(NameTables, OfTheWireAreWhatTheyHaveAlwaysBeen) {
  EXPECT_EQ(to_string(EnrolmentState::pending), "pending");
  EXPECT_EQ(to_string(EnrolmentState::approved), "approved");
  EXPECT_EQ(to_string(EnrolmentState::denied), "denied");
  EXPECT_EQ(to_string(CertificateKind::node), "node");
  EXPECT_EQ(to_string(CertificateKind::worker), "worker");
  EXPECT_EQ(to_string(ProblemCode::malformed_request), "malformed_request");
  EXPECT_EQ(to_string(ProblemCode::session_terminated), "session_terminated");
  EXPECT_EQ(to_string(ProblemCode::internal_error), "internal_error");
  EXPECT_EQ(to_string(Severity::drain), "drain");
  EXPECT_EQ(to_string(Severity::close), "close");
}

TEST(NameTables, GiveTheValueOfANameAndOfNothingElse) {
  for (const std::string_view name : kEnrolmentStateNames) {
    EXPECT_EQ(to_string(enrolment_state_from(name).value()), name);
  }
  for (const std::string_view name : kCertificateKindNames) {
    EXPECT_EQ(to_string(certificate_kind_from(name).value()), name);
  }
  for (const std::string_view name : kSeverityNames) {
    EXPECT_EQ(to_string(severity_from(name).value()), name);
  }
  for (const std::string_view name : kProblemCodeNames) {
    EXPECT_EQ(to_string(problem_code_from(name).value()), name);
  }
  EXPECT_EQ(problem_code_from("overloaded"), std::nullopt) << "a listener's, not the API's";
  EXPECT_EQ(enrolment_state_from("Pending"), std::nullopt);
  EXPECT_EQ(enrolment_state_from(""), std::nullopt);
  EXPECT_EQ(certificate_kind_from("root"), std::nullopt);
  EXPECT_EQ(severity_from("closed"), std::nullopt);
}

}  // namespace
}  // namespace rap::wire
