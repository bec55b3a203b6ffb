// What the options of 'rap-control serve' mean: where it listens, and under which URLs it is known.
#pragma once

#include <expected>
#include <string>

#include "control/server/commands.hpp"
#include "wire/url.hpp"

namespace rap::control::server {

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

// The URL that certificates name as the responder's: as given, else the host that nodes know and
// the port that the responder listens on.
std::string ocsp_url_of(const ServeOptions& options, std::uint16_t ocsp_port);

}  // namespace rap::control::server
