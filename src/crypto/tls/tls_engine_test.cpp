// Two engines back to back: who is denied in a handshake and after it, and that nothing is resumed.
#include "crypto/tls/tls_engine.hpp"

#include "crypto/keys/openssl_handle.hpp"
#include "crypto/ocsp/ocsp.hpp"
#include "crypto/tls/test_openssl_peer.hpp"
#include "wire/frames/reauthentication.hpp"

namespace rap::crypto {
namespace {

TEST_F(Tls, MembersProveThemselvesToEachOther) {
  const auto l = link();
  ASSERT_TRUE(l->handshake()) << l->client.failure() << l->server.failure();
  EXPECT_EQ(l->client.peer()->node(), bob.node);
  EXPECT_EQ(l->server.peer()->node(), alice.node);
}

TEST_F(Tls, ADeniedPeerIsRefusedOnEitherSide) {
  const auto by_server = link(nullptr, deny(entry_of(alice.node)));
  EXPECT_FALSE(by_server->handshake());
  EXPECT_EQ(by_server->server.certificate_fault(), Fault::revoked);
  EXPECT_FALSE(by_server->server.peer());
  const auto by_client = link(deny(entry_of(bob.node)));
  EXPECT_FALSE(by_client->handshake());
  EXPECT_EQ(by_client->client.certificate_fault(), Fault::revoked);
  EXPECT_TRUE(link(deny(entry_of(alice.node)), deny(entry_of(bob.node)))->handshake());
}

TEST_F(Tls, AContextAsksForTheListOfNowAtEachHandshake) {
  std::shared_ptr<const DenyList> list;
  AcceptMember policy{pki.roots(), pki.cluster, wire::SpiffeId::Kind::node, {}};
  policy.deny_now = [&] { return list; };
  const auto dialler = TlsContext::make(TlsRole::client, TlsIdentity{alice.chain, alice.key},
                                        policy, [] { return TestPki::now; });
  Link before(dialler, context(TlsRole::server, bob));
  EXPECT_TRUE(before.handshake());
  list = deny(entry_of(bob.node));
  Link after(dialler, context(TlsRole::server, bob));
  EXPECT_FALSE(after.handshake());
  EXPECT_EQ(after.client.certificate_fault(), Fault::revoked);
}

TEST_F(Tls, OnlyTheNodeThatWasMeantIsAccepted) {
  AcceptMember meant{pki.roots(), pki.cluster, wire::SpiffeId::Kind::node, {}};
  for (const auto& [node, fault] :
       {std::pair{bob.node, std::optional<Fault>()}, {alice.node, Fault::wrong_member}}) {
    meant.node = node;
    Link l(TlsContext::make(TlsRole::client, TlsIdentity{alice.chain, alice.key}, meant,
                            [] { return TestPki::now; }),
           context(TlsRole::server, bob));
    EXPECT_EQ(l.handshake(), !fault);
    EXPECT_EQ(l.client.certificate_fault(), fault);
  }
}

TEST_F(Tls, AnEstablishedPeerIsCheckedAgainUnderWhatIsBelievedNow) {
  const auto l = link();
  ASSERT_TRUE(l->handshake());
  for (auto [engine, peer] : {std::pair{&l->client, &bob}, {&l->server, &alice}}) {
    const auto same = engine->verify_again(pki.roots(), nullptr, TestPki::now);
    ASSERT_TRUE(same) << to_string(same.error());
    EXPECT_EQ(same->node(), peer->node);
    EXPECT_EQ(engine->verify_again(pki.roots(), nullptr, peer->leaf.not_after()).error(),
              Fault::expired);
    EXPECT_EQ(engine->verify_again({}, nullptr, TestPki::now).error(), Fault::unknown_root);
    EXPECT_EQ(engine->verify_again(TestPki(2).roots(), nullptr, TestPki::now).error(),
              Fault::unknown_root);
    EXPECT_EQ(engine->denied_by(DenyList()), std::nullopt);

    const auto denied_peer = deny(entry_of(peer->node, wire::Severity::drain));
    EXPECT_EQ(engine->verify_again(pki.roots(), denied_peer.get(), TestPki::now).error(),
              Fault::revoked);
    EXPECT_EQ(engine->denied_by(*denied_peer), wire::Severity::drain);
    const auto denied_authority = deny({.kind = DenyEntry::Kind::key,
                                        .key = pki.intermediate.certificate.key_hash(),
                                        .severity = wire::Severity::close});
    EXPECT_EQ(engine->verify_again(pki.roots(), denied_authority.get(), TestPki::now).error(),
              Fault::revoked);
    EXPECT_EQ(engine->denied_by(*denied_authority), wire::Severity::close);

    // Two roots while one replaces the other.
    std::vector<Certificate> both = TestPki(2).roots();
    both.push_back(pki.root.certificate);
    EXPECT_TRUE(
        engine->verify_again(both, deny(entry_of(NodeId::random(pki.rng))).get(), TestPki::now));
  }
}

// The same node with another key and certificate, of the same authority.
TestMember renewed(TestPki& pki, const TestMember& member) {
  TestMember next = pki.member();
  SubjectNames names;
  names.uris = {wire::SpiffeId::of_node(pki.cluster, member.node).str()};
  next.leaf = issue_leaf(pki.intermediate, next.key.public_key(), names,
                         {TestPki::now, TestPki::now + 10 * TestPki::day}, pki.rng);
  next.node = member.node;
  next.chain = {next.leaf, pki.intermediate.certificate};
  return next;
}

TEST_F(Tls, APeerProvesAnotherCertificateOfItsOwnOnTheConnectionThatStands) {
  const auto l = link();
  ASSERT_TRUE(l->handshake());
  const TestMember next = renewed(pki, alice);
  const Bytes proof = l->client.prove_again({next.chain, next.key});
  const auto accepted = l->server.accept_proof(proof, pki.roots(), nullptr, TestPki::now);
  ASSERT_TRUE(accepted) << to_string(accepted.error());
  EXPECT_EQ(accepted->node(), alice.node);
  EXPECT_EQ(l->server.peer_certificate()->fingerprint(), next.leaf.fingerprint());
  EXPECT_TRUE(l->server.verify_again(pki.roots(), nullptr, alice.leaf.not_after()))
      << "the old one has expired, the new one has not";
}

TEST_F(Tls, BothEndsOfAConnectionExportOneKeyForEachPurposeAndNobodyElseDoes) {
  const auto l = link();
  const auto other = link();
  EXPECT_TRUE(l->client.export_key("EXPORTER-rap-test").empty()) << "there is nothing yet";
  ASSERT_TRUE(l->handshake() && other->handshake());
  const Bytes key = l->client.export_key("EXPORTER-rap-test");
  EXPECT_EQ(key.size(), kExportedKeyBytes);
  EXPECT_EQ(l->server.export_key("EXPORTER-rap-test"), key);
  EXPECT_NE(l->server.export_key("EXPORTER-rap-other"), key);
  EXPECT_NE(other->server.export_key("EXPORTER-rap-test"), key);
}

TEST_F(Tls, AProofIsOfThisConnectionThisSideThisKeyAndThisNode) {
  const auto l = link();
  const auto other = link();
  ASSERT_TRUE(l->handshake() && other->handshake());
  const TestMember next = renewed(pki, alice);
  const auto verdict = [&](const Bytes& proof) {
    const auto v = l->server.accept_proof(proof, pki.roots(), nullptr, TestPki::now);
    EXPECT_FALSE(v);
    EXPECT_EQ(l->server.peer_certificate()->fingerprint(), alice.leaf.fingerprint()) << "unchanged";
    return v ? Fault::unknown_root : v.error();
  };
  EXPECT_EQ(verdict(other->client.prove_again({next.chain, next.key})), Fault::no_certificate)
      << "of another connection";
  EXPECT_EQ(verdict(l->server.prove_again({next.chain, next.key})), Fault::no_certificate)
      << "reflected";
  EXPECT_EQ(verdict(l->client.prove_again({next.chain, alice.key})), Fault::no_certificate)
      << "without the key";
  EXPECT_EQ(verdict(l->client.prove_again({bob.chain, bob.key})), Fault::no_identity)
      << "of another node";
  EXPECT_EQ(verdict({}), Fault::no_certificate);
  const Bytes good = l->client.prove_again({next.chain, next.key});
  for (std::size_t i = 0; i < good.size(); i += 7) {
    Bytes bent = good;
    bent[i] ^= 0x10;
    EXPECT_FALSE(l->server.accept_proof(bent, pki.roots(), nullptr, TestPki::now)) << i;
  }
}

TEST_F(Tls, AProofOfSomethingThatIsNotGoodNowIsLeftAside) {
  const auto l = link();
  ASSERT_TRUE(l->handshake());
  const TestMember next = renewed(pki, alice);
  const Bytes proof = l->client.prove_again({next.chain, next.key});
  const auto denied = deny({.kind = DenyEntry::Kind::key, .key = next.leaf.key_hash()});
  const auto refused = l->server.accept_proof(proof, pki.roots(), denied.get(), TestPki::now);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), Fault::revoked);
  EXPECT_TRUE(l->server.verify_again(pki.roots(), denied.get(), TestPki::now))
      << "the old one is good";
}

