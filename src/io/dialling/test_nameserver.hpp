// For tests: a nameserver at a port of 127.0.0.1 of its own, which answers as it is told or not at
// all, with the resolv.conf that leads to it.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <atomic>
#include <cstring>
#include <fstream>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "base/bytes.hpp"
#include "io/system/descriptor.hpp"
#include "io/system/test_directory.hpp"
#include "policy/addresses/ip_address.hpp"

namespace rap::io {

class TestNameserver {
 public:
  // The addresses of each name. Whatever else is asked has none; with `silent_v6` and `silent`
  // questions for IPv6, or all of them, have no answer at all.
  struct Zone {
    std::map<std::string, std::vector<std::string>> addresses = {};
    bool silent_v6 = false;
    bool silent = false;
  };

  explicit TestNameserver(Zone zone) : zone_(std::move(zone)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    if (::bind(fd_.get(), reinterpret_cast<sockaddr*>(&at), size) != 0) {
      throw std::runtime_error("bind");
    }
    ::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&at), &size);
    port_ = ntohs(at.sin_port);
    std::ofstream(resolv_conf()) << "nameserver 127.0.0.1\n";
    thread_ = std::thread([this] { serve(); });
  }
  ~TestNameserver() {
    stop_ = true;
    thread_.join();
  }

  std::string resolv_conf() const { return (directory_.path() / "resolv.conf").string(); }
  std::uint16_t port() const { return port_; }
  int asked() const { return asked_; }

 private:
  static constexpr std::size_t kHeader = 12;  // RFC 1035 §4.1.1
  static constexpr std::uint8_t kTypeA = 1;
  static constexpr std::uint8_t kTypeAaaa = 28;
  static constexpr int kPollMs = 20;

  void serve() {
    while (!stop_) {
      pollfd waiting{fd_.get(), POLLIN, 0};
      if (::poll(&waiting, 1, kPollMs) <= 0) continue;
      sockaddr_in from{};
      socklen_t size = sizeof from;
      Bytes query(512);
      const ssize_t n = ::recvfrom(fd_.get(), query.data(), query.size(), 0,
                                   reinterpret_cast<sockaddr*>(&from), &size);
      if (n <= static_cast<ssize_t>(kHeader)) continue;
      ++asked_;
      query.resize(static_cast<std::size_t>(n));
      const Bytes answer = answer_to(query);
      if (answer.empty()) continue;
      ::sendto(fd_.get(), answer.data(), answer.size(), 0, reinterpret_cast<sockaddr*>(&from),
               size);
    }
  }

  Bytes answer_to(const Bytes& query) const {
    std::string name;
    std::size_t at = kHeader;
    while (at < query.size() && query[at] != 0) {
      if (!name.empty()) name += '.';
      name.append(reinterpret_cast<const char*>(&query[at]) + 1, query[at]);
      at += query[at] + std::size_t{1};
    }
    const std::uint8_t type = query.at(at + 2);
    if (zone_.silent || (zone_.silent_v6 && type == kTypeAaaa)) return {};
    Bytes out(query.begin(), query.begin() + static_cast<std::ptrdiff_t>(at) + 5);
    out[2] = 0x84;  // an authoritative answer
    out[3] = 0;
    std::fill(out.begin() + 6, out.begin() + kHeader, std::uint8_t{0});
    const auto found = zone_.addresses.find(name);
    if (found == zone_.addresses.end()) return out;
    for (const std::string& text : found->second) {
      const auto address = policy::IpAddress::parse(text).value();
      if (address.v6 != (type == kTypeAaaa) || (type != kTypeA && type != kTypeAaaa)) continue;
      ++out[7];
      const std::uint8_t length = address.v6 ? 16 : 4;
      const std::uint8_t record[] = {0xc0, kHeader, 0, type, 0, 1, 0, 0, 0, 60, 0, length};
      out.insert(out.end(), std::begin(record), std::end(record));
      out.insert(out.end(), address.bytes.begin(), address.bytes.begin() + length);
    }
    out[5] = 1;  // the question is repeated
    return out;
  }

  Zone zone_;
  TestDirectory directory_;
  Descriptor fd_{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  std::uint16_t port_ = 0;
  std::atomic<bool> stop_ = false;
  std::atomic<int> asked_ = 0;
  std::thread thread_;
};

}  // namespace rap::io
