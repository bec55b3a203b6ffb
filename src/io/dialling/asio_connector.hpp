// Makes one connection to a host, or to its proxy and from there by a tunnel: looks the name up,
// judges each address, and dials them as HappyEyeballs says. Private to the streams.
#pragma once

#include <array>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "dialling/happy_eyeballs.hpp"
#include "dialling/http_tunnel.hpp"
#include "io/dialling/resolver.hpp"
#include "io/dialling/stream_error.hpp"

namespace rap::io {

struct ConnectRequest {
  std::string host;
  std::uint16_t port = 0;
  std::chrono::milliseconds limit{0};  // from the first attempt
  std::string asker;
  std::function<bool(const policy::IpAddress&, std::uint16_t)> may_dial;  // null: any
  dialling::ProxyChoice proxy = std::nullopt;
};

class Connector : public std::enable_shared_from_this<Connector> {
 public:
  using Made = std::expected<boost::asio::ip::tcp::socket, StreamError>;
  using Done = std::function<void(Made)>;

  // `done` is called once, never from within, unless it is cancelled.
  static std::shared_ptr<Connector> start(EventLoop& loop, ConnectRequest request, Done done);
  Connector(EventLoop& loop, ConnectRequest request, Done done);
  void cancel();

 private:
  struct Try {
    policy::IpAddress address;
    boost::asio::ip::tcp::socket socket;
  };

  // What is said to the proxy, then what it answers.
  struct Tunnel {
    boost::asio::ip::tcp::socket socket;
    std::string text;
    std::array<char, 4096> read{};
  };

  const dialling::HttpProxy* proxy() const;
  const std::string& host() const;  // that is dialled
  std::uint16_t port() const;
  void begin();
  void found(const LookupPart& part);
  void step(const dialling::Event& event);
  void attempt(const policy::IpAddress& address);
  void keep(const policy::IpAddress& address);
  void give_up(dialling::DialFailure failure);
  void open_tunnel(boost::asio::ip::tcp::socket socket);
  void read_tunnel();
  void read_tunnel(std::size_t n);
  void proxy_broke(const std::string& how);
  void end(Made made);

  EventLoop& loop_;
  ConnectRequest request_;
  Done done_;
  dialling::HappyEyeballs core_;
  std::unique_ptr<Lookup> lookup_;
  Timer timer_;
  std::vector<std::shared_ptr<Try>> tries_;
  std::shared_ptr<Tunnel> tunnel_;
  std::string last_error_;
};

}  // namespace rap::io
