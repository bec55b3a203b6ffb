// Renews a certificate of the node before two thirds of its life are over, or when the control
// plane asks for it because another root issues now (PK-7). The new key is made here, stored beside
// the old one before it is spoken of, and takes its place together with its chain. The certificate
// with which an entry meets its clients (PK-2) is got in the same way, and for the first time too.
#pragma once

#include <optional>

#include "base/ids.hpp"
#include "crypto/keys/keys.hpp"
#include "crypto/x509/certificate.hpp"
#include "crypto/x509/validation/certificate_path.hpp"
#include "node/agent/link/calls/link_actions.hpp"
#include "node/agent/link/calls/node_api.hpp"
#include "node/agent/node_files.hpp"
#include "node/agent/poller.hpp"

namespace rap::agent {

// Which of a node's two certificates is renewed, and where it is kept.
struct RenewalSubject {
  ControlCall call;
  wire::CertificateKind kind;
  crypto::PeerSide side;  // in which it is shown
  std::string_view key_file;
  std::string_view next_key_file;
  std::string_view chain_file;
  std::string_view staple_file;
};
inline constexpr RenewalSubject kNodeCertificate{ControlCall::renew_certificate,
                                                 wire::CertificateKind::node,
                                                 crypto::PeerSide::client,
                                                 kNodeKeyFile,
                                                 kNextKeyFile,
                                                 kChainFile,
                                                 kStapleFile};
inline constexpr RenewalSubject kWorkerCertificate{
    ControlCall::renew_worker, wire::CertificateKind::worker,
    crypto::PeerSide::server,  kWorkerKeyFile,
    kWorkerNextKeyFile,        kWorkerChainFile,
    kWorkerStapleFile};

class RenewalSync {
 public:
  // `certificate` is the one in use, with exactly `names`; none: there is none yet.
  RenewalSync(NodeId node, const RenewalSubject& subject, crypto::SubjectNames names,
              std::optional<crypto::Certificate> certificate, NodeFiles& directory,
              RandomSource& rng);

  void plan(Now now);
  // Whether one is needed at all; when it is and there is none, it is asked for at once.
  void need(bool needed, MonoTime now);
  MonoTime next_wakeup() const;
  LinkActions poll(Now now);
  void asked_to(MonoTime now);
  // `roots` are those in force; the new certificate must be under one of them.
  LinkActions on_answer(Now now, const Answer& answer,
                        const std::vector<crypto::Certificate>& roots);
  std::uint64_t renewals() const { return renewals_; }

 private:
  std::expected<void, std::string> stage();
  std::expected<void, std::string> take_over(const Answer& answer, WallTime now,
                                             const std::vector<crypto::Certificate>& roots);
  std::expected<void, std::string> store(const IssuedCertificate& issued);
  LinkActions failed(MonoTime now, const std::string& why);

  NodeId node_;
  RenewalSubject subject_;
  crypto::SubjectNames names_;
  std::optional<crypto::Certificate> certificate_;
  NodeFiles& directory_;
  RandomSource& rng_;
  std::optional<crypto::PrivateKey> staged_;  // stored already
  bool needed_ = true;
  bool stale_ = false;  // it was not needed for a while
  bool wanted_ = false;
  bool trouble_said_ = false;
  std::uint64_t renewals_ = 0;
  MonoTime due_at_ = Poller::kNever;
  Poller call_{Duration::zero()};
};

}  // namespace rap::agent
