#include "client/network/socket_data_plane.hpp"

#include <cstring>
#include <system_error>

#include "client/api/flow_failure.hpp"
#include "client/network/carrier.hpp"
#include "client/network/forwarder.hpp"
#include "io/system/system.hpp"

namespace rap::client {

Fallible<void> SocketDataPlane::proxy(const Account& account, const Attachment& attachment,
                                      wire::TrafficClass c) {
  io::EventLoop loop;
  loop.on_signal([&] { loop.stop(); }, [&] { loop.stop(); });
  const SessionSignals::Heard heard(signals_);  // no longer than the loop, which listens to them
  EntryLinks links(loop, account, rng_, fallbacks_);
  Fallible<void> outcome;
  Carrier carrier([&](Carrier&, const Carrier::Ending& ending) {
    if (ending.reason) {
      outcome = std::unexpected(
          flow_failure(*ending.reason, ending.was_accepted, attachment.resource, ending.detail));
    }
    loop.stop();
  });
  auto stdio = std::make_unique<StdioEnd>(loop, carrier, carrier);
  const StdioEnd& ends = *stdio;
  carrier.set_local(std::move(stdio));
  carrier.open(links, attachment, c);
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
    Forwarder forwarder(loop, session, account, first, c, {rng_, err_, fallbacks_});
    listening(forwarder.listen(listen));
    loop.run();
    return {};
  } catch (const std::system_error& e) {
    return fail(ExitCode::failed,
                std::string(e.what()) + ". Choose another address with --listen.");
  }
}

}  // namespace rap::client
