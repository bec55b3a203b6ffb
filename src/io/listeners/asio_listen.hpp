// Binding a listening socket; private to the listeners.
#pragma once

#include <string>
#include <system_error>

#include <boost/asio/ip/tcp.hpp>

namespace rap::io {

// Throws std::system_error, whose message names the address.
inline void listen_on(boost::asio::ip::tcp::acceptor& acceptor, const std::string& host,
                      std::uint16_t port, int backlog) {
  using boost::asio::ip::tcp;
  const std::string where = host + ":" + std::to_string(port);
  boost::system::error_code ec;
  const auto address = boost::asio::ip::make_address(host, ec);
  if (ec) throw std::system_error(std::make_error_code(std::errc::invalid_argument), where);
  const tcp::endpoint endpoint(address, port);
  const auto check = [&] {
    if (ec) throw std::system_error(ec.value(), std::system_category(), "listen on " + where);
  };
  acceptor.open(endpoint.protocol(), ec);
  check();
  acceptor.set_option(tcp::acceptor::reuse_address(true), ec);
  acceptor.bind(endpoint, ec);
  check();
  acceptor.listen(backlog, ec);
  check();
}

}  // namespace rap::io
