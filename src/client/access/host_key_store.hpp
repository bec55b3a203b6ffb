// The pinned host keys in the person's home.
#pragma once

#include "client/access/open_resource.hpp"
#include "client/api/attachment.hpp"
#include "client/core/home.hpp"

namespace rap::client {

// Writes the pinned key for ssh to go by, when there is one and it is not there yet.
Fallible<void> pin_host_key(Home& home, const OpenResource& resource);
Fallible<void> pin_host_key(Home& home, const Attachment& attachment);

}  // namespace rap::client
