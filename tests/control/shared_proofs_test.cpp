// Two servers of one database, and proofs of devices that are shown to both.
#include <gtest/gtest.h>

#include "control/housekeeping/housekeeping.hpp"
#include "control/people/bearer.hpp"
#include "control/store/postgres/sql_session.hpp"
#include "test_world.hpp"

namespace rap::store {
namespace {

using namespace std::chrono_literals;

class SharedProofs : public ::testing::Test {
 protected:
  SharedProofs() {
    // Servers that began a while ago go by clocks.
    (void)request(first, read());
    (void)request(second, read());
    first.now += 2 * control::kDeviceClockSkew;
    second.now = first.now;
  }
  // With a proof by the device's clock, as `rap` comes.
  wire::HttpRequest proven(const std::string& method, const std::string& path,
                           const json& body = {}) {
    auto asked = ControlPlane::request_of(method, path, body);
    const std::string& token = seed().tokens.at("root");
    asked.headers.emplace_back("authorization", "Bearer " + token);
    asked.headers.emplace_back(control::kDeviceProofHeader,
                               crypto::make_device_proof(ControlPlane::device(),
                                                         {.cluster = first.current.get()->cluster,
                                                          .method = asked.method,
                                                          .target = asked.path,
                                                          .bearer = token,
                                                          .body = asked.body},
                                                         TokenId::random(rng_), first.now, ""));
    return asked;
  }
  wire::HttpRequest read() { return proven("GET", "/api/v1/me"); }
  static Answered request(ControlPlane& server, const wire::HttpRequest& asked) {
    return server.request(asked);
  }
  std::int64_t written_down() {
    Connection app = TestCluster::open(w.conninfo, kAppRole);
    app.begin();
    set_scope(app, control::Scope::platform());
    const auto rows = app.query("SELECT count(*) FROM used_proofs", {});
    return rows ? (*rows)[0].integer(0) : -1;
  }

  SeededWorld w;
  ControlPlane& first = *w.control;
  ControlPlane second{w.conninfo};
  SeededRandom rng_{77};
};

TEST_F(SharedProofs, ChangeSomethingOnceWhicheverServerTakesThem) {
  const auto make = proven("POST", "/api/v1/organizations", {{"name", "gamma"}});
  EXPECT_EQ(request(first, make).status, 201);
  EXPECT_EQ(request(first, make).code(), "device_proof_stale");
  EXPECT_EQ(request(second, make).code(), "device_proof_stale");
  const auto remove = proven("DELETE", "/api/v1/organizations/gamma");
  EXPECT_EQ(request(second, remove).status, 204);
  EXPECT_EQ(request(first, remove).code(), "device_proof_stale");
}

TEST_F(SharedProofs, SignSomebodyInOnce) {
  auto login = ControlPlane::request_of(
      "POST", "/api/v1/auth/login",
      {{"email", "user@alpha.test"}, {"password", ControlPlane::kPassword}});
  login.headers.emplace_back(control::kDeviceProofHeader,
                             crypto::make_device_proof(ControlPlane::device(),
                                                       {.cluster = first.current.get()->cluster,
                                                        .method = login.method,
                                                        .target = login.path,
                                                        .bearer = "",
                                                        .body = login.body},
                                                       TokenId::random(rng_), first.now, ""));
  EXPECT_EQ(request(first, login).status, 200);
  EXPECT_EQ(request(second, login).code(), "device_proof_stale");
}

TEST_F(SharedProofs, ThatReadCostNoWriting) {
  const auto asked = read();
  EXPECT_EQ(request(first, asked).status, 200);
  EXPECT_EQ(request(first, asked).code(), "device_proof_stale");
  EXPECT_EQ(request(second, asked).status, 200) << "it shows what its device may see, for 30 s";
  EXPECT_EQ(written_down(), 0);
}

TEST_F(SharedProofs, WithANonceAreOneServersAndWrittenDownNowhere) {
  auto asked = ControlPlane::request_of("POST", "/api/v1/organizations", {{"name", "gamma"}});
  asked.headers.emplace_back("authorization", "Bearer " + seed().tokens.at("root"));
  asked = first.proven(asked, ControlPlane::device());
  EXPECT_EQ(request(second, asked).code(), "device_proof_stale");
  EXPECT_EQ(request(first, asked).status, 201);
  EXPECT_EQ(written_down(), 0);
}

TEST_F(SharedProofs, ThatAServerRefusesAreStillUsed) {
  const auto make = proven("POST", "/api/v1/organizations", {{"name", "alpha"}});
  EXPECT_EQ(request(first, make).code(), "organization_exists");
  EXPECT_EQ(request(second, make).code(), "device_proof_stale");
}

TEST_F(SharedProofs, AreForgottenWhenNoServerTakesThemAnyMore) {
  const auto make = proven("POST", "/api/v1/organizations", {{"name", "gamma"}});
  EXPECT_EQ(request(first, make).status, 201);
  EXPECT_EQ(written_down(), 1);
  EXPECT_TRUE(control::keep_house(first.house(), first.now + control::kProofShared - 1s));
  EXPECT_EQ(written_down(), 1);
  EXPECT_TRUE(control::keep_house(first.house(), first.now + control::kProofShared));
  EXPECT_EQ(written_down(), 0);
  second.now += control::kProofShared;
  EXPECT_EQ(request(second, make).code(), "device_proof_stale") << "its clock says so";
}

}  // namespace
}  // namespace rap::store
