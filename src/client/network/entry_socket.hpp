// How a client connects to an entry: where, by which proxy, and what the entry must prove.
#pragma once

#include <memory>
#include <string>

#include "client/api/attachment.hpp"
#include "io/http/client/websocket_client.hpp"

namespace rap::client {

io::WebSocketClientOptions entry_socket_options(const Candidate& entry,
                                                const std::string& roots_pem,
                                                std::shared_ptr<const crypto::DenyList> deny);

}  // namespace rap::client
