#include "client/access/ssh_host.hpp"

namespace rap::client {
namespace {

using SshSettings = std::vector<std::pair<std::string, std::string>>;

// A word for the shell that ssh runs a ProxyCommand with; ssh expands % before that.
std::string shell_word(std::string_view text) {
  std::string out = "'";
  for (char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else if (c == '%') {
      out += "%%";
    } else {
      out.push_back(c);
    }
  }
  return out + "'";
}

// A file name in an ssh option: in quotes, with % and quotes escaped.
std::string file_word(std::string_view path) {
  std::string out = "\"";
  for (char c : path) {
    if (c == '%') out.push_back('%');
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  return out + "\"";
}

// Lower case, as ssh looks hosts up; `hyphen` tells whether a hyphen stays one.
std::string plain(std::string_view name, bool hyphen) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (char c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
    const bool safe =
        (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || (c == '-' && hyphen);
    if (safe) {
      out.push_back(c);
    } else {
      out += {'_', kDigits[static_cast<unsigned char>(c) >> 4],
              kDigits[static_cast<unsigned char>(c) & 0xf]};
    }
  }
  return out;
}

std::string proxy_command(const SshPlaces& places, const OpenResource& r) {
  std::string out = shell_word(places.rap) + " proxy --organization " + shell_word(r.organization);
  if (!r.ssh_host_key) out += " --unpinned";
  return out + " " + shell_word(r.name);
}

// What must hold whatever the person's own configuration says.
SshSettings fixed_settings(const SshPlaces& places, const OpenResource& r) {
  SshSettings settings = {{"HostKeyAlias", host_alias(r.organization, r.name)},
                          {"GlobalKnownHostsFile", "/dev/null"},
                          {"CheckHostIP", "no"}};
  if (r.ssh_host_key) {
    settings.emplace_back("UserKnownHostsFile", file_word(places.pinned_key));
    settings.emplace_back("StrictHostKeyChecking", "yes");
    settings.emplace_back("UpdateHostKeys", "no");
    settings.emplace_back("VerifyHostKeyDNS", "no");
    settings.emplace_back("KnownHostsCommand", "none");
  } else {
    settings.emplace_back("UserKnownHostsFile", file_word(places.known_hosts));
  }
  return settings;
}

constexpr std::pair kFirstUse{"StrictHostKeyChecking", "accept-new"};

}  // namespace

std::string host_alias(std::string_view organization, std::string_view resource) {
  return "rap-" + plain(organization, false) + "-" + plain(resource, true);
}

std::string pinned_key_file(std::string_view resource_id) {
  return "hosts/" + plain(resource_id, true);
}

std::string pinned_key_text(std::string_view organization, std::string_view resource,
                            std::string_view key) {
  return host_alias(organization, resource) + " " + std::string(key) + "\n";
}

std::vector<std::string> ssh_call(const SshPlaces& places, const OpenResource& r,
                                  const SshArguments& arguments) {
  std::vector<std::string> words;
  const auto option = [&](const std::string& name, const std::string& value) {
    words.emplace_back("-o");
    words.push_back(name + "=" + value);
  };
  option("ProxyCommand", proxy_command(places, r));
  for (const auto& [name, value] : fixed_settings(places, r)) option(name, value);
  if (!r.ssh_host_key && !arguments.sets(kFirstUse.first)) {
    option(kFirstUse.first, kFirstUse.second);
  }
  words.insert(words.end(), arguments.options.begin(), arguments.options.end());
  if (arguments.options_ended) words.emplace_back("--");
  words.push_back(arguments.before_resource + host_alias(r.organization, r.name) +
                  arguments.after_resource);
  words.insert(words.end(), arguments.rest.begin(), arguments.rest.end());
  return words;
}

std::string ssh_host_block(const SshPlaces& places, const OpenResource& r,
                           const std::vector<std::string>& names) {
  std::string out = "Host";
  for (const std::string& name : names) out += " " + name;
  out += "\n";
  // Whoever runs ssh, an editor or a timer, finds the profile this was made with.
  out += "  ProxyCommand env " + shell_word("RAP_HOME=" + places.home) + " " +
         proxy_command(places, r) + "\n";
  for (const auto& [name, value] : fixed_settings(places, r)) {
    out += "  " + name + " " + value + "\n";
  }
  if (!r.ssh_host_key) {
    out += std::string("  ") + kFirstUse.first + " " + kFirstUse.second + "\n";
  }
  return out;
}

}  // namespace rap::client
