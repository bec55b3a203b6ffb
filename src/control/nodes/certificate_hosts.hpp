// Which hosts a node may have in a certificate (PK-3): judged when it asks, when it is approved,
// and at each renewal, by what holds then.
#pragma once

#include <optional>

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

// Nor one where another owner's node is reached: whoever approves a host of theirs would make it
// that node for programs that go by the host alone. The platform may say that this very host is
// meant, by its node_names; loopback addresses are every machine's own.
Outcome<void> check_hosts_of_others(Transaction& tx, ClusterId cluster,
                                    std::optional<OrganizationId> owner,
                                    const crypto::SubjectNames& names);

}  // namespace rap::control
