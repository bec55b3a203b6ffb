#include "client/network/entry_socket.hpp"

#include "crypto/ocsp/ocsp.hpp"
#include "io/dialling/proxy_environment.hpp"
#include "io/system/public_authorities.hpp"
#include "io/system/system.hpp"
#include "wire/frames/data_plane_path.hpp"

namespace rap::client {
namespace {

// The entry proves its name and that it is the worker that the control plane chose: by a
// certificate of the platform, of which its issuer says, not longer ago than half an hour, that
// nothing is wrong with it (PK-2, CP-5), or by one of a public authority, for a key that the
// control plane has from that worker (PK-4).
crypto::TlsPolicy policy_for(const Candidate& entry, const std::string& roots_pem,
                             std::shared_ptr<const crypto::DenyList> deny) {
  const std::string& host = entry.url.authority.host;
  if (entry.trust == TrustMode::public_ca) {
    auto roots = crypto::PublicRoots::from_pem(io::public_authorities());
    return crypto::AcceptPublicServer{
        .roots = roots ? std::make_shared<const crypto::PublicRoots>(std::move(*roots)) : nullptr,
        .host = host,
        .keys = entry.keys,
        .deny = std::move(deny)};
  }
  return crypto::AcceptMember{.roots = crypto::Certificate::chain_from_pem(roots_pem).value_or(
                                  std::vector<crypto::Certificate>{}),
                              .cluster = entry.cluster,
                              .kind = wire::SpiffeId::Kind::worker,
                              .host = host,
                              .deny = std::move(deny),
                              .staple_max_age = crypto::kMaxStapleAge,
                              .node = entry.worker};
}

}  // namespace

io::WebSocketClientOptions entry_socket_options(const Candidate& entry,
                                                const std::string& roots_pem,
                                                std::shared_ptr<const crypto::DenyList> deny) {
  const wire::Url& url = entry.url;
  io::WebSocketClientOptions options;
  options.host = url.authority.host;
  options.port = url.authority.port;
  options.path = url.path;
  options.subprotocol = wire::kDataPlaneSubprotocol;
  options.stream.proxy = io::proxy_from_environment(options.host, options.port);
  options.stream.tls =
      crypto::TlsContext::make(crypto::TlsRole::client, std::nullopt,
                               policy_for(entry, roots_pem, std::move(deny)), io::wall_now);
  return options;
}

}  // namespace rap::client
