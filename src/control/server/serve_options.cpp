#include "control/server/serve_options.hpp"

#include "base/try.hpp"
#include "control/pki/ocsp_signers.hpp"

namespace rap::control::server {
namespace {

constexpr std::uint16_t kHttpPort = 80;
constexpr std::uint16_t kHttpsPort = 443;

}  // namespace

std::expected<wire::HostPort, std::string> parse_listen(const char* option,
                                                        const std::string& text) {
  const std::size_t colon = text.rfind(':');
  const bool any_port = colon != text.npos && text.substr(colon) == ":0";
  auto parsed = wire::parse_host_port(any_port ? text.substr(0, colon) + ":1" : text);
  if (!parsed) return std::unexpected(std::string(option) + " must be IP:PORT, not " + text);
  if (any_port) parsed->port = 0;
  return std::move(*parsed);
}

std::expected<ListenAddresses, std::string> check_options(const ServeOptions& options) {
  auto api = RAP_TRY(parse_listen("--listen", options.listen));
  auto node = RAP_TRY(parse_listen("--node-listen", options.node_listen));
  auto ocsp = RAP_TRY(parse_listen("--ocsp-listen", options.ocsp_listen));
  if (!options.ocsp_url.empty() && !wire::parse_url(options.ocsp_url, "http", kHttpPort)) {
    return std::unexpected("--ocsp-url must be http://HOST:PORT/ocsp/, not " + options.ocsp_url);
  }
  if (!wire::parse_url(options.public_url, "https", kHttpsPort)) {
    return std::unexpected("--public-url must be https://HOST:PORT, not " + options.public_url);
  }
  if (!wire::parse_host_port(options.node_url)) {
    return std::unexpected("--node-url must be HOST:PORT, not " + options.node_url);
  }
  return ListenAddresses{std::move(api), std::move(node), std::move(ocsp)};
}

std::vector<ServedHost> served_hosts(const ServeOptions& options) {
  std::vector<ServedHost> out;
  if (const auto url = wire::parse_url(options.public_url, "https", kHttpsPort)) {
    out.push_back({"--public-url", url->authority.host});
  }
  if (const auto node = wire::parse_host_port(options.node_url)) {
    out.push_back({"--node-url", node->host});
  }
  return out;
}

std::string ocsp_url_of(const ServeOptions& options, std::uint16_t ocsp_port) {
  if (!options.ocsp_url.empty()) return options.ocsp_url;
  const auto node = wire::parse_host_port(options.node_url);  // check_options() saw to it
  const wire::HostPort at{node.value().host, ocsp_port};
  return "http://" + at.str() + std::string(control::kOcspPath);
}

}  // namespace rap::control::server
