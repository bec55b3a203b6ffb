#include "client/access/access_commands.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/testing/shell.hpp"
#include "crypto/testing/pki.hpp"
#include "snapshot/public_deny_list.hpp"

namespace rap::client {
namespace {

using nlohmann::json;
using testing::Contains;
using testing::HasSubstr;

constexpr int kOk = 0;
constexpr int kFailed = 1;
constexpr int kUsage = 2;
constexpr int kNotFound = 5;
constexpr int kUnreachable = 6;

class AccessCommands : public testing::Test {
 protected:
  TestHome& home() { return shell_.home; }
  TestNetwork& network() { return shell_.network; }
  int run(const std::vector<std::string>& words) { return shell_.run(words); }
  std::string out() const { return shell_.out.str(); }
  std::string err() const { return shell_.err.str(); }

  void sign_in() {
    shell_.sign_in();
    shell_.home.files["ca.pem"] = root_.pem();
  }
  json deny_list(std::uint64_t version) {
    const WallTime now = from_unix(TestShell::kNow);
    return {{"version", version},
            {"envelope",
             snapshot::seal_deny_list({version, pki_.cluster, now, now + std::chrono::hours{1}, {}},
                                      pki_.intermediate)},
            {"signer", pki_.intermediate.certificate.pem()}};
  }
  json attachment(const std::string& protocol = "ssh") {
    return {{"deny_list", deny_list(7)},
            {"session",
             {{"id", "s-1"},
              {"organization", {{"id", "o"}, {"name", "acme"}}},
              {"resource", {{"id", "r"}, {"name", "office"}, {"protocol", protocol}}},
              {"state", "pending"}}},
            {"attachment_id", "a-1"},
            {"token_expires_at", TestShell::kNow + 60},
            {"classes", {"input", "file_transfer"}},
            {"candidates",
             {{{"url", "wss://entry.example:443/rap/v1/data-plane"},
               {"token", "t0k"},
               {"tls_trust_mode", "platform_ca"},
               {"production_trusted", true},
               {"smoke_only", false},
               {"tls_ca_ref", "x"},
               {"tls_cluster", pki_.cluster.str()}}}}};
  }

