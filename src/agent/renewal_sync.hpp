// Renews the node's certificate before two thirds of its life are over, or when the control plane
// asks for it because another root issues now (PK-7). The new key is made here, stored beside the
// old one before it is spoken of, and takes its place together with its chain.
#pragma once

#include <optional>

#include "agent/link_actions.hpp"
#include "agent/poller.hpp"
#include "agent/state_directory.hpp"
#include "base/ids.hpp"
#include "crypto/certificate.hpp"
#include "crypto/keys.hpp"

namespace rap::agent {

class RenewalSync {
 public:
  // `certificate` is the one in use.
  RenewalSync(NodeId node, crypto::Certificate certificate, StateDirectory& directory,
              RandomSource& rng);

  void plan(Now now);
  MonoTime next_wakeup() const { return std::min(due_at_, call_.next()); }
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
  LinkActions failed(MonoTime now, const std::string& why);

  NodeId node_;
  crypto::Certificate certificate_;
  StateDirectory& directory_;
  RandomSource& rng_;
  std::optional<crypto::PrivateKey> staged_;  // stored already
  bool wanted_ = false;
  bool trouble_said_ = false;
  std::uint64_t renewals_ = 0;
  MonoTime due_at_ = Poller::kNever;
  Poller call_{Duration::zero()};
};

}  // namespace rap::agent
