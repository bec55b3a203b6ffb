#include "client/account/account_commands.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/ids.hpp"
#include "client/testing/command_test.hpp"
#include "crypto/testing/pki.hpp"
#include "snapshot/trust_bundle.hpp"

namespace rap::client {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Key;
using testing::Not;

class AccountCommands : public CommandTest {
 protected:
  AccountCommands() : CommandTest(add_account_commands) {}

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

  crypto::TestPki pki_;
  crypto::Certificate root_ = pki_.root.certificate;
};

TEST_F(AccountCommands, LoginSendsThePasswordOnlyUnderTheConfirmedRoot) {
  serve_login();
  EXPECT_EQ(run(login({"--ca-fingerprint", root_.fingerprint_hex()})), kOk) << err();
  for (const Sent& sent : network().sent) {
    if (sent.request.method == "GET") continue;
    EXPECT_EQ(sent.roots_pem, root_.pem());
    EXPECT_EQ(
        sent.body(),
        (json{{"email", "a@b.test"}, {"password", "pw"}, {"device_name", "laptop_of_tests"}}));
  }
  EXPECT_FALSE(network().sent[0].roots_pem);
  EXPECT_EQ(home().files["ca.pem"], root_.pem());
  EXPECT_EQ(json::parse(home().files["profile.json"])["token"], "rapst_t");
  const std::string key = home().files["device.pem"];
  ASSERT_TRUE(network().identified);
  const DeviceId device = network().identified->id();
  // The roots are known from now on.
  network().sent.clear();
  EXPECT_EQ(run(login({})), kOk);
  EXPECT_EQ(network().sent[0].roots_pem, root_.pem());
  EXPECT_EQ(network().identified->id(), device) << "it stays the same";
  EXPECT_EQ(home().files["device.pem"], key);

  const auto named = [](const DeviceId& id) { return json{{"id", id.str()}, {"name", "laptop"}}; };
  const json both = json::array({named(DeviceId{}), named(device)});
  network().answer("GET me/devices", {{"items", both}});
  EXPECT_EQ(run({"devices", "list"}), kOk) << err();
  EXPECT_EQ(out().find("(this one)"), out().rfind("(this one)")) << out();
  EXPECT_LT(out().find(device.str()), out().find("(this one)")) << out();
}

TEST_F(AccountCommands, LoginTakesTheFingerprintAsOpensslPrintsIt) {
  serve_login();
  std::string spaced;
  for (char c : root_.fingerprint_hex()) {
    if (spaced.size() % 3 == 2) spaced += ':';
    spaced += static_cast<char>(std::toupper(c));
  }
  EXPECT_EQ(run(login({"--ca-fingerprint", spaced})), kOk) << err();
}

TEST_F(AccountCommands, LoginRefusesAnotherRootBeforeThePasswordIsSent) {
  serve_login();
  EXPECT_EQ(run(login({"--ca-fingerprint", std::string(64, '0')})), kUntrusted);
  ASSERT_EQ(network().sent.size(), 1U);
  EXPECT_EQ(network().sent[0].request.body, "");
  EXPECT_THAT(home().files, IsEmpty());
}

TEST_F(AccountCommands, LoginWithoutATerminalTrustsNobodyNew) {
  serve_login();
  EXPECT_EQ(run(login({})), kUntrusted);
  EXPECT_THAT(err(), AllOf(HasSubstr("--ca-fingerprint"), HasSubstr("--ca-file")));
  EXPECT_THAT(home().files, IsEmpty());
}

TEST_F(AccountCommands, LoginAsksThePersonAndTakesOnlyYes) {
  serve_login();
  shell_.terminal.present = true;
  shell_.terminal.typed = {"y"};
  EXPECT_EQ(run(login({})), kUntrusted);
  shell_.terminal.typed = {"yes"};
  EXPECT_EQ(run(login({})), kOk) << err();
  EXPECT_THAT(err(), HasSubstr(root_.fingerprint_hex().substr(0, 2) + ":"));
}

TEST_F(AccountCommands, LoginReadsTheRootFromAFile) {
  serve_login();
  home().given["root.pem"] = root_.pem();
  home().given["junk.pem"] = "junk";
  EXPECT_EQ(run(login({"--ca-file", "root.pem"})), kOk) << err();
  EXPECT_EQ(network().sent[0].roots_pem, root_.pem());
  EXPECT_EQ(run(login({"--ca-file", "junk.pem"})), kUsage);
  home().given["leaf.pem"] = pki_.intermediate.certificate.pem();
  EXPECT_EQ(run(login({"--ca-file", "leaf.pem"})), kUsage) << "which names no platform";
  EXPECT_EQ(run(login({"--ca-file", "none.pem"})), kUsage);
  EXPECT_EQ(run(login({"--ca-file", "root.pem", "--ca-fingerprint", "x"})), kUsage);
}

// What a server sends with its answer is no reason to believe it the next time.
TEST_F(AccountCommands, LoginTakesNoRootThatTheKnownOneDoesNotVouchFor) {
  serve_login();
  const auto stranger = crypto::make_root(pki_.cluster, crypto::TestPki::validity, pki_.rng);
  const auto next = crypto::make_root(pki_.cluster, crypto::TestPki::validity, pki_.rng);
  const auto answer = [&](const crypto::Issuer& signer) {
    const auto bundle =
        snapshot::seal_trust_bundle({2, pki_.cluster, {root_, next.certificate}}, {signer});
    network().answer("GET trust-bundle",
                     {{"pem", root_.pem() + stranger.certificate.pem() + next.certificate.pem()},
                      {"version", 2},
                      {"bundles", {bundle}}});
  };
  answer(stranger);
  EXPECT_EQ(run(login({"--ca-fingerprint", root_.fingerprint_hex()})), kOk) << err();
  EXPECT_EQ(home().files["ca.pem"], root_.pem());
  EXPECT_EQ(home().files["ca.version"], "1\n");
  answer(pki_.root);
  EXPECT_EQ(run(login({})), kOk) << err();
  EXPECT_EQ(home().files["ca.pem"], root_.pem() + next.certificate.pem());
  EXPECT_EQ(home().files["ca.version"], "2\n");
}

TEST_F(AccountCommands, LoginLooksAtTheDenyListThatIsKept) {
  serve_login();
  sign_in();
  network().denied = std::make_shared<const crypto::DenyList>();
  EXPECT_EQ(run({"login", "--password-stdin", "--email", "a@b.test"}), kUsage) << "no password";
  shell_.terminal.piped = {"pw"};
  EXPECT_EQ(run({"login", "--password-stdin"}), kOk) << err();
  EXPECT_EQ(network().denied, nullptr) << "what is kept, which is none here";
}

TEST_F(AccountCommands, RootsOfOneServerDoNotCountForAnother) {
  serve_login();
  sign_in();
  EXPECT_EQ(run({"login", "--server", "https://other.example", "--password-stdin"}), kUntrusted);
}

TEST_F(AccountCommands, AWrongPasswordIsDenied) {
  serve_login();
  network().answer("POST auth/login",
                   {{"code", "wrong_credentials"}, {"detail", "Email or password is wrong."}}, 401);
  EXPECT_EQ(run(login({"--ca-fingerprint", root_.fingerprint_hex()})), kDenied);
  EXPECT_THAT(err(), HasSubstr("password is wrong"));
  EXPECT_THAT(home().files, ElementsAre(Key("device.pem"))) << "of this device, whoever signs in";
}

TEST_F(AccountCommands, LoginWaitsWhileTooManySignIn) {
  serve_login();
  network().answer("POST auth/login", {{"code", "sign_in_busy"}, {"detail", "Busy."}}, 503);
  shell_.terminal.waits = 3;
  EXPECT_EQ(run(login({"--ca-fingerprint", root_.fingerprint_hex()})), kUnreachable);
  int tried = 0;
  for (const Sent& sent : network().sent) tried += sent.request.method == "POST" ? 1 : 0;
  EXPECT_EQ(tried, 4) << "until the person interrupts it";
}

TEST_F(AccountCommands, LoginWithAPasswordThatSomebodyElseSetAsksForAnother) {
  serve_login();
  network().answer("POST auth/login", {{"token", "rapst_t"},
                                       {"expires_at", TestShell::kNow + 3600},
                                       {"password_expires_at", TestShell::kNow + 60},
                                       {"user", {{"email", "a@b.test"}}}});
  network().answer("PUT me/password", {{"ended_sign_ins", 0}});
  auto words = login({"--ca-fingerprint", root_.fingerprint_hex()});
  EXPECT_EQ(run(words), kOk) << err();
  EXPECT_THAT(out(), HasSubstr("rap password")) << "a script is told what to do";
  // A person at a terminal does it at once.
  std::erase(words, "--password-stdin");
  shell_.terminal.present = true;
  shell_.terminal.typed = {"temporary", "my own password", "my own password"};
  EXPECT_EQ(run(words), kOk) << err();
  EXPECT_EQ(network().sent.back().body(),
            (json{{"password", "temporary"}, {"new_password", "my own password"}}));
  shell_.terminal.typed = {"temporary", "my own password", "my own pasword"};
  EXPECT_EQ(run(words), kUsage);
}

TEST_F(AccountCommands, PasswordSendsTheOldOneAndTheNewOne) {
  sign_in();
  network().answer("PUT me/password", {{"ended_sign_ins", 1}});
  shell_.terminal.piped = {"old", "new password"};
  EXPECT_EQ(run({"password", "--password-stdin"}), kOk) << err();
  EXPECT_EQ(network().sent.back().body(),
            (json{{"password", "old"}, {"new_password", "new password"}}));
  shell_.terminal.piped = {"old"};
  EXPECT_EQ(run({"password", "--password-stdin"}), kUsage);
  EXPECT_EQ(run({"password"}), kUsage) << "there is no terminal";
}

TEST_F(AccountCommands, WhoWasSignedOutIsToldWhy) {
  sign_in();
  network().answer("GET me", {{"code", "signed_out"}, {"detail", "Because of this."}}, 401);
  EXPECT_EQ(run({"whoami"}), kNotSignedIn);
  EXPECT_THAT(err(), HasSubstr("Because of this."));
}

TEST_F(AccountCommands, EachRefusalOfTheServerHasItsExitCode) {
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

TEST_F(AccountCommands, EachTroubleOfTheNetworkHasItsExitCode) {
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

TEST_F(AccountCommands, WhatIsWrongWithTheServerIsSaidByItsCause) {
  using Fault = crypto::CertificateFault;
  sign_in();
  const std::pair<std::optional<Fault>, const char*> table[] = {
      {Fault::not_yet_valid, "clock shows, 2027-01-15T07:00:00Z"},
      {Fault::expired, "Set the clock right"},
      {Fault::bad_status, "Set the clock right"},
      {Fault::no_certificate, "as the port for nodes does"},
      {Fault::wrong_kind, "a node answers there"},
      {Fault::wrong_cluster, "another cluster"},
      {Fault::wrong_name, "rap-control names add"},
      {Fault::revoked, "is revoked"},
      {Fault::status_revoked, "is revoked"},
      {Fault::unknown_root, "--ca-fingerprint"},
      {std::nullopt, "no control plane"}};
  for (const auto& [fault, text] : table) {
    network().error = NetworkError{NetworkFault::untrusted, "why", fault, "2027-01-15T07:00:00Z"};
    EXPECT_EQ(run({"whoami"}), kUntrusted);
    EXPECT_THAT(err(), HasSubstr(text));
    if (fault != Fault::unknown_root) {
      EXPECT_THAT(err(), Not(HasSubstr("--ca-fingerprint")));
    }
  }
}

TEST_F(AccountCommands, AProxyThatMayLookIntoTlsIsNamed) {
  sign_in();
  const auto refused = [this](crypto::CertificateFault fault, const std::string& proxy) {
    network().error = NetworkError{NetworkFault::untrusted, "why", fault, "", proxy};
    EXPECT_EQ(run({"whoami"}), kUntrusted);
    return err();
  };
  using Fault = crypto::CertificateFault;
  for (const Fault fault : {Fault::unknown_root, Fault::bad_chain}) {
    EXPECT_THAT(refused(fault, "gate.corp:3128"),
                AllOf(HasSubstr("by the proxy gate.corp:3128"), HasSubstr("TLS inspection")));
    EXPECT_THAT(refused(fault, ""), Not(HasSubstr("inspection")));
  }
  EXPECT_THAT(refused(Fault::revoked, "gate.corp:3128"), Not(HasSubstr("inspection")));
}

TEST_F(AccountCommands, LogoutForgetsTheTokenEvenWhenTheServerIsAway) {
  sign_in();
  network().error = NetworkError{NetworkFault::unreachable, "down"};
  EXPECT_EQ(run({"logout"}), kUnreachable);
  EXPECT_EQ(json::parse(home().files["profile.json"])["token"], "");
  EXPECT_EQ(run({"logout"}), kOk);
}

TEST_F(AccountCommands, ResourcesOfAllOrganizationsAreListedTogether) {
  sign_in();
  network().answer("GET me", {{"memberships",
                               {{{"organization", {{"name", "a b"}}}, {"role", "r"}},
                                {{"organization", {{"name", "c"}}}, {"role", "r"}}}}});
  network().answer("GET organizations/a%20b/resources",
                   {{"items", {{{"name", "one"}, {"protocol", "ssh"}}}}});
  network().answer("GET organizations/c/resources",
                   {{"items", {{{"name", "two"}, {"protocol", "tcp"}, {"disabled", true}}}}});
  EXPECT_EQ(run({"resources"}), kOk) << err();
  EXPECT_EQ(out(),
            "NAME  PROTOCOL  ORGANIZATION  DISABLED\n"
            "one   ssh       a b           no\n"
            "two   tcp       c             yes\n");
  EXPECT_EQ(run({"resources", "--json"}), kOk);
  EXPECT_EQ(json::parse(out())["items"][1]["organization"], "c");
  EXPECT_EQ(run({"resources", "--names"}), kOk);
  EXPECT_EQ(out(), "one\n");
}

TEST_F(AccountCommands, WhoIsInvitedIsToldAndAnswers) {
  sign_in();
  network().answer("GET me", {{"invitations", {"acme"}}});
  EXPECT_EQ(run({"whoami"}), kOk) << err();
  EXPECT_THAT(out(), HasSubstr("Invited to"));
  network().answer("GET me", json::object());
  EXPECT_EQ(run({"whoami"}), kOk) << err();
  EXPECT_THAT(out(), Not(HasSubstr("Invited to")));
  network().answer("POST me/invitations/acme/accept", json::object());
  network().answer("POST me/invitations/acme/decline", nullptr, 204);
  for (const std::string verb : {"accept", "decline"}) {
    EXPECT_EQ(run({"invitations", verb, "acme"}), kOk) << err();
    EXPECT_THAT(out(), HasSubstr("acme"));
  }
}

TEST_F(AccountCommands, AFullDiskIsSaid) {
  serve_login();
  home().full = true;
  EXPECT_EQ(run(login({"--ca-fingerprint", root_.fingerprint_hex()})), kFailed);
  EXPECT_THAT(err(), HasSubstr("No space left on device"));
}

}  // namespace
}  // namespace rap::client