  crypto::TestPki pki_;
  crypto::Certificate root_ = pki_.root.certificate;
  TestShell shell_{add_access_commands};
};

TEST_F(AccessCommands, SshRunsTheStockClientOverItsOwnProxyAndPassesItsStatusOn) {
  sign_in();
  json answer = attachment();
  answer["session"]["resource"]["ssh_host_key"] = "ssh-ed25519 AAAA";
  network().answer("POST sessions", answer, 201);
  network().answer("DELETE sessions/s-1", json(), 204);
  shell_.programs.status = 7;
  EXPECT_EQ(run({"ssh", "-l", "bob", "office", "--", "ls", "-l"}), 7) << err();
  EXPECT_EQ(shell_.programs.ran, "ssh");
  const auto& given = shell_.programs.given;
  EXPECT_THAT(given, Contains("ProxyCommand='/usr/bin/rap' proxy --session 's-1' 'office'"));
  EXPECT_THAT(given, Contains("HostKeyAlias=rap-acme-office"));
  EXPECT_THAT(given, Contains("StrictHostKeyChecking=yes"));
  EXPECT_EQ(std::vector(given.end() - 6, given.end()),
            (std::vector<std::string>{"-l", "bob", "--", "rap-acme-office", "ls", "-l"}));
  EXPECT_EQ(home().files["known_hosts"], "rap-acme-office ssh-ed25519 AAAA\n");
  EXPECT_EQ(network().sent.back().request.method, "DELETE");
}

TEST_F(AccessCommands, SshIsForSshResources) {
  sign_in();
  network().answer("POST sessions", attachment("tcp"), 201);
  EXPECT_EQ(run({"ssh", "office"}), kFailed);
  EXPECT_THAT(err(), HasSubstr("rap forward office"));
  EXPECT_EQ(shell_.programs.ran, "");
}

TEST_F(AccessCommands, ProxyNamesTheResourceThatWasNotFound) {
  sign_in();
  network().answer("POST sessions", {{"code", "resource_not_found"}, {"detail", "No such one."}},
                   404);
  EXPECT_EQ(run({"proxy", "nothing"}), kNotFound);
  EXPECT_THAT(err(), HasSubstr("nothing: No such one."));
}

TEST_F(AccessCommands, ProxyAttachesToAGivenSessionAndLeavesItAlone) {
  sign_in();
  network().answer("POST sessions/s-1/attachments", attachment(), 201);
  EXPECT_EQ(run({"proxy", "--session", "s-1", "--class", "file_transfer", "office"}), kOk) << err();
  EXPECT_EQ(shell_.data_plane.used_class, wire::TrafficClass::file_transfer);
  EXPECT_EQ(network().sent.back().request.method, "POST");
  EXPECT_EQ(run({"proxy", "--class", "render", "office"}), kUsage);
}

TEST_F(AccessCommands, ForwardPrintsThePortItGot) {
  sign_in();
  network().answer("POST sessions", attachment("tcp"), 201);
  EXPECT_EQ(run({"forward", "office", "--json"}), kOk) << err();
  EXPECT_EQ(json::parse(out())["listening"], "127.0.0.1:4242");
  EXPECT_EQ(run({"forward", "office", "--listen", "nonsense"}), kUsage);
}

TEST_F(AccessCommands, AnEntryThatProductionMustNotTrustIsNotUsed) {
  sign_in();
  for (const auto& [member, value] :
       std::vector<std::pair<const char*, json>>{{"tls_trust_mode", "smoke_insecure"},
                                                 {"production_trusted", false},
                                                 {"smoke_only", true},
                                                 {"url", "ws://entry.example/x"}}) {
    json answer = attachment();
    answer["candidates"][0][member] = value;
    network().answer("POST sessions", answer, 201);
    EXPECT_EQ(run({"proxy", "office"}), kUnreachable) << member;
    EXPECT_FALSE(shell_.data_plane.used);
  }
}

TEST_F(AccessCommands, WithoutADenyListOfThePlatformNoEntryIsTrusted) {
  sign_in();
  json answer = attachment();
  answer.erase("deny_list");
  network().answer("POST sessions", answer, 201);
  EXPECT_EQ(run({"proxy", "office"}), static_cast<int>(ExitCode::untrusted));
  EXPECT_THAT(err(), HasSubstr("no deny list"));
  EXPECT_FALSE(shell_.data_plane.used);
}

TEST_F(AccessCommands, ADenyListIsKeptAndFetchedAgainOnlyWhenThereIsANewerOne) {
  sign_in();
  network().answer("POST sessions", attachment(), 201);
  EXPECT_EQ(run({"proxy", "office"}), kOk) << err();
  json answer = attachment();
  answer.erase("deny_list");
  network().answer("POST sessions", answer, 201);
  EXPECT_EQ(run({"proxy", "office"}), kOk) << err();
  EXPECT_TRUE(network().denied) << "the control plane is judged by it too";
  EXPECT_EQ(network().sent[2].body()["deny_list_version"], 7);
  answer["deny_list"] = deny_list(6);
  network().answer("POST sessions", answer, 201);
  EXPECT_EQ(run({"proxy", "office"}), static_cast<int>(ExitCode::untrusted));
  EXPECT_THAT(err(), HasSubstr("rolled_back"));
}

TEST_F(AccessCommands, EntriesThatWerePassedOverAreReported) {
  sign_in();
  network().answer("POST sessions", attachment(), 201);
  network().answer("POST sessions/s-1/fallbacks", json(), 204);
  shell_.data_plane.fallbacks = {{"192.0.2.1:4443", wire::FallbackCause::unknown_ca}};
  EXPECT_EQ(run({"proxy", "office"}), kOk) << err();
  EXPECT_EQ(network().sent[1].body(),
            (json{{"items", {{{"entry", "192.0.2.1:4443"}, {"cause", "unknown_ca"}}}}}));
}

TEST_F(AccessCommands, SessionsWithoutMoreListsThem) {
  sign_in();
  network().answer("GET sessions", {{"items", {{{"id", "s-1"}, {"state", "active"}}}}});
  network().answer("DELETE sessions/s-1", json(), 204);
  EXPECT_EQ(run({"sessions"}), kOk);
  const std::string listed = out();
  EXPECT_THAT(listed, HasSubstr("s-1"));
  EXPECT_EQ(run({"sessions", "list"}), kOk);
  EXPECT_EQ(out(), listed);
  EXPECT_EQ(run({"sessions", "terminate", "s-1"}), kOk);
  EXPECT_EQ(network().sent.back().request.method, "DELETE");
  EXPECT_EQ(run({"sessions", "--json"}), kOk);
  EXPECT_EQ(json::parse(out())["items"][0]["id"], "s-1");
}

}  // namespace
}  // namespace rap::client
