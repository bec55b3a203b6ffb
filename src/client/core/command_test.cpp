#include "client/core/command.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/core/test_world.hpp"
#include "crypto/testing/pki.hpp"
#include "snapshot/public_deny_list.hpp"

namespace rap::client {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr int kOk = 0, kFailed = 1, kUsage = 2, kNotSignedIn = 3, kDenied = 4, kNotFound = 5,
              kUnreachable = 6, kUntrusted = 7;

class CommandTest : public testing::Test {
 protected:
  TestHome& home() { return shell_.home; }
  TestNetwork& network() { return shell_.network; }
  int run(const std::vector<std::string>& words) { return shell_.run(words); }
  std::string out() const { return shell_.out.str(); }
  std::string err() const { return shell_.err.str(); }

  void serve_login() {
    network().answer("GET trust-bundle", {{"ca_ref", "x"}, {"pem", root_.pem()}});
    network().answer("POST auth/login", {{"token", "rapst_t"},
                                         {"expires_at", TestShell::kNow + 3600},
                                         {"user", {{"email", "a@b.test"}}}});
  }
  std::vector<std::string> login(std::vector<std::string> more) {
    std::vector<std::string> words = {"login",   "--server", "https://cp.example:8443",
                                      "--email", "a@b.test", "--password-stdin"};
    words.insert(words.end(), more.begin(), more.end());
    shell_.terminal.piped = {"pw"};
    return words;
  }
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
  TestShell shell_;
};

TEST_F(CommandTest, LoginSendsThePasswordOnlyUnderTheConfirmedRoot) {
  serve_login();
  EXPECT_EQ(run(login({"--ca-fingerprint", root_.fingerprint_hex()})), kOk) << err();
  for (const Sent& sent : network().sent) {
    if (sent.request.method == "GET") continue;
    EXPECT_EQ(sent.roots_pem, root_.pem());
    EXPECT_EQ(sent.body(), (json{{"email", "a@b.test"}, {"password", "pw"}}));
  }
  EXPECT_FALSE(network().sent[0].roots_pem);
  EXPECT_EQ(home().files["ca.pem"], root_.pem());
  EXPECT_EQ(json::parse(home().files["profile.json"])["token"], "rapst_t");
  const std::string device = json::parse(home().files["profile.json"])["device"];
  EXPECT_TRUE(DeviceId::parse(device)) << device;
  // From now on the roots are known.
  network().sent.clear();
  EXPECT_EQ(run(login({})), kOk);
  EXPECT_EQ(network().sent[0].roots_pem, root_.pem());
  EXPECT_EQ(json::parse(home().files["profile.json"])["device"], device) << "it stays the same";
}

TEST_F(CommandTest, LoginTakesTheFingerprintAsOpensslPrintsIt) {
  serve_login();
  std::string spaced;
  for (char c : root_.fingerprint_hex()) {
    if (spaced.size() % 3 == 2) spaced += ':';
    spaced += static_cast<char>(std::toupper(c));
  }
  EXPECT_EQ(run(login({"--ca-fingerprint", spaced})), kOk) << err();
}

TEST_F(CommandTest, LoginRefusesAnotherRootBeforeThePasswordIsSent) {
  serve_login();
  EXPECT_EQ(run(login({"--ca-fingerprint", std::string(64, '0')})), kUntrusted);
  ASSERT_EQ(network().sent.size(), 1U);
  EXPECT_EQ(network().sent[0].request.body, "");
  EXPECT_THAT(home().files, IsEmpty());
}

TEST_F(CommandTest, LoginWithoutATerminalTrustsNobodyNew) {
  serve_login();
  EXPECT_EQ(run(login({})), kUntrusted);
  EXPECT_THAT(err(), AllOf(HasSubstr("--ca-fingerprint"), HasSubstr("--ca-file")));
  EXPECT_THAT(home().files, IsEmpty());
}

TEST_F(CommandTest, LoginAsksThePersonAndTakesOnlyYes) {
  serve_login();
  shell_.terminal.present = true;
  shell_.terminal.typed = {"y"};
  EXPECT_EQ(run(login({})), kUntrusted);
  shell_.terminal.typed = {"yes"};
  EXPECT_EQ(run(login({})), kOk) << err();
  EXPECT_THAT(err(), HasSubstr(root_.fingerprint_hex().substr(0, 2) + ":"));
}

TEST_F(CommandTest, LoginReadsTheRootFromAFile) {
  serve_login();
  home().given["root.pem"] = root_.pem();
  home().given["junk.pem"] = "junk";
  EXPECT_EQ(run(login({"--ca-file", "root.pem"})), kOk) << err();
  EXPECT_EQ(network().sent[0].roots_pem, root_.pem());
  EXPECT_EQ(run(login({"--ca-file", "junk.pem"})), kUsage);
  EXPECT_EQ(run(login({"--ca-file", "none.pem"})), kUsage);
  EXPECT_EQ(run(login({"--ca-file", "root.pem", "--ca-fingerprint", "x"})), kUsage);
}

TEST_F(CommandTest, RootsOfOneServerDoNotCountForAnother) {
  serve_login();
  sign_in();
  EXPECT_EQ(run({"login", "--server", "https://other.example", "--password-stdin"}), kUntrusted);
}

TEST_F(CommandTest, AWrongPasswordIsDenied) {
  serve_login();
  network().answer("POST auth/login",
                   {{"code", "wrong_credentials"}, {"detail", "Email or password is wrong."}}, 401);
  EXPECT_EQ(run(login({"--ca-fingerprint", root_.fingerprint_hex()})), kDenied);
  EXPECT_THAT(err(), HasSubstr("password is wrong"));
  EXPECT_THAT(home().files, IsEmpty());
}

TEST_F(CommandTest, WhoeverIsNotSignedInIsToldHowTo) {
  for (const auto& words : std::vector<std::vector<std::string>>{
           {"whoami"}, {"resources"}, {"ssh", "x"}, {"sessions"}, {"admin", "nodes", "list"}}) {
    EXPECT_EQ(run(words), kNotSignedIn);
    EXPECT_THAT(err(), HasSubstr("rap login"));
  }
  sign_in();
  home().files["profile.json"] =
      to_json(Profile{"https://cp.example", "a@b.test", "rapst_x", TestShell::kNow, {}});
  EXPECT_EQ(run({"whoami"}), kNotSignedIn);
  EXPECT_THAT(err(), HasSubstr("expired"));
  EXPECT_THAT(network().sent, IsEmpty());
}

TEST_F(CommandTest, EachRefusalOfTheServerHasItsExitCode) {
  sign_in();
  const std::pair<int, int> table[] = {{400, kFailed},   {401, kNotSignedIn}, {403, kDenied},
                                       {404, kNotFound}, {409, kFailed},      {429, kFailed},
                                       {500, kFailed},   {503, kUnreachable}};
  for (const auto& [status, code] : table) {
    network().answer("GET me", {{"code", "c"}, {"detail", "What happened."}}, status);
    EXPECT_EQ(run({"whoami"}), code) << status;
    EXPECT_THAT(err(), Not(IsEmpty()));
  }
}

TEST_F(CommandTest, EachTroubleOfTheNetworkHasItsExitCode) {
  sign_in();
  const std::pair<NetworkFault, int> table[] = {{NetworkFault::unreachable, kUnreachable},
                                                {NetworkFault::timeout, kUnreachable},
                                                {NetworkFault::untrusted, kUntrusted},
                                                {NetworkFault::broken, kFailed}};
  for (const auto& [fault, code] : table) {
    network().error = NetworkError{fault, "why"};
    EXPECT_EQ(run({"whoami"}), code);
    EXPECT_THAT(err(), HasSubstr("why"));
  }
}

TEST_F(CommandTest, LogoutForgetsTheTokenEvenWhenTheServerIsAway) {
  sign_in();
  network().error = NetworkError{NetworkFault::unreachable, "down"};
  EXPECT_EQ(run({"logout"}), kUnreachable);
  EXPECT_EQ(json::parse(home().files["profile.json"])["token"], "");
  EXPECT_EQ(run({"logout"}), kOk);
}

TEST_F(CommandTest, ResourcesOfAllOrganizationsAreListedTogether) {
  sign_in();
  network().answer("GET me", {{"memberships",
                               {{{"organization", {{"name", "a b"}}}, {"role", "r"}},
                                {{"organization", {{"name", "c"}}}, {"role", "r"}}}}});
  network().answer("GET organizations/a%20b/resources",
                   {{"items", {{{"name", "one"}, {"protocol", "ssh"}}}}});
  network().answer("GET organizations/c/resources",
                   {{"items", {{{"name", "two"}, {"protocol", "tcp"}}}}});
  EXPECT_EQ(run({"resources"}), kOk) << err();
  EXPECT_EQ(out(), "NAME  PROTOCOL  ORGANIZATION\none   ssh       a b\ntwo   tcp       c\n");
  EXPECT_EQ(run({"resources", "--json"}), kOk);
  EXPECT_EQ(json::parse(out())["items"][1]["organization"], "c");
}

TEST_F(CommandTest, SshRunsTheStockClientOverItsOwnProxyAndPassesItsStatusOn) {
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

TEST_F(CommandTest, SshIsForSshResources) {
  sign_in();
  network().answer("POST sessions", attachment("tcp"), 201);
  EXPECT_EQ(run({"ssh", "office"}), kFailed);
  EXPECT_THAT(err(), HasSubstr("rap forward office"));
  EXPECT_EQ(shell_.programs.ran, "");
}

TEST_F(CommandTest, ProxyNamesTheResourceThatWasNotFound) {
  sign_in();
  network().answer("POST sessions", {{"code", "resource_not_found"}, {"detail", "No such one."}},
                   404);
  EXPECT_EQ(run({"proxy", "nothing"}), kNotFound);
  EXPECT_THAT(err(), HasSubstr("nothing: No such one."));
}

TEST_F(CommandTest, ProxyAttachesToAGivenSessionAndLeavesItAlone) {
  sign_in();
  network().answer("POST sessions/s-1/attachments", attachment(), 201);
  EXPECT_EQ(run({"proxy", "--session", "s-1", "--class", "file_transfer", "office"}), kOk) << err();
  EXPECT_EQ(shell_.data_plane.used_class, wire::TrafficClass::file_transfer);
  EXPECT_EQ(network().sent.back().request.method, "POST");
  EXPECT_EQ(run({"proxy", "--class", "render", "office"}), kUsage);
}

TEST_F(CommandTest, ForwardPrintsThePortItGot) {
  sign_in();
  network().answer("POST sessions", attachment("tcp"), 201);
  EXPECT_EQ(run({"forward", "office", "--json"}), kOk) << err();
  EXPECT_EQ(json::parse(out())["listening"], "127.0.0.1:4242");
  EXPECT_EQ(run({"forward", "office", "--listen", "nonsense"}), kUsage);
}

TEST_F(CommandTest, AnEntryThatProductionMustNotTrustIsNotUsed) {
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

TEST_F(CommandTest, WithoutADenyListOfThePlatformNoEntryIsTrusted) {
  sign_in();
  json answer = attachment();
  answer.erase("deny_list");
  network().answer("POST sessions", answer, 201);
  EXPECT_EQ(run({"proxy", "office"}), static_cast<int>(ExitCode::untrusted));
  EXPECT_THAT(err(), HasSubstr("no deny list"));
  EXPECT_FALSE(shell_.data_plane.used);
}

TEST_F(CommandTest, ADenyListIsKeptAndFetchedAgainOnlyWhenThereIsANewerOne) {
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

TEST_F(CommandTest, EntriesThatWerePassedOverAreReported) {
  sign_in();
  network().answer("POST sessions", attachment(), 201);
  network().answer("POST sessions/s-1/fallbacks", json(), 204);
  shell_.data_plane.fallbacks = {{"192.0.2.1:4443", wire::FallbackCause::unknown_ca}};
  EXPECT_EQ(run({"proxy", "office"}), kOk) << err();
  EXPECT_EQ(network().sent[1].body(),
            (json{{"items", {{{"entry", "192.0.2.1:4443"}, {"cause", "unknown_ca"}}}}}));
}

TEST_F(CommandTest, SessionsWithoutMoreListsThem) {
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

TEST_F(CommandTest, AnEnrolmentIsApprovedByTheNameOfItsNodeOnlyWhenThatIsUnambiguous) {
  sign_in();
  const json one = {{"id", "7c9e6679-7425-40de-944b-e07fc1f90ae7"}, {"node_name", "entry-1"}};
  network().answer("GET enrolments?state=pending", {{"items", {one}}});
  network().answer("POST enrolments/7c9e6679-7425-40de-944b-e07fc1f90ae7/approve", json::object());
  EXPECT_EQ(run({"admin", "enrolments", "approve", "entry-1"}), kOk) << err();
  EXPECT_EQ(run({"admin", "enrolments", "approve", "7c9e6679-7425-40de-944b-e07fc1f90ae7"}), kOk);
  EXPECT_EQ(run({"admin", "enrolments", "approve", "entry-2"}), kNotFound);
  network().answer("GET enrolments?state=pending", {{"items", {one, one}}});
  EXPECT_EQ(run({"admin", "enrolments", "approve", "entry-1"}), kFailed);
}

TEST_F(CommandTest, AdministrationSendsWhatWasTyped) {
  sign_in();
  network().answer("POST organizations/acme/resources", json::object(), 201);
  EXPECT_EQ(run({"admin", "resources", "create", "acme", "db", "--protocol", "tcp", "--host", "h",
                 "--port", "5432", "--pool", "Office"}),
            kOk)
      << err();
  EXPECT_EQ(network().sent.back().body(), (json{{"name", "db"},
                                                {"protocol", "tcp"},
                                                {"host", "h"},
                                                {"port", 5432},
                                                {"egress_pool", "Office"}}));
  network().answer("PUT nodes/entry-1/roles", json::object());
  EXPECT_EQ(run({"admin", "nodes", "roles", "entry-1", "entry", "relay"}), kOk) << err();
  EXPECT_EQ(network().sent.back().body(), (json{{"roles", {"entry", "relay"}}}));
  network().answer("PUT organizations/acme/egress-pools/Office/nodes/e", json::object());
  EXPECT_EQ(run({"admin", "pools", "add-node", "acme", "Office", "e"}), kOk) << err();
  network().answer("POST join-tokens", {{"join_token", "rapjt1.x"}}, 201);
  EXPECT_EQ(run({"admin", "join-tokens", "create", "--node", "n", "--ttl", "60"}), kOk);
  EXPECT_EQ(out(), "rapjt1.x\n");
  EXPECT_EQ(network().sent.back().body(), (json{{"node_name", "n"}, {"ttl_s", 60}}));
}

TEST_F(CommandTest, ABrokenAuditLogIsAFailure) {
  sign_in();
  network().answer("GET audit/verify", {{"ok", true}, {"entries", 3}, {"head", "ab"}});
  EXPECT_EQ(run({"admin", "audit", "verify"}), kOk);
  network().answer("GET audit/verify", {{"ok", false}, {"entries", 3}, {"head", "ab"}});
  EXPECT_EQ(run({"admin", "audit", "verify", "--json"}), kFailed);
  EXPECT_FALSE(json::parse(out())["ok"].get<bool>());
}

TEST_F(CommandTest, TypingErrorsAreUsageErrors) {
  for (const auto& words : std::vector<std::vector<std::string>>{
           {},
           {"frobnicate"},
           {"ssh"},
           {"login", "--sever", "x"},
           {"admin"},
           {"admin", "nodes"},
           {"admin", "nodes", "roles", "n", "king"},
           {"admin", "members", "add", "o", "e"},
           {"completion", "tcsh"},
           {"admin", "resources", "create", "o", "n", "--protocol", "tcp", "--host", "h", "--port",
            "0", "--pool", "p"}}) {
    sign_in();
    EXPECT_EQ(run(words), kUsage);
  }
}

TEST_F(CommandTest, AFullDiskIsSaid) {
  serve_login();
  home().full = true;
  EXPECT_EQ(run(login({"--ca-fingerprint", root_.fingerprint_hex()})), kFailed);
  EXPECT_THAT(err(), HasSubstr("No space left on device"));
}

}  // namespace
}  // namespace rap::client
