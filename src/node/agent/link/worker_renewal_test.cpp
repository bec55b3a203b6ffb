// The certificate an entry meets clients with is renewed like the node's own.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "crypto/testing/pki.hpp"
#include "node/agent/link/renewal_sync.hpp"
#include "node/agent/test_node_files.hpp"

namespace rap::agent {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

class WorkerRenewal : public testing::Test {
 protected:
  WorkerRenewal() { sync.plan(at(0s)); }

  // So long after the middle of the certificate's two days.
  static Now at(std::chrono::seconds later) {
    return {MonoTime{1h} + later, crypto::TestPki::now + later};
  }
  std::optional<json> asked(const LinkActions& actions) {
    for (const LinkAction& action : actions) {
      const auto* send = std::get_if<SendToControl>(&action);
      if (send != nullptr) return json::parse(send->request.body);
    }
    return std::nullopt;
  }
  Answer issued(const json& request, const crypto::SubjectNames& names, Now now) {
    const auto csr = crypto::CertificateRequest::from_pem(request.at("csr").get<std::string>());
    const auto leaf = crypto::issue_leaf(pki.intermediate, csr->key, names,
                                         {now.wall - 5min, now.wall + crypto::TestPki::day},
                                         pki.rng, {.client = false});
    wire::HttpResponse response;
    response.body =
        json{{"certificate_chain", crypto::chain_pem({leaf, pki.intermediate.certificate})}}.dump();
    return response;
  }

  crypto::TestPki pki{1};
  crypto::TestMember worker = pki.member(wire::SpiffeId::Kind::worker);
  TestNodeFiles state;
  RenewalSync sync{worker.node, kWorkerCertificate, worker.leaf.names(), worker.leaf, state,
                   pki.rng};
};

TEST_F(WorkerRenewal, ComesBeforeTwoThirdsOfItsLifeAndReplacesTheFilesInOrder) {
  EXPECT_FALSE(asked(sync.poll(at(4h + 47min))));
  const Now due = at(8h);
  const auto request = asked(sync.poll(due));
  ASSERT_TRUE(request);
  EXPECT_EQ(request->at("kind"), "worker");
  ASSERT_TRUE(state.files.contains(std::string(kWorkerNextKeyFile))) << "staged beside the old one";
  EXPECT_FALSE(state.files.contains(std::string(kWorkerKeyFile)));
  const auto done = sync.on_answer(due, issued(*request, worker.leaf.names(), due), pki.roots());
  EXPECT_EQ(state.files[std::string(kWorkerKeyFile)], state.files[std::string(kWorkerNextKeyFile)]);
  const auto leaf = crypto::Certificate::from_pem(state.files[std::string(kWorkerChainFile)]);
  EXPECT_EQ(leaf->public_key().spki_sha256(),
            crypto::PrivateKey::from_pem(state.files[std::string(kWorkerKeyFile)])
                ->public_key()
                .spki_sha256());
  const bool told = std::ranges::any_of(
      done, [](const LinkAction& a) { return std::holds_alternative<TellIdentity>(a); });
  const bool reconnects = std::ranges::any_of(
      done, [](const LinkAction& a) { return std::holds_alternative<UseIdentity>(a); });
  EXPECT_TRUE(told) << "the listener takes it for new connections";
  EXPECT_FALSE(reconnects) << "and nothing else is touched";
}

TEST_F(WorkerRenewal, TakesNoOtherNamesAndNoOtherUsage) {
  const Now due = at(8h);
  const auto request = asked(sync.poll(due));
  ASSERT_TRUE(request);
  crypto::SubjectNames other = worker.leaf.names();
  other.ips = {"192.0.2.99"};
  sync.on_answer(due, issued(*request, other, due), pki.roots());
  EXPECT_FALSE(state.files.contains(std::string(kWorkerChainFile)));
  EXPECT_EQ(sync.renewals(), 0U);
}

}  // namespace
}  // namespace rap::agent
