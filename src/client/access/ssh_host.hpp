// A resource as a host of stock OpenSSH: it is reached over `rap proxy`, and its host key is known
// by a name of its own. The session is the proxy's: it lasts as long as the connection does, also
// when a master of ssh carries other commands over it.
//
// A pinned key stands alone in a file that only we write, so no key that was taken on first use
// before, in whatever spelling, is accepted beside it. Unpinned keys are ssh's own affair, in
// known_hosts.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "client/access/open_resource.hpp"
#include "client/access/ssh_arguments.hpp"

namespace rap::client {

// Where things are on the person's machine.
struct SshPlaces {
  std::string rap;          // path of this program
  std::string home;         // of the profile
  std::string known_hosts;  // paths of the two files of host keys
  std::string pinned_key;
};

// "rap-<organization>-<resource>", in characters that mean nothing special to ssh, of which each
// name has its own. Case makes no difference in names, and none here.
std::string host_alias(std::string_view organization, std::string_view resource);

// The file in the person's home with the pinned key of the resource of this id, and its text.
std::string pinned_key_file(std::string_view resource_id);
std::string pinned_key_text(std::string_view organization, std::string_view resource,
                            std::string_view key);

// The words of ssh for `rap ssh`.
std::vector<std::string> ssh_call(const SshPlaces& places, const OpenResource& resource,
                                  const SshArguments& arguments);

// A Host block of ssh_config(5), with the names ssh is to know it by.
std::string ssh_host_block(const SshPlaces& places, const OpenResource& resource,
                           const std::vector<std::string>& names);

}  // namespace rap::client
