#include "client/access/ssh_command.hpp"

namespace rap::client {
namespace {

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

std::string plain(std::string_view name) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (char c : name) {
    const bool safe = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '.' || c == '-';
    if (safe) {
      out.push_back(c);
    } else {
      out += {'_', kDigits[static_cast<unsigned char>(c) >> 4],
              kDigits[static_cast<unsigned char>(c) & 0xf]};
    }
  }
  return out;
}

}  // namespace

std::string host_alias(const Attachment& a) {
  return "rap-" + plain(a.organization) + "-" + plain(a.resource);
}

std::vector<std::string> ssh_arguments(const SshCall& call, const Attachment& a) {
  const std::string alias = host_alias(a);
  const std::string proxy = shell_word(call.rap) + " proxy --session " + shell_word(a.session_id) +
                            " " + shell_word(a.resource);
  std::vector<std::string> arguments;
  const auto option = [&](const std::string& text) {
    arguments.emplace_back("-o");
    arguments.push_back(text);
  };
  option("ProxyCommand=" + proxy);
  option("HostKeyAlias=" + alias);
  option("UserKnownHostsFile=" + file_word(call.known_hosts));
  option("GlobalKnownHostsFile=/dev/null");
  option("CheckHostIP=no");
  option(a.ssh_host_key ? "StrictHostKeyChecking=yes" : "StrictHostKeyChecking=accept-new");
  if (!call.user.empty()) {
    arguments.emplace_back("-l");
    arguments.push_back(call.user);
  }
  arguments.emplace_back("--");
  arguments.push_back(alias);
  arguments.insert(arguments.end(), call.command.begin(), call.command.end());
  return arguments;
}

std::string pin_host_key(std::string_view known_hosts, const Attachment& a) {
  if (!a.ssh_host_key) return std::string(known_hosts);
  const std::string alias = host_alias(a);
  std::string out;
  while (!known_hosts.empty()) {
    const std::string_view line = known_hosts.substr(0, known_hosts.find('\n'));
    known_hosts.remove_prefix(std::min(line.size() + 1, known_hosts.size()));
    if (!line.empty() && !line.starts_with(alias + " ")) out += std::string(line) + "\n";
  }
  return out + alias + " " + *a.ssh_host_key + "\n";
}

}  // namespace rap::client
