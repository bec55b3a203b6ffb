// Which network this machine is in, as far as a program can tell without asking anybody.
#pragma once

#include <filesystem>
#include <string>

namespace rap::client {

// A name for the network that the default route leads to, by its gateway and, where that is known,
// the gateway's hardware address: two homes with the same private addresses are two networks.
// "none" without a default route. It has no spaces, and says nothing of the addresses.
std::string network_identity(const std::filesystem::path& proc_net = "/proc/net");

}  // namespace rap::client
