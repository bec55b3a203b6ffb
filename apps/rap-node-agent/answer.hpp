// What io says about a request, in the words of the agent's cores.
#pragma once

#include "agent/actions.hpp"
#include "io/http_client.hpp"

namespace rap {

inline agent::Answer to_answer(io::HttpClient::Result result, std::string_view whom) {
  if (result) return std::move(*result);
  const io::HttpError& error = result.error();
  return std::unexpected(std::string(whom) + " cannot be reached (" +
                         std::string(io::to_string(error.kind)) +
                         (error.detail.empty() ? "" : ": " + error.detail) + ").");
}

}  // namespace rap
