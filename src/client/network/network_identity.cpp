#include "client/network/network_identity.hpp"

#include <arpa/inet.h>

#include <cstdint>
#include <fstream>
#include <optional>
#include <sstream>

#include "base/encoding.hpp"
#include "crypto/keys/digest.hpp"

namespace rap::client {
namespace {

constexpr std::size_t kShown = 8;  // bytes of the hash
constexpr int kHex = 16;

struct Gateway {
  std::string device;
  std::string address;  // as /proc/net/arp writes it, or of IPv6 in hexadecimal
};

// proc(5): interface, destination, gateway, …
std::optional<Gateway> gateway_of_ipv4(const std::filesystem::path& proc_net) {
  std::ifstream routes(proc_net / "route");
  for (std::string line; std::getline(routes, line);) {
    std::istringstream fields(line);
    Gateway out;
    std::string destination;
    std::string gateway;
    if (!(fields >> out.device >> destination >> gateway) || destination != "00000000") continue;
    in_addr address{};
    address.s_addr = static_cast<in_addr_t>(std::strtoul(gateway.c_str(), nullptr, kHex));
    char text[INET_ADDRSTRLEN];
    out.address = ::inet_ntop(AF_INET, &address, text, sizeof text);
    return out;
  }
  return std::nullopt;
}

// Destination, its length, source, its length, next hop, metric, uses, references, flags, device.
std::optional<Gateway> gateway_of_ipv6(const std::filesystem::path& proc_net) {
  std::ifstream routes(proc_net / "ipv6_route");
  for (std::string line; std::getline(routes, line);) {
    std::istringstream fields(line);
    std::string destination, length, source, source_length, hop, metric, uses, references, flags;
    Gateway out;
    if (!(fields >> destination >> length >> source >> source_length >> hop >> metric >> uses >>
          references >> flags >> out.device)) {
      continue;
    }
    if (length != "00" || out.device == "lo") continue;
    out.address = hop;
    return out;
  }
  return std::nullopt;
}

std::string hardware_address(const std::filesystem::path& proc_net, const Gateway& gateway) {
  std::ifstream neighbours(proc_net / "arp");
  for (std::string line; std::getline(neighbours, line);) {
    std::istringstream fields(line);
    std::string address, type, flags, hardware;
    if ((fields >> address >> type >> flags >> hardware) && address == gateway.address) {
      return hardware;
    }
  }
  return {};
}

}  // namespace

std::string network_identity(const std::filesystem::path& proc_net) {
  auto gateway = gateway_of_ipv4(proc_net);
  if (!gateway) gateway = gateway_of_ipv6(proc_net);
  if (!gateway) return "none";
  const std::string all =
      gateway->device + ' ' + gateway->address + ' ' + hardware_address(proc_net, *gateway);
  const auto hash = crypto::sha256(as_bytes(all));
  return to_hex(ByteView(hash).first(kShown));
}

}  // namespace rap::client
