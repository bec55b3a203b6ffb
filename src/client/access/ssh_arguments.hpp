// The words after `rap ssh`, read as ssh reads its own: options, where to, more options, and what
// to run there. Only long options before the resource are ours; all else is handed on as it came.
//
//   rap ssh [--organization ORG] [--json] [SSH OPTION]... [USER@]RESOURCE [WORD]...
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "client/core/failure.hpp"

namespace rap::client {

struct SshArguments {
  // Ours.
  std::string organization;
  bool json = false;
  bool help = false;
  // Ssh's. The resource is nullopt when ssh only tells of itself (-V, -Q).
  std::vector<std::string> options;
  bool options_ended = false;   // by "--", before the resource
  std::string before_resource;  // "user@", or "ssh://user@"
  std::optional<std::string> resource;
  std::string after_resource;  // ":port" of an ssh:// address
  std::vector<std::string> rest;

  // Whether the option "-o KEYWORD=…" is among those before the resource.
  bool sets(std::string_view keyword) const;
};

Fallible<SshArguments> read_ssh_arguments(const std::vector<std::string>& words);

}  // namespace rap::client
