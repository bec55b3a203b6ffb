#include "client/api/untrusted_server.hpp"

namespace rap::client {
namespace {

std::string clock_differs(const NetworkError& error) {
  return "its certificate, or the proof that it is in good standing, is not of the time that this "
         "machine's clock shows, " +
         error.clock +
         ". Set the clock right and try again; if it is right, tell your platform owner.";
}

// A proxy that opens TLS to look inside shows a certificate of its own, for every server.
std::string inspection(const NetworkError& error, const wire::HostPort& server) {
  if (error.proxy.empty()) return "";
  return "You reach it by the proxy " + error.proxy +
         ": if that looks into TLS (\"TLS inspection\"), have whoever runs it leave out " +
         server.str() + ", and the entries. ";
}

std::string next_step(const NetworkError& error, const wire::HostPort& server) {
  using Fault = crypto::CertificateFault;
  if (!error.certificate) {
    return "what answers there is no control plane. Check the address and the port.";
  }
  switch (*error.certificate) {
    case Fault::expired:
    case Fault::not_yet_valid:
    case Fault::bad_status: return clock_differs(error);
    case Fault::no_certificate:
      return "it asks for a certificate, as the port for nodes does. Check the port: people have "
             "another one.";
    case Fault::wrong_kind:
    case Fault::no_identity:
    case Fault::wrong_key_usage:
      return "it has a certificate, but not that of a control plane: a node answers there. Check "
             "the address and the port; if they are right, tell your platform owner at once.";
    case Fault::wrong_cluster: return "it is of another cluster. Check the address.";
    case Fault::wrong_name:
    case Fault::wrong_member:
      return "its certificate is for other names. Use the address that your platform owner told "
             "you; the owner adds this one with 'rap-control names add " +
             server.host + "'.";
    case Fault::status_revoked:
    case Fault::revoked:
      return "its certificate is revoked. Do not sign in; tell your platform owner at once.";
    case Fault::bad_chain:
    case Fault::unknown_root: break;
  }
  return "it is not under the root certificate that is known here. " + inspection(error, server) +
         "If the root was replaced, ask your platform owner for the new fingerprint and run 'rap "
         "login --ca-fingerprint HEX'.";
}

}  // namespace

std::string untrusted_server(const NetworkError& error, const wire::HostPort& server) {
  const std::string why = error.detail.empty() ? "" : " (" + error.detail + ")";
  return "The server at " + server.str() + " does not prove to be your platform" + why + ": " +
         next_step(error, server);
}

}  // namespace rap::client
