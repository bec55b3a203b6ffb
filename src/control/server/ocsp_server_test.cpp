// The OCSP responder as it is reached: over HTTP, with connections to the database of its own.
#include "control/server/ocsp_server.hpp"

#include <algorithm>
#include <latch>
#include <thread>

#include "control/nodes/node.hpp"
#include "control/pki/certificate_inventory.hpp"
#include "control/server/test_server.hpp"
#include "io/http/server/test_http.hpp"

namespace rap::control::server {
namespace {

using crypto::OcspStatus;

std::string post(std::string_view body, const std::string& path = "/ocsp/") {
  return "POST " + path + " HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + std::string(body);
}
std::string get(const std::string& path) { return "GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n"; }
std::string error_of(crypto::OcspError error) {
  return std::string(as_text(crypto::ocsp_error(error)));
}

// A certificate that the inventory does not know.
crypto::Certificate make_certificate(ServerParts& parts) {
  const auto authority = parts.authority.get();
  crypto::SubjectNames names;
  names.uris = {wire::SpiffeId::of_node(authority->cluster, NodeId::random(parts.rng)).str()};
  const auto key = crypto::PrivateKey::generate(crypto::KeyType::p256);
  return crypto::issue_leaf(authority->intermediate, key.public_key(), names,
                            validity_from(io::wall_now(), std::chrono::hours{1}), parts.rng);
}

class OcspServerTest : public testing::Test {
 protected:
  OcspServerTest() { parts_.bootstrap(); }

  const crypto::Issuer& issuer() const { return authority_->intermediate; }
  // One that it knows, of a node.
  crypto::Certificate issue(bool revoked = false) {
    const crypto::Certificate leaf = make_certificate(parts_);
    Node node;
    node.id = NodeId::random(parts_.rng);
    node.name = "node-" + node.id.str();
    node.created_at = io::wall_now();
    const auto entry = inventory_entry(node.id, CertificateKind::node, {leaf, issuer().certificate},
                                       authority_->ca_ref());
    const auto done =
        parts_.database.run(Scope::platform().in(authority_->cluster), [&](Transaction& tx) {
          EXPECT_TRUE(tx.nodes().create(node));
          tx.certificates().add(entry);
          if (revoked) tx.certificates().revoke(node.id, entry.serial, io::wall_now());
          return Ending::commit;
        });
    EXPECT_TRUE(done);
    return leaf;
  }
  std::optional<OcspStatus::Kind> status_of(const crypto::Certificate& certificate) {
    const auto body = body_of(certificate);
    const auto reading = crypto::read_ocsp_response(as_bytes(body), certificate,
                                                    issuer().certificate, io::wall_now());
    return reading ? std::optional(reading->status.kind) : std::nullopt;
  }
  std::string body_of(const crypto::Certificate& certificate) {
    const Bytes request = crypto::make_ocsp_request(certificate, issuer().certificate);
    return ask(post(as_text(request))).body;
  }
  void revoke(const crypto::Certificate& certificate) {
    const std::string serial = certificate.serial_hex();
    const auto done =
        parts_.database.run(Scope::platform().in(authority_->cluster), [&](Transaction& tx) {
          const auto found = tx.certificates().find(serial);
          EXPECT_EQ(1U, found.size());
          if (!found.empty()) tx.certificates().revoke(found[0].node, serial, io::wall_now());
          return Ending::commit;
        });
    EXPECT_TRUE(done);
  }
  wire::HttpResponse ask(const std::string& request) {
    io::RawConnection connection(server_->port());
    connection.send(request);
    return connection.response();
  }

