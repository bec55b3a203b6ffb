// rap-control names list, add, remove: on the control plane's host.
#include <algorithm>
#include <iostream>

#include "base/try.hpp"
#include "control/keys/state_directory.hpp"
#include "control/server/commands/commands.hpp"
#include "io/system/file.hpp"
#include "policy/addresses/names.hpp"

namespace rap::control::server {
namespace {

using Hosts = std::vector<std::string>;

Result<std::string> plain(const std::string& host) {
  if (const char* wrong = policy::check_host(host))
    return std::unexpected("'" + host + "' " + wrong);
  return plain_host(host);
}

// Whoever knows such a host fails within seconds of its removal, and who asks them why finds a
// certificate for other names.
Result<void> check_unserved(const std::string& host, const std::vector<ServedHost>& served,
                            const NamesOptions& options) {
  const auto at = std::ranges::find(served, host, &ServedHost::host);
  if (at == served.end() || options.force) return {};
  return std::unexpected("the server that runs has '" + host + "' in its " + at->option +
                         ", and nobody who goes by that would get in any more. Restart "
                         "'rap-control serve' with another name there first; --force removes this "
                         "one all the same");
}

Result<Hosts> changed(Hosts hosts, const std::vector<ServedHost>& served,
                      const NamesOptions& options) {
  for (const std::string& given : options.hosts) {
    const auto host = RAP_TRY(plain(given));
    const auto at = std::ranges::find(hosts, host);
    if (options.change == NamesOptions::Change::add) {
      if (at == hosts.end()) hosts.push_back(host);
    } else if (at == hosts.end()) {
      return std::unexpected("'" + host +
                             "' is none of its names; 'rap-control names list' shows "
                             "them");
    } else {
      RAP_TRY(check_unserved(host, served, options));
      hosts.erase(at);
    }
  }
  if (hosts.empty()) return std::unexpected("one name has to stay: add another one first");
  return hosts;
}

Result<void> run(const NamesOptions& options) {
  const StateDirectory state{std::filesystem::absolute(options.state)};
  RAP_TRY(state.load_authority());
  const auto lock = io::FileLock::try_lock(state.names_lock_file());
  if (!lock) return std::unexpected("another 'rap-control names' runs; try again");
  auto hosts = RAP_TRY(state.hosts());
  if (options.change != NamesOptions::Change::none) {
    const auto served = RAP_TRY(state.served_hosts());
    hosts = RAP_TRY(changed(std::move(hosts), served, options));
    RAP_TRY(state.set_hosts(hosts));
    std::cerr << "A server that runs takes this over within seconds, any other when it starts. "
                 "Nobody has to trust anything new.\n";
  }
  const auto certificate = RAP_TRY(state.own_certificate());
  for (const std::string& host : hosts) {
    std::cout << host << (certificate.speaks_for(host) ? "" : "  (not in the certificate yet)")
              << "\n";
  }
  return {};
}

}  // namespace

int run_names(const NamesOptions& options) {
  const auto done = run(options);
  if (!done) std::cerr << "rap-control names: " << done.error() << "\n";
  return done ? 0 : 1;
}

}  // namespace rap::control::server
