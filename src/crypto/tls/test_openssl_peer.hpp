// For tests of TLS over memory: two engines back to back, and ends of OpenSSL's own that do what
// ours never would.
#pragma once

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <memory>
#include <optional>
#include <utility>

#include "crypto/testing/pki.hpp"
#include "crypto/tls/tls_engine.hpp"

namespace rap::crypto {

using Fault = CertificateFault;
using Status = TlsEngine::Status;

inline std::shared_ptr<const DenyList> deny(const DenyEntry& entry) {
  return std::make_shared<const DenyList>(*DenyList::make({entry}));
}
inline DenyEntry entry_of(NodeId node, wire::Severity severity = wire::Severity::close) {
  return {.kind = DenyEntry::Kind::node, .node = node, .severity = severity};
}

struct Link {
  Link(std::shared_ptr<const TlsContext> dialler, std::shared_ptr<const TlsContext> listener)
      : client(std::move(dialler), client_out), server(std::move(listener), server_out) {}

  // Runs until both are done or neither has more to say.
  bool handshake() {
    Status c = Status::want_input;
    Status s = Status::want_input;
    for (int i = 0; i < 10 && (c != Status::ok || s != Status::ok); ++i) {
      c = client.handshake();
      const Bytes to_server = std::exchange(client_out, {});
      server.set_input(to_server);
      s = server.handshake();
      const Bytes to_client = std::exchange(server_out, {});
      client.set_input(to_client);
      if (s == Status::failed || c == Status::failed) return false;
      if (c == Status::ok && s == Status::ok) return true;
      c = client.handshake();
      client.set_input({});
    }
    return c == Status::ok && s == Status::ok;
  }

  Bytes client_out;
  Bytes server_out;
  TlsEngine client;
  TlsEngine server;
};

struct Tls : testing::Test {
  std::shared_ptr<const TlsContext> context(TlsRole role, const TestMember& self,
                                            std::shared_ptr<const DenyList> denied = nullptr) {
    AcceptMember policy{pki.roots(), pki.cluster, wire::SpiffeId::Kind::node, {}, denied};
    return TlsContext::make(role, TlsIdentity{self.chain, self.key}, policy,
                            [] { return TestPki::now; });
  }
  std::unique_ptr<Link> link(std::shared_ptr<const DenyList> client_denies = nullptr,
                             std::shared_ptr<const DenyList> server_denies = nullptr) {
    return std::make_unique<Link>(context(TlsRole::client, alice, std::move(client_denies)),
                                  context(TlsRole::server, bob, std::move(server_denies)));
  }

  TestPki pki{1};
  TestMember alice = pki.member();
  TestMember bob = pki.member();
};

using Context = std::shared_ptr<SSL_CTX>;
using Connection = std::unique_ptr<SSL, void (*)(SSL*)>;

inline Context foreign_context(const SSL_METHOD* method, const TestMember& self) {
  Context ctx(SSL_CTX_new(method), SSL_CTX_free);
  SSL_CTX_set_min_proto_version(ctx.get(), TLS1_3_VERSION);
  SSL_CTX_use_certificate(ctx.get(), self.leaf.native());
  for (std::size_t i = 1; i < self.chain.size(); ++i) {
    SSL_CTX_add1_chain_cert(ctx.get(), self.chain[i].native());
  }
  SSL_CTX_use_PrivateKey(ctx.get(), self.key.native());
  SSL_CTX_set_verify(ctx.get(), SSL_VERIFY_PEER, [](int, X509_STORE_CTX*) { return 1; });
  const unsigned char id[] = "rap";
  SSL_CTX_set_session_id_context(ctx.get(), id, sizeof id);
  return ctx;
}

inline Connection foreign_client(const Context& ctx, SSL_SESSION* session) {
  Connection ssl(SSL_new(ctx.get()), SSL_free);
  SSL_set_connect_state(ssl.get());
  SSL_set_bio(ssl.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  if (session != nullptr) SSL_set_session(ssl.get(), session);
  return ssl;
}

inline Bytes drain(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  Bytes out(data, data + size);
  BIO_reset(bio);
  return out;
}

}  // namespace rap::crypto
