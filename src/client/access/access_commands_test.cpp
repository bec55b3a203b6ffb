#include "client/access/access_commands.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/encoding.hpp"
#include "client/access/ssh_commands.hpp"
#include "client/testing/command_test.hpp"
#include "crypto/testing/pki.hpp"
#include "snapshot/public_deny_list.hpp"

namespace rap::client {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

class AccessCommands : public CommandTest {
 protected:
  AccessCommands() : CommandTest(add_access_commands) {}

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
               {"tls_cluster", pki_.cluster.str()},
               {"tls_worker", "7c9e6679-7425-40de-944b-e07fc1f90ae7"}}}},
            {"resume",
             {{"grant", "a grant"},
              {"expires_at", TestShell::kNow + 3600},
              {"egresses", json::array()}}}};
  }

  void open_resource(const std::string& name, const json& more = json::object()) {
    json item = {{"id", "id-" + name},
                 {"name", name},
                 {"protocol", "ssh"},
                 {"organization", {{"id", "o"}, {"name", "acme"}}}};
    item.update(more);
    network().answer("GET resources?resource=" + name, {{"items", {item}}});
  }

  crypto::TestPki pki_;
  crypto::Certificate root_ = pki_.root.certificate;
};

TEST_F(AccessCommands, SshRunsTheStockClientOverItsOwnProxyAndPassesItsStatusOn) {
  sign_in();
  open_resource("office", {{"ssh_host_key", "ssh-ed25519 AAAA"}});
  shell_.programs.status = 7;
  EXPECT_EQ(run({"ssh", "-l", "bob", "office", "--", "ls", "-l"}), 7) << err();
  EXPECT_EQ(shell_.programs.ran, "ssh");
  const auto& given = shell_.programs.given;
  EXPECT_THAT(given, Contains("ProxyCommand='/usr/bin/rap' proxy --organization 'acme' 'office'"));
  EXPECT_THAT(given, Contains("HostKeyAlias=rap-acme-office"));
  EXPECT_THAT(given, Contains("StrictHostKeyChecking=yes"));
  EXPECT_EQ(std::vector(given.end() - 6, given.end()),
            (std::vector<std::string>{"-l", "bob", "rap-acme-office", "--", "ls", "-l"}));
  EXPECT_EQ(home().files["hosts/id-office"], "rap-acme-office ssh-ed25519 AAAA\n");
  EXPECT_EQ(network().sent.size(), 1U) << "the session is the proxy's, and a master has it already";
}

TEST_F(AccessCommands, SshHandsOnWhatIsNotItsOwn) {
  sign_in();
  open_resource("office");
  EXPECT_EQ(
      run({"ssh", "-A", "-oBatchMode=yes", "root@office", "[ -d /tmp ]", "-h", "--json", "0,1"}), 0)
      << err();
  const auto& given = shell_.programs.given;
  EXPECT_EQ(std::vector(given.end() - 7, given.end()),
            (std::vector<std::string>{"-A", "-oBatchMode=yes", "root@rap-acme-office",
                                      "[ -d /tmp ]", "-h", "--json", "0,1"}));
  EXPECT_EQ(run({"ssh", "-V"}), 0);
  EXPECT_EQ(shell_.programs.given, std::vector<std::string>{"-V"});
}

TEST_F(AccessCommands, SshIsForSshResources) {
  sign_in();
  open_resource("office", {{"protocol", "tcp"}});
  EXPECT_EQ(run({"ssh", "office"}), kSshFailure);
  EXPECT_THAT(err(), HasSubstr("rap forward office"));
  EXPECT_EQ(shell_.programs.ran, "");
}

