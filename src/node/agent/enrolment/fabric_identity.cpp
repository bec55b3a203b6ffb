#include "node/agent/enrolment/fabric_identity.hpp"

#include "base/try.hpp"

namespace rap::agent {
namespace {

using Text = std::expected<std::optional<std::string>, std::string>;

// Nothing when it is not there, or cannot be read: it is got anew.
std::string optional_text(NodeFiles& state, std::string_view name) {
  const Text text = state.read(name);
  return text ? text->value_or("") : "";
}

std::expected<std::string, std::string> required_text(NodeFiles& state, std::string_view name) {
  auto text = RAP_TRY(state.read(name));
  if (!text) return std::unexpected(std::string(name) + " is missing");
  return std::move(*text);
}

}  // namespace

std::expected<wire::Identify, std::string> fabric_identity(NodeFiles& state,
                                                           const EnrolmentRecord& record) {
  wire::Identify out;
  out.node.key_pem = RAP_TRY(required_text(state, kNodeKeyFile));
  out.node.chain_pem = RAP_TRY(required_text(state, kChainFile));
  out.node.staple = to_bytes(as_bytes(optional_text(state, kStapleFile)));
  out.seal_key = RAP_TRY(required_text(state, kSealKeyFile));
  while (out.seal_key.ends_with('\n')) out.seal_key.pop_back();
  wire::Credential worker{optional_text(state, kWorkerKeyFile),
                          optional_text(state, kWorkerChainFile),
                          to_bytes(as_bytes(optional_text(state, kWorkerStapleFile)))};
  if (!worker.key_pem.empty() && !worker.chain_pem.empty()) out.worker = std::move(worker);
  if (const auto nodes = wire::parse_host_port(record.node_url)) out.control.push_back(*nodes);
  if (const auto api = wire::parse_url(record.control_url, "https", 443)) {
    out.control.push_back(api->authority);
  }
  return out;
}

}  // namespace rap::agent
