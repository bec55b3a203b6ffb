// The names that certificates of nodes carry: a node asks for exactly these, and the control plane
// issues no others (PK-2, PK-3).
//
// DNS names are in lower case and IP addresses canonical, each list is sorted and holds a name
// once: two requests for the same names compare equal.
#pragma once

#include <span>

#include "base/ids.hpp"
#include "crypto/x509/certificate.hpp"
#include "wire/url.hpp"

namespace rap::snapshot {

// A node is met by nodes under its SPIFFE ID, at the hosts of the addresses that it advertises.
crypto::SubjectNames node_certificate_names(ClusterId cluster, NodeId node,
                                            std::span<const wire::HostPort> advertised);

// An entry is met by clients as a worker, at the host of the one address that they connect to.
crypto::SubjectNames worker_certificate_names(ClusterId cluster, NodeId node,
                                              const wire::HostPort& entry);

// The one form of these names.
crypto::SubjectNames canonical_names(crypto::SubjectNames names);

}  // namespace rap::snapshot
