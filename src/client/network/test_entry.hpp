// An entry node of a test's own on loopback: it speaks the data plane's protocol over TLS and a
// WebSocket, and hands flows on to a TestEgress. And what an entry is believed by: a
// certificate authority that is valid now, for the client looks at the real clock.
#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/seeded_random.hpp"
#include "client/api/attachment.hpp"
#include "client/core/profile.hpp"
#include "client/network/test_egress.hpp"
#include "crypto/ocsp/ocsp.hpp"
#include "crypto/tls/tls.hpp"
#include "crypto/x509/ca.hpp"
#include "io/listeners/tls_listener.hpp"
#include "wire/flow_reason.hpp"
#include "wire/spiffe_id.hpp"

namespace rap::client {

struct TestPlatform {
  struct Worker {
    std::string host = "127.0.0.1";
    wire::SpiffeId::Kind kind = wire::SpiffeId::Kind::worker;
    bool stapled = true;
    std::optional<NodeId> node = std::nullopt;  // none: the one that candidates name
  };

  TestPlatform();

  // The worker's certificate says that it must staple.
  crypto::TlsIdentity worker(const Worker& what) const;
  crypto::TlsIdentity worker() const { return worker(Worker{}); }
  std::string roots_pem() const { return root.certificate.pem(); }
  // What a public authority (the root, here) gives to whoever owns the host, and the candidate
  // whose keys these are.
  crypto::TlsIdentity of_public_authority(const std::string& host = "127.0.0.1") const;
  Candidate public_candidate(std::uint16_t port, const crypto::TlsIdentity& of) const;
  Candidate candidate(std::uint16_t port, const std::string& token = "t0k") const;
  // Its flows end at the egress.
  Attachment attachment(std::vector<Candidate> candidates, std::vector<KnownEgress> egresses) const;
  Account account(DenyListStore& deny_lists, std::uint16_t server_port = 1) const;

  mutable SeededRandom rng{7};
  ClusterId cluster;
  NodeId node;  // the entry
  crypto::Validity validity;
  crypto::Issuer root;
  crypto::Issuer intermediate;
};

class TestEntry {
 public:
  TestEntry(io::EventLoop& loop, const crypto::TlsIdentity& identity);
  ~TestEntry();

  std::uint16_t port() const { return listener_.port(); }
  void hang_up();  // on every client, without ceremony

  bool talks_nonsense = false;  // to whoever asks
  std::function<std::optional<wire::FlowReason>(const std::string& token)> refusal;
  // Where flows end that are asked for here.
  void lead_to(TestEgress& egress);

  NodeId node;  // that proofs name
  std::size_t flows_per_client = 256;

  // What happened.
  std::vector<std::string> tokens;  // of flows that were asked for
  std::size_t clients = 0;          // connections that became WebSockets

 private:
  class Client;
  friend class Client;

  TestEgress* egress_of(NodeId where) const;

  std::vector<TestEgress*> egresses_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);

  std::list<std::unique_ptr<Client>> clients_;
  io::TlsListener listener_;
};

// A control plane's answers to a proven device: with its nonce it is believed, and it is given one
// with the refusal of its first proof. `nonces` are those of its proofs, in their order.
struct NonceGiver {
  ClusterId cluster;
  std::vector<std::string> nonces = {};

  wire::HttpResponse answer(const wire::HttpRequest& request);
};

}  // namespace rap::client
