#include "node/host/public_files.hpp"

#include "base/try.hpp"
#include "io/system/file.hpp"

namespace rap::host {

agent::PublicFilesRead read_public_files(const std::filesystem::path& certificate,
                                         const std::filesystem::path& key) {
  using std::filesystem::perms;
  std::error_code error;
  const auto status = std::filesystem::status(key, error);  // of what a link leads to
  if (!error && (status.permissions() & perms::others_all) != perms::none) {
    return std::unexpected("Everybody on this host may read " + key.string() +
                           ". Run 'chmod o= " + key.string() +
                           "', and consider the key known: ask for another certificate.");
  }
  agent::PublicFiles out;
  out.chain_pem = RAP_TRY(io::read_file(certificate, wire::kMaxChainPemBytes));
  out.key_pem = RAP_TRY(io::read_file(key, wire::kMaxKeyPemBytes));
  return out;
}

}  // namespace rap::host
