// The node's state directory as the agent sees it (SN-3): which file holds what, and the port
// through which files are read and written. rap-fabric reads the identity files too.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/name_table.hpp"
#include "node/agent/actions.hpp"

namespace rap::agent {

inline constexpr std::string_view kNodeKeyFile = "identity/node.key";
inline constexpr std::string_view kNextKeyFile = "identity/next.key";  // while it is renewed
inline constexpr std::string_view kChainFile = "identity/chain.pem";
inline constexpr std::string_view kStapleFile = "identity/chain.ocsp";  // about chain.pem
// The key that an entry node shows to clients.
inline constexpr std::string_view kWorkerKeyFile = "identity/worker.key";
inline constexpr std::string_view kWorkerNextKeyFile = "identity/worker-next.key";
inline constexpr std::string_view kWorkerChainFile = "identity/worker.pem";
inline constexpr std::string_view kWorkerStapleFile = "identity/worker.ocsp";
inline constexpr std::string_view kTrustBundleFile = "identity/ca.pem";
inline constexpr std::string_view kSealKeyFile = "identity/seal.key";
inline constexpr std::string_view kEnrolmentFile = "identity/enrolment.json";
inline constexpr std::string_view kNodeConfigFile = "config/node_config.dsse";
inline constexpr std::string_view kSecurityFile = "security.db";  // of a SecurityStore
inline constexpr std::string_view kLinkFile = "config/link.json";

// What is wrong with the disk under the state directory.
enum class DiskFault : std::uint8_t {
  full,
  read_only,
  failed,  // in another way
  slow  // a write took longer than kSlowWrite
};
inline constexpr std::array<std::string_view, 4> kDiskFaultNames = {"full", "read_only", "failed",
                                                                    "slow"};
constexpr std::string_view to_string(DiskFault fault) { return name_in(kDiskFaultNames, fault); }
inline constexpr std::chrono::seconds kSlowWrite{2};

class NodeFiles {
 public:
  virtual ~NodeFiles() = default;
  // nullopt when there is no such file.
  virtual std::expected<std::optional<std::string>, std::string> read(std::string_view name) = 0;
  virtual StoreResult write(const FileWrite& file) = 0;
  // No such file: nothing to do. A folder that is empty then goes too.
  virtual StoreResult remove(std::string_view name) = 0;
  // The names of all files below a folder; none when there is no such folder.
  virtual std::expected<std::vector<std::string>, std::string> list(std::string_view folder) = 0;
};

}  // namespace rap::agent
