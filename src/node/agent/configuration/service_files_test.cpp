#include "node/agent/configuration/service_files.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "base/seeded_random.hpp"
#include "crypto/x509/ca.hpp"
#include "node/agent/test_node_files.hpp"

namespace rap::agent {
namespace {

using snapshot::Document;
using snapshot::Layer;

class ServiceFiles : public ::testing::Test {
 protected:
  std::string authority() {
    const crypto::Validity validity{from_unix(1'700'000'000), from_unix(1'900'000'000)};
    return crypto::make_root(cluster, validity, rng).certificate.pem();
  }
  Document document(std::string_view type, const snapshot::DocumentScope& scope,
                    const std::string& pem) const {
    return {cluster, std::string(type), scope, 1, wire::JsonValue(nlohmann::json{{"pem", pem}})};
  }
  void keep(const std::vector<Document>& documents) {
    EXPECT_TRUE(write_service_files(state, documents));
    EXPECT_TRUE(remove_other_service_files(state, documents));
  }

  SeededRandom rng{5};
  ClusterId cluster = ClusterId::random(rng);
  OrganizationId org = OrganizationId::random(rng);
  ResourceId resource = ResourceId::random(rng);
  TestNodeFiles state;
};

TEST_F(ServiceFiles, AreOneAValueWithTheCertificatesAlone) {
  const std::string one = authority();
  const std::string two = authority();
  const std::string folder = "app-trust/" + org.str() + "/";
  keep({document(snapshot::kAppClientCaBundle, {}, "said of it\n" + one),
        document(snapshot::kAppClientCaBundle, {Layer::organization, org, {}}, two),
        document(snapshot::kAppMtlsTrustBundle, {Layer::organization, org, {}}, one + two),
        document(snapshot::kAppMtlsTrustBundle, {Layer::service, org, resource}, two),
        {cluster,
         std::string(snapshot::kAppPolicy),
         {Layer::organization, org, {}},
         1,
         wire::JsonValue::of("{}")}});
  EXPECT_EQ(state.files,
            (std::map<std::string, std::string>{{"app-trust/platform/client-ca.pem", one},
                                                {folder + "client-ca.pem", two},
                                                {folder + "mtls.pem", one + two},
                                                {folder + resource.str() + ".mtls.pem", two}}));
  for (const auto& [name, mode] : state.modes) EXPECT_EQ(mode, mode_t{0644}) << name;
}

TEST_F(ServiceFiles, FollowWhatIsGivenAndGoWithWhatIsWithdrawn) {
  const std::string one = authority();
  const snapshot::DocumentScope scope{Layer::organization, org, {}};
  const std::string file = "app-trust/" + org.str() + "/mtls.pem";
  state.files["config/link.json"] = "not ours";
  state.files["app-trust/left-by-a-crash/mtls.pem"] = "x";
  keep({document(snapshot::kAppMtlsTrustBundle, scope, one)});
  EXPECT_EQ(state.files.at(file), one);
  EXPECT_EQ(state.files.size(), 2U);

  const std::string two = authority();
  keep({document(snapshot::kAppMtlsTrustBundle, scope, two)});
  EXPECT_EQ(state.files.at(file), two);
  state.full = true;
  keep({document(snapshot::kAppMtlsTrustBundle, scope, two)});  // there is nothing to write
  EXPECT_FALSE(write_service_files(state, {document(snapshot::kAppMtlsTrustBundle, scope, one)}));
  EXPECT_EQ(state.files.at(file), two) << "what was there stays";
  state.full = false;
  keep({});
  EXPECT_EQ(state.files.size(), 1U);
}

TEST_F(ServiceFiles, HoldTheVariablesOfEachOrganization) {
  const auto variables = [&](OrganizationId whose, const char* value) {
    return Document{cluster,
                    std::string(snapshot::kAppVariables),
                    {Layer::organization, whose, {}},
                    1,
                    wire::JsonValue::of(value)};
  };
  const OrganizationId other = OrganizationId::random(rng);
  keep({variables(org, R"({"REGION":"eu-1"})"), variables(other, "{}")});
  EXPECT_EQ(
      state.files,
      (std::map<std::string, std::string>{
          {"app-variables/" + org.str() + "/variables.json", "{\n  \"REGION\": \"eu-1\"\n}\n"},
          {"app-variables/" + other.str() + "/variables.json", "{}\n"}}));
  keep({variables(other, "{}")});
  EXPECT_EQ(state.files.size(), 1U);
}

}  // namespace
}  // namespace rap::agent
