// The public halves of the keys of one run of the program (client/flows/client_keys.hpp), which the
// control plane names in the tokens and the grants that it gives for it.
#pragma once

#include "crypto/tokens/resume_grant.hpp"

namespace rap::client {

struct ClientPublicKeys {
  crypto::ClientKey flow{};
  crypto::ClientKey proof{};
};

}  // namespace rap::client
