// How stock OpenSSH is called to reach a resource: it speaks over `rap proxy`, and knows the
// resource's host key by a name of its own in a known_hosts file of its own.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/core/attachment.hpp"

namespace rap::client {

struct SshCall {
  std::string rap;          // path of this program
  std::string known_hosts;  // path of the file
  std::string user;         // empty: ssh's own choice
  std::vector<std::string> command;
};

// "rap-<organization>-<resource>", in characters that mean nothing special to ssh.
std::string host_alias(const Attachment& attachment);

// The arguments of ssh. A pinned host key must match; another is taken on first use.
std::vector<std::string> ssh_arguments(const SshCall& call, const Attachment& attachment);

// The known_hosts text with the resource's pinned key as the only one under its alias; unchanged
// when it has none.
std::string pin_host_key(std::string_view known_hosts, const Attachment& attachment);

}  // namespace rap::client
