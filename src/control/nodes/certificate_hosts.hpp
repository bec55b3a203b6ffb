// Which hosts a node may have in a certificate (PK-3): judged when it asks, when it is approved,
// and at each renewal, by what holds then.
#pragma once

#include "base/ids.hpp"
#include "control/core/database.hpp"
#include "control/core/problem.hpp"
#include "control/pki/issuing.hpp"
#include "crypto/x509/certificate.hpp"

namespace rap::control {

// Never the control plane's own, except loopback addresses, which are every machine's own; none
// that nobody could connect to; and none that the platform's or the cluster's node_names leave out.
Outcome<void> check_certificate_hosts(Transaction& tx, const IssuingPorts& ports, ClusterId cluster,
                                      const crypto::SubjectNames& names);

}  // namespace rap::control