TEST_F(AccessCommands, SshHas255ForAllThatIsOursSoThatOtherStatusesAreTheCommands) {
  EXPECT_EQ(run({"ssh", "office"}), kSshFailure) << "not signed in";
  EXPECT_EQ(run({"ssh"}), kSshFailure);
  EXPECT_EQ(run({"ssh", "--frobnicate", "office"}), kSshFailure);
  EXPECT_EQ(run({"ssh", "--help"}), kOk);
  EXPECT_THAT(out(), HasSubstr("RESOURCE"));
  sign_in();
  network().answer("GET resources?resource=nothing", {{"items", json::array()}});
  EXPECT_EQ(run({"ssh", "--json", "nothing"}), kSshFailure);
  const json said = json::parse(err());
  EXPECT_EQ(said["error"]["code"], "not_found");
  EXPECT_EQ(said["error"]["status"], kSshFailure);
  network().answer("GET resources?resource=office",
                   {{"items", {{{"name", "office"}}, {{"name", "office"}}}}});
  EXPECT_EQ(run({"ssh", "office"}), kSshFailure);
  EXPECT_THAT(err(), HasSubstr("--organization"));
  network().answer("GET resources?resource=office&organization=acme",
                   {{"items", {{{"name", "office"}, {"protocol", "ssh"}}}}});
  EXPECT_EQ(run({"ssh", "--organization", "acme", "office"}), kOk) << err();
}

TEST_F(AccessCommands, SshConfigPrintsABlockForEachSshResource) {
  sign_in();
  const auto item = [](const char* id, const char* organization, const char* name) {
    return json{{"id", id},
                {"name", name},
                {"protocol", "ssh"},
                {"organization", {{"id", "o"}, {"name", organization}}}};
  };
  json pinned = item("id-1", "acme", "office");
  pinned["ssh_host_key"] = "ssh-ed25519 AAAA";
  json web = item("id-4", "acme", "web");
  web["protocol"] = "tcp";
  network().answer(
      "GET resources",
      {{"items",
        {pinned, item("id-2", "acme", "twin"), item("id-3", "beta", "Twin"), web,
         item("id-5", "acme", "x\n  ProxyCommand evil"), item("id-6", "acme", "every *")}}});
  ASSERT_EQ(run({"ssh-config"}), kOk) << err();
  EXPECT_THAT(
      out(), AllOf(HasSubstr("Host office rap-acme-office\n"), HasSubstr("Host rap-acme-twin\n"),
                   HasSubstr("Host rap-beta-twin\n"), Not(HasSubstr("web")), Not(HasSubstr("evil")),
                   HasSubstr("Host rap-acme-every_20_2a\n")));
  EXPECT_EQ(home().files["hosts/id-1"], "rap-acme-office ssh-ed25519 AAAA\n");
  const std::string printed = out();
  ASSERT_EQ(run({"ssh-config", "--write"}), kOk) << err();
  EXPECT_EQ(home().files["ssh_config"], printed);
  EXPECT_THAT(out(), HasSubstr("Include \"/home/ssh_config\""));
  ASSERT_EQ(run({"ssh-config", "--json"}), kOk) << err();
  EXPECT_EQ(json::parse(out())["hosts"][0]["host"], "rap-acme-office");
}

TEST_F(AccessCommands, ProxyPinsTheKeyBeforeSshLooksForIt) {
  sign_in();
  json answer = attachment();
  answer["session"]["resource"]["ssh_host_key"] = "ssh-ed25519 NEW";
  answer["session"]["resource"]["id"] = "id-office";
  network().answer("POST sessions", answer, 201);
  home().files["hosts/id-office"] = "rap-acme-office ssh-ed25519 OLD\n";
  EXPECT_EQ(run({"proxy", "--unpinned", "office"}), static_cast<int>(ExitCode::untrusted));
  EXPECT_FALSE(shell_.data_plane.used) << "ssh would have taken any key";
  EXPECT_EQ(run({"proxy", "office"}), kOk) << err();
  EXPECT_EQ(home().files["hosts/id-office"], "rap-acme-office ssh-ed25519 NEW\n");
}

