// What io says about a request is put into the words of the agent's cores here.
#pragma once

#include "io/http/client/http_client.hpp"
#include "node/agent/actions.hpp"

namespace rap::host {

// What a person can do about a control plane that did not prove itself.
inline std::string_view after_refusal(std::optional<crypto::CertificateFault> fault) {
  using Fault = crypto::CertificateFault;
  if (!fault) return " What answers there is no control plane; check the address and the port.";
  switch (*fault) {
    case Fault::expired:
    case Fault::not_yet_valid:
    case Fault::bad_status:
      return " This host's clock, or the control plane's, is wrong: set it right.";
    case Fault::no_certificate:
    case Fault::wrong_kind:
    case Fault::no_identity:
    case Fault::wrong_key_usage:
    case Fault::wrong_cluster:
      return " What answers there is not the control plane of this node's platform; check the "
             "address and the port. Nothing secret was sent.";
    case Fault::wrong_name:
    case Fault::wrong_member:
      return " Its certificate is for other names; the owner adds one with 'rap-control names "
             "add'.";
    case Fault::status_revoked:
    case Fault::revoked:
      return " Its certificate is revoked: somebody else may have its key. Nothing secret was "
             "sent.";
    case Fault::bad_chain:
    case Fault::unknown_root: break;
  }
  return " If the platform's root was replaced while this node was away, it has been left behind: "
         "revoke the node, and enrol the host anew with an empty state directory.";
}

inline agent::Answer to_answer(io::HttpClient::Result result, std::string_view whom) {
  if (result) return std::move(*result);
  const io::HttpError& error = result.error();
  std::string text = std::string(whom) + " cannot be reached (" +
                     std::string(io::to_string(error.kind)) +
                     (error.detail.empty() ? "" : ": " + error.detail) + ").";
  if (error.kind == io::HttpError::Kind::tls) {
    text += after_refusal(error.certificate);
  }
  return std::unexpected(std::move(text));
}

}  // namespace rap::host