TEST_F(Tls, WhatIsNoEstablishedMemberCannotBeCheckedAgain) {
  const auto l = link();
  EXPECT_EQ(l->client.verify_again(pki.roots(), nullptr, TestPki::now).error(),
            Fault::no_certificate);
  const auto anonymous = TlsContext::make(TlsRole::server, TlsIdentity{bob.chain, bob.key},
                                          AcceptAnyone{}, [] { return TestPki::now; });
  Link open(context(TlsRole::client, alice), anonymous);
  ASSERT_TRUE(open.handshake());
  EXPECT_EQ(open.server.verify_again(pki.roots(), nullptr, TestPki::now).error(),
            Fault::no_certificate);
  EXPECT_EQ(open.server.denied_by(*deny(entry_of(alice.node))), std::nullopt);
}

// --- resumption: a foreign client, which keeps and offers tickets

// The client's handshake with a server of OpenSSL's own, which is gone afterwards.
void shake_hands(const Connection& client, const Context& server_ctx) {
  const Connection server(SSL_new(server_ctx.get()), SSL_free);
  SSL_set_accept_state(server.get());
  SSL_set_bio(server.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  for (int i = 0; i < 5; ++i) {
    SSL_do_handshake(client.get());
    const Bytes up = drain(SSL_get_wbio(client.get()));
    BIO_write(SSL_get_rbio(server.get()), up.data(), static_cast<int>(up.size()));
    SSL_do_handshake(server.get());
    const Bytes down = drain(SSL_get_wbio(server.get()));
    BIO_write(SSL_get_rbio(client.get()), down.data(), static_cast<int>(down.size()));
  }
}

// The session of a server that does hand out tickets, with our listener's certificate.
SSL_SESSION* session_of(const Context& server_ctx, const Context& client_ctx) {
  static SSL_SESSION* kept = nullptr;
  kept = nullptr;
  SSL_CTX_set_session_cache_mode(client_ctx.get(), SSL_SESS_CACHE_CLIENT);
  SSL_CTX_sess_set_new_cb(client_ctx.get(), [](SSL*, SSL_SESSION* s) {
    if (kept != nullptr) return 0;
    kept = s;
    return 1;
  });
  const Connection client = foreign_client(client_ctx, nullptr);
  shake_hands(client, server_ctx);
  char nothing = 0;
  SSL_read(client.get(), &nothing, 1);  // takes the tickets in
  ERR_clear_error();
  return kept;
}

struct Offer {
  bool accepted = false;  // our engine accepted it
  bool reused = false;  // the client sees a resumption
  std::optional<Fault> fault;
  bool tickets = false;  // our engine gave the client something to resume with
};

Offer offer(const Context& client_ctx, SSL_SESSION* session,
            std::shared_ptr<const TlsContext> server_context) {
  Bytes out;
  TlsEngine server(std::move(server_context), out);
  const Connection client = foreign_client(client_ctx, session);
  Status status = Status::want_input;
  for (int i = 0; i < 5 && status == Status::want_input; ++i) {
    SSL_do_handshake(client.get());
    const Bytes up = drain(SSL_get_wbio(client.get()));
    server.set_input(up);
    status = server.handshake();
    BIO_write(SSL_get_rbio(client.get()), out.data(), static_cast<int>(out.size()));
    out.clear();
  }
  static bool given = false;
  given = false;
  SSL_CTX_sess_set_new_cb(client_ctx.get(), [](SSL*, SSL_SESSION*) {
    given = true;
    return 0;
  });
  char nothing = 0;
  SSL_read(client.get(), &nothing, 1);
  ERR_clear_error();
  return {status == Status::ok, SSL_session_reused(client.get()) == 1, server.certificate_fault(),
          given};
}

// The keys that seal tickets are random in every context. Here the issuer of the ticket has those
// of our listener: even so it opens nothing.
void share_ticket_keys(const Context& with, const std::shared_ptr<const TlsContext>& ours) {
  Bytes keys(static_cast<std::size_t>(SSL_CTX_get_tlsext_ticket_keys(with.get(), nullptr, 0)));
  ASSERT_EQ(SSL_CTX_get_tlsext_ticket_keys(with.get(), keys.data(), static_cast<long>(keys.size())),
            1);
  ASSERT_EQ(
      SSL_CTX_set_tlsext_ticket_keys(ours->native(), keys.data(), static_cast<long>(keys.size())),
      1);
}

TEST_F(Tls, AnOfferedTicketResumesNothingAndARevokedPeerIsStillRefused) {
  const Context client_ctx = foreign_context(TLS_client_method(), alice);
  const Context lenient = foreign_context(TLS_server_method(), bob);
  std::unique_ptr<SSL_SESSION, void (*)(SSL_SESSION*)> session(session_of(lenient, client_ctx),
                                                               SSL_SESSION_free);
  ASSERT_NE(session, nullptr);
  ASSERT_EQ(SSL_SESSION_is_resumable(session.get()), 1);

  const auto ours = context(TlsRole::server, bob);
  share_ticket_keys(lenient, ours);
  const Offer full = offer(client_ctx, session.get(), ours);
  EXPECT_TRUE(full.accepted);  // by a whole handshake, certificate and all
  EXPECT_FALSE(full.reused);
  EXPECT_FALSE(full.tickets);

  const auto denying = context(TlsRole::server, bob, deny(entry_of(alice.node)));
  share_ticket_keys(lenient, denying);
  const Offer none = offer(client_ctx, session.get(), denying);
  EXPECT_FALSE(none.accepted);
  EXPECT_EQ(none.fault, Fault::revoked);
}

// The means of the test above do resume where resumption exists.
TEST_F(Tls, TheSameTicketResumesAtAServerThatTakesTickets) {
  const Context client_ctx = foreign_context(TLS_client_method(), alice);
  const Context lenient = foreign_context(TLS_server_method(), bob);
  std::unique_ptr<SSL_SESSION, void (*)(SSL_SESSION*)> session(session_of(lenient, client_ctx),
                                                               SSL_SESSION_free);
  ASSERT_NE(session, nullptr);
  const Connection client = foreign_client(client_ctx, session.get());
  shake_hands(client, lenient);
  EXPECT_EQ(SSL_session_reused(client.get()), 1);
  ERR_clear_error();
}

// --- staples -----------------------------------------------------------------------------------

struct Stapling : Tls {
  // How a client that asks for bob's status fares with this staple; "" when it goes on.
  std::string meet(Bytes staple, bool must_staple, std::optional<std::chrono::seconds> max_age,
                   Fault* fault = nullptr) {
    TestMember self = bob;
    if (must_staple) {
      self.leaf = issue_leaf(pki.intermediate, bob.key.public_key(), bob.leaf.names(),
                             {TestPki::now - TestPki::day, TestPki::now + TestPki::day}, pki.rng,
                             {.must_staple = true});
      self.chain.front() = self.leaf;
    }
    if (staple == kGood) staple = about(self.leaf);
    AcceptMember asking{pki.roots(), pki.cluster, wire::SpiffeId::Kind::node, {}};
    asking.staple_max_age = max_age;
    AcceptMember listening{pki.roots(), pki.cluster, wire::SpiffeId::Kind::node, {}};
    const auto now = [] { return TestPki::now; };
    Link l(TlsContext::make(TlsRole::client, TlsIdentity{alice.chain, alice.key}, asking, now),
           TlsContext::make(TlsRole::server, TlsIdentity{self.chain, self.key, staple}, listening,
                            now));
    if (l.handshake()) return "";
    if (fault != nullptr) *fault = l.client.certificate_fault().value_or(Fault::bad_chain);
    return l.client.failure();
  }
  Bytes about(const Certificate& leaf, OcspStatus::Kind kind = OcspStatus::Kind::good,
              std::chrono::seconds age = {}) {
    const auto request =
        parse_ocsp_request(make_ocsp_request(leaf, pki.intermediate.certificate)).value();
    const WallTime from = TestPki::now - age;
    return sign_ocsp_response(
        pki.intermediate,
        {{request.certificates[0], {kind, from}, from, TestPki::now + TestPki::day}}, {}, from);
  }

  const Bytes kGood = {1};  // to be made for the certificate that is shown
};

TEST_F(Stapling, AGoodStapleIsTakenAndNoneIsNeededWithoutMustStaple) {
  EXPECT_EQ(meet(kGood, true, kMaxStapleAge), "");
  EXPECT_EQ(meet(kGood, false, kMaxStapleAge), "");
  EXPECT_EQ(meet({}, false, kMaxStapleAge), "");
}

TEST_F(Stapling, MustStapleWithoutAStapleFailsClosed) {
  Fault fault{};
  EXPECT_EQ(meet({}, true, kMaxStapleAge, &fault),
            "peer certificate refused: its OCSP staple is missing");
  EXPECT_EQ(fault, Fault::bad_status);
}

TEST_F(Stapling, AStapleThatDoesNotMakeItGoodIsRefusedAlsoWhereNoneWasNeeded) {
  const std::string kPrefix = "peer certificate refused: its OCSP staple is ";
  const auto refused = [&](const Bytes& staple, Fault* fault = nullptr) {
    const std::string text = meet(staple, false, kMaxStapleAge, fault);
    return text.substr(std::min(text.size(), kPrefix.size()));
  };
  Fault fault{};
  EXPECT_EQ(refused(about(bob.leaf, OcspStatus::Kind::revoked), &fault), "revoked");
  EXPECT_EQ(fault, Fault::status_revoked);
  EXPECT_EQ(refused(about(bob.leaf, OcspStatus::Kind::unknown), &fault), "unknown");
  EXPECT_EQ(fault, Fault::bad_status);
  EXPECT_EQ(refused(about(alice.leaf)), "wrong_certificate");
  EXPECT_EQ(refused(Bytes(40, 7)), "malformed");
  EXPECT_EQ(refused(about(bob.leaf, OcspStatus::Kind::good, kMaxStapleAge)), "");
}

TEST_F(Stapling, HowOldItMayBeIsForTheClientToSay) {
  const auto old = about(bob.leaf, OcspStatus::Kind::good, std::chrono::hours{3});
  EXPECT_EQ(meet(old, false, kMaxStapleAge), "peer certificate refused: its OCSP staple is stale");
  EXPECT_EQ(meet(old, false, std::chrono::hours{24}), "");
}

TEST_F(Stapling, AnotherCertificateIsShownWithItsStapleToo) {
  AcceptMember asking{pki.roots(), pki.cluster, wire::SpiffeId::Kind::node, {}};
  asking.staple_max_age = kMaxStapleAge;
  Link l(TlsContext::make(TlsRole::client, TlsIdentity{alice.chain, alice.key}, asking,
                          [] { return TestPki::now; }),
         context(TlsRole::server, bob));
  ASSERT_TRUE(l.handshake()) << l.client.failure();
  TestMember next = renewed(pki, bob);
  next.leaf =
      issue_leaf(pki.intermediate, next.key.public_key(), next.leaf.names(),
                 {TestPki::now, TestPki::now + TestPki::day}, pki.rng, {.must_staple = true});
  next.chain.front() = next.leaf;
  const auto verdict = [&](Bytes staple) {
    const auto identity =
        l.client.accept_proof(l.server.prove_again({next.chain, next.key, std::move(staple)}),
                              pki.roots(), nullptr, TestPki::now);
    return identity ? std::nullopt : std::optional(identity.error());
  };
  EXPECT_EQ(verdict({}), Fault::bad_status);
  EXPECT_EQ(verdict(about(bob.leaf)), Fault::bad_status) << "about another";
  EXPECT_EQ(verdict(about(next.leaf, OcspStatus::Kind::revoked)), Fault::status_revoked);
  EXPECT_EQ(l.client.peer_certificate()->fingerprint(), bob.leaf.fingerprint()) << "unchanged";
  EXPECT_EQ(verdict(about(next.leaf)), std::nullopt);
  EXPECT_EQ(l.client.peer_certificate()->fingerprint(), next.leaf.fingerprint());
}

TEST_F(Stapling, WhoDoesNotAskIsShownNothing) {
  EXPECT_EQ(meet(about(bob.leaf, OcspStatus::Kind::revoked), true, std::nullopt), "");
}

}  // namespace
}  // namespace rap::crypto
