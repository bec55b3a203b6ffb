#include "client/terminal/socket_data_plane.hpp"

#include <system_error>

#include "client/core/flow_failure.hpp"
#include "client/terminal/carrier.hpp"
#include "client/terminal/forwarder.hpp"

namespace rap::client {

Fallible<void> SocketDataPlane::proxy(const Account& account, const Attachment& attachment,
                                      wire::TrafficClass c) {
  io::EventLoop loop;
  loop.on_signal([&] { loop.stop(); }, [&] { loop.stop(); });
  EntryLinks links(loop, account, rng_, fallbacks_);
  Fallible<void> outcome;
  Carrier carrier([&](Carrier&, const Carrier::Ending& ending) {
    if (ending.reason) {
      outcome = std::unexpected(
          flow_failure(*ending.reason, ending.was_accepted, attachment.resource, ending.detail));
    }
    loop.stop();
  });
  carrier.set_local(std::make_unique<StdioEnd>(loop, carrier, carrier));
  carrier.open(links, attachment, c);
  loop.run();
  return outcome;
}

Fallible<void> SocketDataPlane::forward(
    const Account& account, const Attachment& attachment, wire::TrafficClass c,
    const wire::HostPort& listen, const std::function<void(const wire::HostPort&)>& listening) {
  io::EventLoop loop;
  loop.on_signal([&] { loop.stop(); }, [&] { loop.stop(); });
  try {
    Forwarder forwarder(loop, account, attachment, c, {rng_, err_, fallbacks_});
    listening(forwarder.listen(listen));
    loop.run();
    return {};
  } catch (const std::system_error& e) {
    return fail(ExitCode::failed,
                std::string(e.what()) + ". Choose another address with --listen.");
  }
}

}  // namespace rap::client
