// What the services beside a node read of the configuration (CP-7: app_client_ca_bundle,
// app_mtls_trust_bundle and app_variables), as files that they mount or read:
//
//   app-trust/platform/client-ca.pem              whose clients any service may believe
//   app-trust/<organization>/client-ca.pem        and this organization's: instead of those
//   app-trust/<organization>/mtls.pem             whose servers its services may believe
//   app-trust/<organization>/<resource>.mtls.pem  and this resource: instead of those
//   app-variables/<organization>/variables.json   its variables, one object
//
// There is a file for every value that the node is given and no other. A bundle's holds its
// certificates and nothing else. A folder an organization, so that a service is shown its own
// alone.
#pragma once

#include <string>
#include <vector>

#include "node/agent/node_files.hpp"
#include "snapshot/configuration/documents.hpp"

namespace rap::agent {

inline constexpr std::string_view kAppTrustFolder = "app-trust";
inline constexpr std::string_view kAppVariablesFolder = "app-variables";

// Writes what is not there or differs.
StoreResult write_service_files(NodeFiles& directory,
                                const std::vector<snapshot::Document>& documents);
// Removes what no document is behind any more.
StoreResult remove_other_service_files(NodeFiles& directory,
                                       const std::vector<snapshot::Document>& documents);

}  // namespace rap::agent