  ServerParts parts_{store::TestCluster::get().fresh_database()};
  std::shared_ptr<const Authority> authority_ = parts_.authority.get();
  std::unique_ptr<OcspServer> server_ = parts_.ocsp_server();
};

TEST_F(OcspServerTest, SaysHowACertificateStands) {
  EXPECT_EQ(OcspStatus::Kind::good, status_of(issue()));
  EXPECT_EQ(OcspStatus::Kind::revoked, status_of(issue(true)));
  EXPECT_EQ(OcspStatus::Kind::unknown, status_of(make_certificate(parts_)))
      << "it was never issued";
}

TEST_F(OcspServerTest, GivesWhoAsksNextTheSameSignedAnswer) {
  const auto known = issue();
  const std::string first = body_of(known);
  EXPECT_EQ(first, body_of(known));
  EXPECT_EQ(1U, parts_.kept_ocsp.figures().answers);
  EXPECT_GE(parts_.kept_ocsp.figures().used, 1U);
  EXPECT_EQ(OcspStatus::Kind::revoked, status_of(issue(true)));
}

TEST_F(OcspServerTest, SaysThatItIsRevokedInTheNextAnswerAfterTheChangeIsAnnounced) {
  const auto known = issue();
  const auto other = issue();
  EXPECT_EQ(OcspStatus::Kind::good, status_of(known));
  EXPECT_EQ(OcspStatus::Kind::good, status_of(other));
  revoke(known);
  parts_.kept_ocsp.forget();
  EXPECT_EQ(OcspStatus::Kind::revoked, status_of(known));
  EXPECT_EQ(OcspStatus::Kind::good, status_of(other));
}

TEST_F(OcspServerTest, SaysThatItIsRevokedThoughNothingIsAnnounced) {
  const auto known = issue();
  EXPECT_EQ(OcspStatus::Kind::good, status_of(known));
  revoke(known);
  const MonoTime revoked_at = io::mono_now();
  for (;;) {
    const MonoTime asked_at = io::mono_now();
    const auto said = status_of(known);
    ASSERT_TRUE(said);
    if (*said == OcspStatus::Kind::revoked) break;
    // What was confirmed just before the change counts until kStatusAge later, and no longer.
    ASSERT_LE(asked_at - revoked_at, kStatusAge);
  }
}

TEST_F(OcspServerTest, KeepsNothingAboutWhatWasNeverIssued) {
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(OcspStatus::Kind::unknown, status_of(make_certificate(parts_)));
  }
  EXPECT_EQ(0U, parts_.kept_ocsp.figures().answers);
}

// The parameters of the hash in a request mean nothing, and its answer repeats them.
TEST_F(OcspServerTest, KeepsWhatItHasThoughSomebodyAsksInAnotherForm) {
  const auto known = issue();
  const std::string first = body_of(known);
  Bytes other = crypto::make_ocsp_request(known, issuer().certificate);
  const Bytes null_of_sha256 = {0x04, 0x02, 0x01, 0x05, 0x00};
  const auto parameters = std::ranges::search(other, null_of_sha256);
  ASSERT_FALSE(parameters.empty());
  parameters[3] = 0x04;  // an empty octet string, which is DER too
  ASSERT_TRUE(crypto::parse_ocsp_request(other));
  for (int i = 0; i < 3; ++i) {
    const std::string body = ask(post(as_text(other))).body;
    EXPECT_TRUE(body.starts_with("\x30")) << "it is answered";
    EXPECT_NE(body, first);
  }
  EXPECT_EQ(1U, parts_.kept_ocsp.figures().answers);
  EXPECT_EQ(first, body_of(known)) << "as if nobody had asked";
}

TEST_F(OcspServerTest, HasTheRevocationListAndNothingElse) {
  const auto crl = ask(get("/crl"));
  EXPECT_EQ(200, crl.status);
  EXPECT_EQ("application/pkix-crl", crl.content_type);
  EXPECT_EQ(404, ask(get("/")).status);
  EXPECT_EQ(404, ask(get("/api/v1/me")).status);
}

TEST_F(OcspServerTest, AnswersWhatIsNoRequestWithAnErrorOfTheProtocol) {
  const auto answer = ask(post("no request"));
  EXPECT_EQ(200, answer.status);
  EXPECT_EQ(error_of(crypto::OcspError::malformed_request), answer.body);
}

TEST_F(OcspServerTest, ReadsARequestOfTheLargestSizeAndNotAByteMore) {
  const std::string largest(crypto::kMaxOcspRequestBytes, 'x');
  EXPECT_EQ(200, ask(post(largest)).status);
  EXPECT_EQ(413, ask(post(largest + "x")).status);
}

TEST_F(OcspServerTest, WaitsForNobodyWhoHoldsTheConnectionsOfTheOtherListeners) {
  const auto known = issue();
  std::latch all_held{ServerParts::kConnections};
  std::latch answered{1};
  std::vector<std::jthread> others;
  for (std::size_t i = 0; i < ServerParts::kConnections; ++i) {
    others.emplace_back([&] {
      EXPECT_TRUE(parts_.database.run(Scope::platform(), [&](Transaction&) {
        all_held.count_down();
        answered.wait();
        return Ending::roll_back;
      }));
    });
  }
  all_held.wait();
  EXPECT_EQ(OcspStatus::Kind::good, status_of(known));
  answered.count_down();
}

TEST_F(OcspServerTest, TellsThatItsAddressIsTaken) {
  EXPECT_THROW(parts_.ocsp_server(server_->port()), std::system_error);
}

TEST_F(OcspServerTest, EndsWhileSomebodyIsConnectedAndSilent) {
  io::RawConnection silent(server_->port());
  ASSERT_TRUE(silent.send("POST /ocsp/ HTTP/1.1\r\n"));
  EXPECT_EQ(200, ask(get("/crl")).status) << "who came later is answered";
  server_.reset();
  EXPECT_TRUE(silent.closed());
}

TEST(OcspServer, SaysToTryLaterWhileTheDatabaseIsAway) {
  ServerParts parts("host=/nowhere dbname=rap");
  const auto server = parts.ocsp_server();
  const Bytes request =
      crypto::make_ocsp_request(make_certificate(parts), parts.authority->intermediate.certificate);
  io::RawConnection connection(server->port());
  connection.send(post(as_text(request)));
  EXPECT_EQ(error_of(crypto::OcspError::try_later), connection.response().body);
}

}  // namespace
}  // namespace rap::control::server
