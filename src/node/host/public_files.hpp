// The files of --data-plane-certificate and --data-plane-key, as they are now.
#pragma once

#include <filesystem>

#include "node/agent/public_credential.hpp"

namespace rap::host {

// A key that everybody on the host may read is none.
agent::PublicFilesRead read_public_files(const std::filesystem::path& certificate,
                                         const std::filesystem::path& key);

}  // namespace rap::host