TEST_F(AccessCommands, SignalsAreHeldBeforeASessionIsAskedFor) {
  sign_in();
  network().answer("POST sessions", attachment("tcp"), 201);
  network().answer("DELETE sessions/s-1", json(), 204);
  for (const char* command : {"proxy", "forward"}) {
    std::optional<std::size_t> sent_before;
    shell_.data_plane.on_hold = [&] { sent_before = network().sent.size(); };
    network().sent.clear();
    EXPECT_EQ(run({command, "office"}), kOk) << err();
    EXPECT_EQ(sent_before, 0U) << command;
    EXPECT_EQ(network().sent.back().request.method, "DELETE") << command;
  }
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

TEST_F(AccessCommands, ProxyNamesItsKeysAndTakesWithWhatItsFlowsGoOn) {
  sign_in();
  const crypto::ClientKey flow_key{1, 2, 3};
  json answer = attachment("tcp");
  answer["resume"] = {
      {"grant", "a grant"},
      {"expires_at", TestShell::kNow + 3600},
      {"hold_s", 120},
      {"egresses",
       {{{"node", "7c9e6679-7425-40de-944b-e07fc1f90ae7"}, {"flow_key", to_base64url(flow_key)}},
        {{"node", "no id"}, {"flow_key", to_base64url(flow_key)}}}}};
  network().answer("POST sessions", answer, 201);
  network().answer("DELETE sessions/s-1", json(), 204);
  shell_.data_plane.keys = ClientPublicKeys{flow_key, {4, 5, 6}};
  EXPECT_EQ(run({"proxy", "office"}), kOk) << err();
  const json said = json::parse(network().sent.front().request.body)["client_keys"];
  EXPECT_EQ(said["flow_key"], to_base64url(flow_key));
  EXPECT_EQ(said["proof_key"], to_base64url(shell_.data_plane.keys.proof));
  const auto& terms = *shell_.data_plane.used->resume;
  EXPECT_EQ(terms.grant, "a grant");
  EXPECT_EQ(terms.expires_at, TestShell::kNow + 3600);
  EXPECT_EQ(terms.hold, std::chrono::seconds{120});
  ASSERT_EQ(terms.egresses.size(), 1U) << "what cannot be used is left out";
  EXPECT_EQ(terms.egresses[0].node.str(), "7c9e6679-7425-40de-944b-e07fc1f90ae7");
  EXPECT_EQ(terms.egresses[0].flow_key, flow_key);
}

TEST_F(AccessCommands, ProxyGetsOtherTokensOfTheSessionItHas) {
  sign_in();
  network().answer("POST sessions", attachment("tcp"), 201);
  network().answer("POST sessions/s-1/attachments", attachment("tcp"), 201);
  network().answer("DELETE sessions/s-1", json(), 204);
  shell_.data_plane.asks_for_more = true;
  EXPECT_EQ(run({"proxy", "office"}), kOk) << err();
  ASSERT_EQ(network().sent.size(), 3U);
  EXPECT_EQ(network().sent[1].request.path, "/api/v1/sessions/s-1/attachments");
}

TEST_F(AccessCommands, ForwardPrintsThePortItGot) {
  sign_in();
  network().answer("POST sessions", attachment("tcp"), 201);
  EXPECT_EQ(run({"forward", "office", "--json"}), kOk) << err();
  EXPECT_EQ(json::parse(out())["listening"], "127.0.0.1:4242");
  EXPECT_EQ(run({"forward", "office", "--listen", "nonsense"}), kUsage);
  EXPECT_EQ(run({"forward", "office", "--listen", "localhost:7702", "--json"}), kOk) << err();
  EXPECT_EQ(json::parse(out())["listening"], "127.0.0.1:4242");
  EXPECT_EQ(run({"forward", "office", "--listen", "[::1]:0", "--json"}), kOk) << err();
  EXPECT_EQ(run({"forward", "office", "--listen", "myhost:7702"}), kUsage);
  EXPECT_THAT(err(), HasSubstr("'myhost' is no IP address"));
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
  EXPECT_EQ(network().sent.back().request.method, "DELETE") << "no session is left behind";
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
