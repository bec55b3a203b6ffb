// What io says about a request is put into the words of the agent's cores here.
#pragma once

#include "io/http/http_client.hpp"
#include "node/agent/actions.hpp"

namespace rap::host {

inline agent::Answer to_answer(io::HttpClient::Result result, std::string_view whom) {
  if (result) return std::move(*result);
  const io::HttpError& error = result.error();
  std::string text = std::string(whom) + " cannot be reached (" +
                     std::string(io::to_string(error.kind)) +
                     (error.detail.empty() ? "" : ": " + error.detail) + ").";
  if (error.kind == io::HttpError::Kind::tls) {
    text +=
        " If the platform's root was replaced while this node was away, it has been left "
        "behind: revoke the node, and enrol the host anew with an empty state directory.";
  }
  return std::unexpected(std::move(text));
}

}  // namespace rap::host
