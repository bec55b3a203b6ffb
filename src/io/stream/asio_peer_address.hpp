// The address of a peer as all others know it; private to the streams.
#pragma once

#include <string>

#include <boost/asio/ip/address.hpp>

namespace rap::io {

// The address without the zone of a link-local one (RFC 4007): that names a link of this host, and
// whoever compares, limits or blocks addresses knows none.
inline std::string peer_address(const boost::asio::ip::address& address) {
  if (!address.is_v6()) return address.to_string();
  auto plain = address.to_v6();
  plain.scope_id(0);
  return plain.to_string();
}

}  // namespace rap::io
