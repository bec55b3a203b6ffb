#include "io/dialling/asio_connector.hpp"

#include <algorithm>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

#include "io/system/system.hpp"
#include "policy/addresses/names.hpp"

namespace rap::io {

namespace asio = boost::asio;
using asio::ip::tcp;
using policy::IpAddress;

namespace {

tcp::endpoint endpoint_of(const IpAddress& address, std::uint16_t port) {
  if (address.v6) {
    asio::ip::address_v6::bytes_type bytes{};
    std::ranges::copy(address.bytes, bytes.begin());
    return {asio::ip::address_v6(bytes), port};
  }
  asio::ip::address_v4::bytes_type bytes{};
  std::copy_n(address.bytes.begin(), bytes.size(), bytes.begin());
  return {asio::ip::address_v4(bytes), port};
}

StreamError error_of(dialling::DialFailure failure, const std::string& last) {
  using Kind = StreamError::Kind;
  using dialling::DialFailure;
  switch (failure) {
    case DialFailure::no_address: return {Kind::unreachable, "the name has no address", {}};
    case DialFailure::unanswered:
      return {Kind::timeout, "no nameserver answered for the name in time", {}};
    case DialFailure::denied: return {Kind::denied, "its address may not be dialled", {}};
    case DialFailure::unreachable: return {Kind::unreachable, last, {}};
    case DialFailure::refused: return {Kind::refused, "Connection refused", {}};
    case DialFailure::reset: return {Kind::reset, "Connection reset by peer", {}};
    case DialFailure::timeout: return {Kind::timeout, "connecting took too long", {}};
  }
  return {};
}

// An attempt is reset, and not refused, only after the far end had taken it: it was closed at once,
// before this end had heard that it stood.
dialling::DialFailure failure_of(const boost::system::error_code& ec) {
  if (ec == asio::error::connection_refused) return dialling::DialFailure::refused;
  if (ec == asio::error::connection_reset) return dialling::DialFailure::reset;
  return dialling::DialFailure::unreachable;
}

}  // namespace

std::shared_ptr<Connector> Connector::start(EventLoop& loop, ConnectRequest request, Done done) {
  auto connector = std::make_shared<Connector>(loop, std::move(request), std::move(done));
  asio::post(loop.context(), [connector] { connector->begin(); });
  return connector;
}

Connector::Connector(EventLoop& loop, ConnectRequest request, Done done)
    : loop_(loop),
      request_(std::move(request)),
      done_(std::move(done)),
      core_(request_.limit),
      timer_(loop) {}

void Connector::cancel() {
  done_ = nullptr;
  lookup_.reset();
  timer_.cancel();
  // Whoever waits for one keeps it alive, so that it has to be told.
  boost::system::error_code ec;
  for (const auto& one : tries_) one->socket.close(ec);
  tries_.clear();
  if (tunnel_) tunnel_->socket.close(ec);
  tunnel_.reset();
}

const dialling::HttpProxy* Connector::proxy() const {
  return request_.proxy && *request_.proxy ? &**request_.proxy : nullptr;
}

const std::string& Connector::host() const { return proxy() ? proxy()->host : request_.host; }

std::uint16_t Connector::port() const { return proxy() ? proxy()->port : request_.port; }

void Connector::begin() {
  if (!done_) return;
  if (!request_.proxy) {
    return end(
        std::unexpected(StreamError{StreamError::Kind::unreachable, request_.proxy.error(), {}}));
  }
  if (const auto literal = IpAddress::parse(host())) return found({.addresses = {*literal}});
  std::string_view name = host();
  if (name.ends_with('.')) name.remove_suffix(1);
  if (policy::is_numeric_host(name) || policy::check_host(name) != nullptr) {
    return end(std::unexpected(StreamError{
        StreamError::Kind::unreachable, "it is neither a host name nor an IP address", {}}));
  }
  lookup_ = resolver_of(loop_).look_up(host(), request_.asker,
                                       [weak = weak_from_this()](const LookupPart& part) {
                                         if (const auto self = weak.lock()) self->found(part);
                                       });
  if (lookup_) return;
  end(std::unexpected(
      StreamError{StreamError::Kind::busy, "too many names are looked up at once", {}}));
}

void Connector::found(const LookupPart& part) {
  if (!part.more) lookup_.reset();
  dialling::Found found{.unanswered = part.unanswered, .more = part.more};
  for (const IpAddress& address : part.addresses) {
    const bool may = !request_.may_dial || request_.may_dial(address, port());
    if (may) found.addresses.push_back(address);
    found.denied = found.denied || !may;
  }
  step(found);
}

void Connector::step(const dialling::Event& event) {
  const auto self = shared_from_this();
  for (const auto& action : core_.step(mono_now(), event)) {
    if (const auto* next = std::get_if<dialling::Attempt>(&action)) attempt(next->address);
    if (const auto* made = std::get_if<dialling::Keep>(&action)) return keep(made->address);
    if (const auto* over = std::get_if<dialling::GiveUp>(&action)) return give_up(over->failure);
  }
  const auto at = core_.next_wakeup();
  if (!at) return;
  timer_.after(std::max(*at - mono_now(), Duration{0}), [this] { step(dialling::TimePassed{}); });
}

void Connector::attempt(const IpAddress& address) {
  auto made = std::make_shared<Try>(Try{address, tcp::socket(loop_.context())});
  tries_.push_back(made);
  made->socket.async_connect(endpoint_of(address, port()),
                             [weak = weak_from_this(), made](const boost::system::error_code& ec) {
                               const auto self = weak.lock();
                               if (!self || !self->done_) return;
                               if (!ec) return self->step(dialling::Succeeded{made->address});
                               self->last_error_ = ec.message();
                               std::erase(self->tries_, made);
                               self->step(dialling::Failed{made->address, failure_of(ec)});
                             });
}

void Connector::keep(const IpAddress& address) {
  const auto made =
      std::ranges::find_if(tries_, [&](const auto& one) { return one->address == address; });
  if (proxy() == nullptr) return end(std::move((*made)->socket));
  open_tunnel(std::move((*made)->socket));
}

void Connector::open_tunnel(tcp::socket socket) {
  lookup_.reset();
  tries_.clear();
  tunnel_ = std::make_shared<Tunnel>(
      Tunnel{std::move(socket), dialling::tunnel_request(*proxy(), request_.host, request_.port)});
  timer_.after(request_.limit, [this] {
    end(std::unexpected(StreamError{StreamError::Kind::timeout,
                                    "the proxy " + proxy()->str() + " did not answer in time",
                                    {}}));
  });
  asio::async_write(tunnel_->socket, asio::buffer(tunnel_->text),
                    [weak = weak_from_this(), tunnel = tunnel_](const boost::system::error_code& ec,
                                                                std::size_t) {
                      const auto self = weak.lock();
                      if (!self || self->tunnel_ != tunnel) return;
                      if (ec) return self->proxy_broke(ec.message());
                      tunnel->text.clear();
                      self->read_tunnel();
                    });
}

void Connector::read_tunnel() {
  tunnel_->socket.async_read_some(asio::buffer(tunnel_->read),
                                  [weak = weak_from_this(), tunnel = tunnel_](
                                      const boost::system::error_code& ec, std::size_t n) {
                                    const auto self = weak.lock();
                                    if (!self || self->tunnel_ != tunnel) return;
                                    if (ec) return self->proxy_broke(ec.message());
                                    self->read_tunnel(n);
                                  });
}

void Connector::read_tunnel(std::size_t n) {
  tunnel_->text.append(tunnel_->read.data(), n);
  const auto stands = dialling::judge_tunnel_answer(*proxy(), tunnel_->text);
  if (!stands) {
    return end(std::unexpected(StreamError{StreamError::Kind::unreachable, stands.error(), {}}));
  }
  if (!*stands) return read_tunnel();
  end(std::move(tunnel_->socket));
}

void Connector::proxy_broke(const std::string& how) {
  end(std::unexpected(StreamError{
      StreamError::Kind::unreachable, "the proxy " + proxy()->str() + " broke off: " + how, {}}));
}

void Connector::give_up(dialling::DialFailure failure) {
  StreamError error = error_of(failure, last_error_);
  if (proxy() != nullptr) {
    error.detail = "the proxy " + proxy()->str() + " cannot be reached: " + error.detail;
  }
  end(std::unexpected(std::move(error)));
}

void Connector::end(Made made) {
  const auto done = std::exchange(done_, nullptr);
  cancel();
  done(std::move(made));
}

}  // namespace rap::io
