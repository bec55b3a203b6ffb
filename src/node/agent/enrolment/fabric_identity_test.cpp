#include "node/agent/enrolment/fabric_identity.hpp"

#include <gtest/gtest.h>

#include "node/agent/test_node_files.hpp"

namespace rap::agent {
namespace {

class FabricIdentityTest : public testing::Test {
 protected:
  FabricIdentityTest() {
    record_.node_url = "control.example.org:9091";
    record_.control_url = "https://control.example.org/";
    state_.files = {{std::string(kNodeKeyFile), "NODE KEY"},
                    {std::string(kChainFile), "NODE CHAIN"},
                    {std::string(kSealKeyFile), "SEAL KEY\n"},
                    {std::string(kNextKeyFile), "NEXT KEY"},
                    {std::string(kEnrolmentFile), "{\"poll_secret\": \"POLL SECRET\"}"},
                    {std::string(kLinkFile), "CURSOR"}};
  }

  TestNodeFiles state_;
  EnrolmentRecord record_;
};

TEST_F(FabricIdentityTest, HasWhatTheFabricShowsAndWhereTheControlPlaneListens) {
  const wire::Identify wanted{{"NODE KEY", "NODE CHAIN", {}},
                              std::nullopt,
                              "SEAL KEY",
                              {{"control.example.org", 9091}, {"control.example.org", 443}}};
  EXPECT_EQ(fabric_identity(state_, record_), wanted);
}

TEST_F(FabricIdentityTest, HasTheWorkerOnceItsKeyAndCertificateAreThere) {
  state_.files[std::string(kWorkerKeyFile)] = "WORKER KEY";
  EXPECT_FALSE(fabric_identity(state_, record_)->worker);
  state_.files[std::string(kWorkerChainFile)] = "WORKER CHAIN";
  state_.files[std::string(kWorkerStapleFile)] = std::string("\0\1", 2);
  EXPECT_EQ(fabric_identity(state_, record_)->worker,
            (wire::Credential{"WORKER KEY", "WORKER CHAIN", {0, 1}}));
}

TEST_F(FabricIdentityTest, HasNothingOfWhatIsTheAgentsAlone) {
  const std::string text = wire::encode_to_fabric(*fabric_identity(state_, record_));
  for (const char* secret : {"NEXT KEY", "POLL SECRET", "CURSOR"}) {
    EXPECT_EQ(text.find(secret), std::string::npos) << secret;
  }
}

TEST_F(FabricIdentityTest, IsNoneWithoutAFileThatItNeeds) {
  for (const auto name : {kNodeKeyFile, kChainFile, kSealKeyFile}) {
    const std::string content = state_.files[std::string(name)];
    state_.files.erase(std::string(name));
    EXPECT_EQ(fabric_identity(state_, record_).error(), std::string(name) + " is missing");
    state_.files[std::string(name)] = content;
  }
}

}  // namespace
}  // namespace rap::agent
