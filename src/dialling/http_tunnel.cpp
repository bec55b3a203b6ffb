#include "dialling/http_tunnel.hpp"

#include <algorithm>

#include "wire/url.hpp"

namespace rap::dialling {
namespace {

constexpr std::size_t kMaxShownBytes = 100;
constexpr std::string_view kVersion = "HTTP/1.";  // and a digit, a space and three digits

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// What a proxy says is shown to people, so that it is ASCII and short.
std::string shown(std::string_view text) {
  std::string out(text.substr(0, kMaxShownBytes));
  std::ranges::replace_if(out, [](char c) { return c < ' ' || c > '~'; }, '?');
  return out;
}

bool is_status_line(std::string_view line) {
  if (!line.starts_with(kVersion)) return false;
  line.remove_prefix(kVersion.size());
  return line.size() >= 5 && is_digit(line[0]) && line[1] == ' ' &&
         std::ranges::all_of(line.substr(2, 3), is_digit) && (line.size() == 5 || line[5] == ' ');
}

std::string hint_of(std::string_view status) {
  if (status.starts_with("407")) return "; put http://USER:PASSWORD@HOST:PORT into HTTPS_PROXY";
  if (status.starts_with("403"))
    return "; have it allow that host and port, or name it in NO_PROXY";
  return "";
}

}  // namespace

std::string tunnel_request(const HttpProxy& proxy, std::string_view host, std::uint16_t port) {
  const std::string target = wire::HostPort{std::string(host), port}.str();
  std::string out = "CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\n";
  if (!proxy.authorization.empty()) out += "Proxy-Authorization: " + proxy.authorization + "\r\n";
  return out + "\r\n";
}

std::expected<bool, std::string> judge_tunnel_answer(const HttpProxy& proxy,
                                                     std::string_view so_far) {
  const auto failed = [&](const std::string& why) {
    return std::unexpected("the proxy " + proxy.str() + " " + why);
  };
  const std::string_view head = so_far.substr(0, so_far.find("\r\n\r\n"));
  const bool whole = head.size() < so_far.size();
  if (head.size() > kMaxTunnelHeadBytes) return failed("answers without an end");
  const std::string_view line = so_far.substr(0, so_far.find("\r\n"));
  if (line.size() == so_far.size()) {  // the first line goes on
    const std::string_view known = so_far.substr(0, kVersion.size());
    if (kVersion.starts_with(known)) return false;
    return failed("does not speak HTTP");
  }
  if (!is_status_line(line)) return failed("does not speak HTTP");
  const std::string_view status = line.substr(kVersion.size() + 2);
  if (!status.starts_with('2')) {
    return failed("refuses: " + shown(status) + hint_of(status));
  }
  if (!whole) return false;
  if (so_far.size() != head.size() + 4) return failed("sends more than its answer");
  return true;
}

}  // namespace rap::dialling
