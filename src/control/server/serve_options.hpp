// The options of 'rap-control serve' and what they mean: where it listens, and under which URLs it
// is known.
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "control/keys/state_directory.hpp"
#include "wire/url.hpp"

namespace rap::control::server {

struct ServeOptions {
  std::string state;
  std::string listen = "127.0.0.1:8443";
  std::string node_listen = "127.0.0.1:9091";
  std::string ocsp_listen = "127.0.0.1:9092";
  std::string public_url;
  std::string node_url;
  std::string ocsp_url;  // empty: the host of node_url and the port of ocsp_listen
  std::string database_url;
  std::string log_file;  // empty: standard error
  unsigned config_valid_for_s = 86'400;
  std::string audit_heads;  // empty: audit-heads.jsonl in the state directory
  std::string audit_syslog;  // empty: none
  unsigned audit_every_s = 60;
  unsigned keep_sessions_days = 30;  // after they ended
  unsigned max_sign_ins = 32;  // of one person at once
  std::string devices = "proven";  // control::kDevicePolicyNames
};

struct ListenAddresses {
  wire::HostPort api;
  wire::HostPort node;
  wire::HostPort ocsp;
};

// "IP:PORT", where port 0 lets the kernel choose. The error is a sentence that names the option.
std::expected<wire::HostPort, std::string> parse_listen(const char* option,
                                                        const std::string& text);

// The error says which option is wrong, and what it should look like.
std::expected<ListenAddresses, std::string> check_options(const ServeOptions& options);

// The hosts that its certificate has to name, for people and nodes are told them.
std::vector<ServedHost> served_hosts(const ServeOptions& options);

// The URL that certificates name as the responder's: as given, else the host that nodes know and
// the port that the responder listens on.
std::string ocsp_url_of(const ServeOptions& options, std::uint16_t ocsp_port);

}  // namespace rap::control::server
