#include "client/network/socket_data_plane.hpp"

#include <unistd.h>

#include <cstring>
#include <system_error>

#include "base/log/printable.hpp"
#include "client/api/flow_failure.hpp"
#include "client/network/carrier.hpp"
#include "client/network/forwarder.hpp"
#include "client/network/network_identity.hpp"
#include "io/system/system.hpp"

namespace rap::client {

const ClientKeys& SocketDataPlane::keys() {
  if (!keys_) keys_ = ClientKeys::generate(rng_);
  return *keys_;
}

// Whoever sits at a terminal sees why nothing moves. It may be in raw mode, for the ssh around us.
EntryLinks::Means SocketDataPlane::means() {
  EntryLinks::Means out{keys(), rng_, fallbacks_, distances_};
  if (::isatty(STDERR_FILENO) == 1) {
    out.tell = [this](const std::string& line) {
      err_ << '\r' << printable(line) << "\r\n" << std::flush;
    };
  }
  return out;
}

// A home that cannot be read or written is nobody's concern here: without distances all works as
// well, by the order of the control plane.
Fallible<void> SocketDataPlane::keeping_distances(const std::function<Fallible<void>()>& work) {
  distances_ = EntryDistances(network_identity());
  if (const auto kept = home_.read(kEntryDistancesFile); kept && *kept) distances_.read(**kept);
  auto outcome = work();
  if (distances_.has_news()) std::ignore = home_.write(kEntryDistancesFile, distances_.text());
  return outcome;
}

Fallible<void> SocketDataPlane::proxy(const Account& account, const Attachment& attachment,
                                      wire::TrafficClass c,
                                      const std::function<Fallible<Attachment>()>& more) {
  return keeping_distances([&] { return carry_stdio(account, attachment, c, more); });
}

Fallible<void> SocketDataPlane::carry_stdio(const Account& account, const Attachment& attachment,
                                            wire::TrafficClass c,
                                            const std::function<Fallible<Attachment>()>& more) {
  io::EventLoop loop;
  loop.on_signal([&] { loop.stop(); }, [&] { loop.stop(); });
  const SessionSignals::Heard heard(signals_);  // no longer than the loop, which listens to them
  EntryLinks links(loop, account, attachment.resource, means());
  Fallible<void> outcome;
  Carrier carrier(links, [&](const Carrier::Ending& ending) {
    if (ending.reason) {
      outcome = std::unexpected(
          flow_failure(*ending.reason, ending.was_accepted, attachment.resource, ending.detail));
    }
    loop.stop();
  });
  // One attachment may have fewer tokens than the pool has egresses.
  std::size_t attachments = 1;
  carrier.on_exhausted([&](wire::FlowReason) {
    if (attachments++ >= attachment.resume->egresses.size()) return false;
    loop.post([&] {
      const auto other = more();
      if (other) return carrier.open(*other, c);
      outcome = std::unexpected(other.error());
      loop.stop();
    });
    return true;
  });
  auto stdio = std::make_unique<StdioEnd>(loop, carrier, carrier);
  const StdioEnd& ends = *stdio;
  carrier.set_local(std::move(stdio));
  carrier.open(attachment, c);
  loop.run();
  if (outcome && ends.failure()) {
    return fail(ExitCode::failed,
                std::string("Standard input or output failed: ") + std::strerror(*ends.failure()));
  }
  return outcome;
}

Fallible<void> SocketDataPlane::forward(
    ForwardSession& session, const Account& account, const Attachment& first, wire::TrafficClass c,
    const wire::HostPort& listen, const std::function<void(const wire::HostPort&)>& listening) {
  io::raise_descriptor_limit();
  io::EventLoop loop;
  loop.on_signal([&] { loop.stop(); }, [&] { loop.stop(); });
  const SessionSignals::Heard heard(signals_);
  try {
    Forwarder forwarder(loop, session, account, first, c, {err_, means()});
    listening(forwarder.listen(listen));
    return keeping_distances([&]() -> Fallible<void> {
      loop.run();
      return {};
    });
  } catch (const std::system_error& e) {
    return fail(ExitCode::failed,
                std::string(e.what()) + ". Choose another address with --listen.");
  }
}

}  // namespace rap::client
