// rap-control audit verify: the chain in the database, against the heads that were exported.
#include <algorithm>
#include <fstream>
#include <iostream>
#include <optional>
#include <vector>

#include "base/encoding.hpp"
#include "base/try.hpp"
#include "control/keys/host_database.hpp"
#include "control/server/commands/commands.hpp"
#include "control/store/database.hpp"
#include "snapshot/audit_head.hpp"

namespace rap::control::server {
namespace {

using snapshot::AuditHead;

// The heads in a file, one a line; what stands before one (syslog's header) is skipped.
Result<std::vector<AuditHead>> read_heads(const std::string& path,
                                          const control::Authority& authority) {
  std::ifstream in(path);
  if (!in) return std::unexpected("cannot read " + path);
  const std::vector<crypto::VerificationKey> keys = {
      {authority.config_key.kid, authority.config_key.key.public_key()}};
  std::vector<AuditHead> heads;
  std::string line;
  for (std::size_t number = 1; std::getline(in, line); ++number) {
    const std::size_t start = line.find('{');
    if (start == line.npos && line.find_first_not_of(" \t\r") == line.npos) continue;
    const auto head = start == line.npos
                          ? std::nullopt
                          : snapshot::open_audit_head(std::string_view(line).substr(start), keys);
    if (!head || head->cluster != authority.cluster) {
      return std::unexpected(path + ", line " + std::to_string(number) +
                             ": this is no head that this cluster signed");
    }
    heads.push_back(*head);
  }
  std::ranges::sort(heads, {}, &AuditHead::seq);
  return heads;
}

struct Chain {
  std::uint64_t entries = 0;
  std::optional<std::uint64_t> first_broken;
  std::string head;
};

Result<Chain> verify_chain(store::Connection& connection) {
  const auto rows =
      connection.query("SELECT entries, head_hash, first_broken FROM rap_audit_verify()", {});
  if (!rows) return std::unexpected(rows.error().message);
  Chain chain{(*rows)[0].count(0), std::nullopt, to_hex((*rows)[0].bytes32(1))};
  if (!(*rows)[0].is_null(2)) chain.first_broken = (*rows)[0].count(2);
  return chain;
}

// What is wrong with the first head that the database does not have as it was signed.
Result<std::optional<std::string>> compare(store::Connection& connection,
                                           const std::vector<AuditHead>& heads) {
  std::uint64_t fits = 0;
  for (const AuditHead& head : heads) {
    const auto rows =
        connection.query("SELECT hash FROM audit_log WHERE seq = $1", {store::to_param(head.seq)});
    if (!rows) return std::unexpected(rows.error().message);
    if (!rows->empty() && (*rows)[0].bytes32(0) == head.hash) {
      fits = head.seq;
      continue;
    }
    const std::string which = "the head that was signed at " + std::to_string(to_unix(head.at)) +
                              " of entry " + std::to_string(head.seq);
    if (rows->empty()) return "entries are missing: there is no entry for " + which;
    return "the chain was written anew: " + which +
           " is another one. The first broken link is after entry " + std::to_string(fits) +
           " and not after entry " + std::to_string(head.seq);
  }
  return std::nullopt;
}

Result<void> verify(const AuditVerifyOptions& options, const HostDatabase& host) {
  std::vector<AuditHead> heads;
  for (const std::string& path : options.heads) {
    const auto more = RAP_TRY(read_heads(path, host.authority));
    heads.insert(heads.end(), more.begin(), more.end());
  }
  std::ranges::sort(heads, {}, &AuditHead::seq);
  auto connection = store::Connection::open(host.conninfo, std::string(store::kAppRole));
  if (!connection) return std::unexpected(connection.error().message);
  if (auto ok = connection->script("SELECT set_config('rap.scope', 'platform', false)"); !ok) {
    return std::unexpected(ok.error().message);
  }
  const auto chain = RAP_TRY(verify_chain(*connection));
  if (chain.first_broken) {
    return std::unexpected("the chain does not fit together: the first broken link is entry " +
                           std::to_string(*chain.first_broken) + " of " +
                           std::to_string(chain.entries));
  }
  if (const auto wrong = RAP_TRY(compare(*connection, heads))) return std::unexpected(*wrong);
  std::cout << "The audit log is whole: " << chain.entries << " entries, head " << chain.head
            << ".\n";
  if (heads.empty()) {
    std::cout << "It was compared with no exported head, so whoever can write the database may "
                 "have written it anew; give --heads FILE.\n";
  } else {
    std::cout << heads.size() << " exported heads fit, the newest of entry " << heads.back().seq
              << ".\n";
  }
  return {};
}

}  // namespace

int run_audit_verify(const AuditVerifyOptions& options) {
  const auto done = on_host_database(options.state, options.database_url,
                                     [&](const HostDatabase& h) { return verify(options, h); });
  if (done) return 0;
  std::cerr << "rap-control audit verify: " << done.error() << "\n";
  return 1;
}

}  // namespace rap::control::server
