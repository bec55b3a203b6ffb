// The client's data plane over real sockets.
#pragma once

#include <ostream>

#include "base/random.hpp"
#include "client/api/data_plane.hpp"
#include "client/network/entry_links.hpp"
#include "client/network/session_signals.hpp"

namespace rap::client {

class SocketDataPlane final : public DataPlane {
 public:
  SocketDataPlane(Home& home, RandomSource& rng, std::ostream& err)
      : home_(home), rng_(rng), err_(err), fallbacks_(err) {}

  void hold_signals() override { signals_.hold(); }
  ClientPublicKeys public_keys() override { return keys().public_keys(); }
  Fallible<void> proxy(const Account& account, const Attachment& attachment, wire::TrafficClass c,
                       const std::function<Fallible<Attachment>()>& more) override;
  Fallible<void> forward(ForwardSession& session, const Account& account, const Attachment& first,
                         wire::TrafficClass c, const wire::HostPort& listen,
                         const std::function<void(const wire::HostPort&)>& listening) override;
  std::vector<Fallback> take_fallbacks() override { return fallbacks_.take(); }

 private:
  const ClientKeys& keys();
  EntryLinks::Means means();
  // What the work learns of distances is kept after it.
  Fallible<void> keeping_distances(const std::function<Fallible<void>()>& work);
  Fallible<void> carry_stdio(const Account& account, const Attachment& attachment,
                             wire::TrafficClass c,
                             const std::function<Fallible<Attachment>()>& more);

  Home& home_;
  RandomSource& rng_;
  std::ostream& err_;
  FallbackLog fallbacks_;
  SessionSignals signals_;
  EntryDistances distances_;
  std::optional<ClientKeys> keys_;  // of this run, once they are wanted
};

}  // namespace rap::client
