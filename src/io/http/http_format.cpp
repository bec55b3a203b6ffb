#include <algorithm>
#include <array>
#include <boost/beast/http/status.hpp>
#include <cstdio>
#include <ctime>

#include "io/http/http_codec.hpp"

namespace rap::io {
namespace {

constexpr std::array<std::string_view, 5> kOurs = {"connection", "content-length", "date", "host",
                                                   "transfer-encoding"};

bool is_token(std::string_view s) {
  static constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !s.empty() && std::all_of(s.begin(), s.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kMarks.find(c) != std::string_view::npos;
  });
}

bool is_field_value(std::string_view s) {
  return std::none_of(s.begin(), s.end(), [](char c) {
    const auto u = static_cast<unsigned char>(c);
    return (u < 0x20 && c != '\t') || u == 0x7f;
  });
}

bool is_target_part(std::string_view s, std::string_view forbidden) {
  return std::all_of(s.begin(), s.end(), [&](char c) {
    return c > ' ' && c < 0x7f && forbidden.find(c) == std::string_view::npos;
  });
}

void add_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

// Returns false when a field cannot be written.
bool add_fields(std::string& out, const wire::HttpHeaders& headers, bool has_content_type) {
  for (const auto& [name, value] : headers) {
    if (!is_token(name) || !is_field_value(value)) return false;
    if (std::find(kOurs.begin(), kOurs.end(), name) != kOurs.end()) continue;
    if (has_content_type && name == "content-type") continue;
    add_field(out, name, value);
  }
  return true;
}

// IMF-fixdate (RFC 9110 §5.6.7), whatever the locale.
std::string http_date(WallTime t) {
  static constexpr std::array<const char*, 7> kDays = {"Sun", "Mon", "Tue", "Wed",
                                                       "Thu", "Fri", "Sat"};
  static constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto seconds = static_cast<std::time_t>(to_unix(t));
  std::tm tm{};
  ::gmtime_r(&seconds, &tm);
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%s, %02d %s %04d %02d:%02d:%02d GMT",
                kDays[static_cast<std::size_t>(tm.tm_wday)], tm.tm_mday,
                kMonths[static_cast<std::size_t>(tm.tm_mon)], tm.tm_year + 1900, tm.tm_hour,
                tm.tm_min, tm.tm_sec);
  return text.data();
}

std::string_view reason_phrase(int status) {
  const auto s = boost::beast::http::obsolete_reason(
      boost::beast::http::int_to_status(static_cast<unsigned>(status)));
  return {s.data(), s.size()};
}

}  // namespace

std::optional<std::string> format_request(const wire::HttpRequest& request, std::string_view host) {
  if (!is_token(request.method) || !request.path.starts_with('/') ||
      !is_target_part(request.path, "?#") || !is_target_part(request.query, "#") ||
      !is_field_value(host)) {
    return std::nullopt;
  }
  std::string out = request.method + " " + request.path;
  if (!request.query.empty()) out += "?" + request.query;
  out += " HTTP/1.1\r\n";
  add_field(out, "host", host);
  if (!add_fields(out, request.headers, false)) return std::nullopt;
  // A length also for an empty body, unless the method has none by its nature.
  if (!request.body.empty() || (request.method != "GET" && request.method != "HEAD")) {
    add_field(out, "content-length", std::to_string(request.body.size()));
  }
  return out + "\r\n" + request.body;
}

std::optional<std::string> format_response(const wire::HttpResponse& response,
                                           const HttpResponseFraming& framing) {
  if (response.status < 200 || response.status > 599 || !is_field_value(response.content_type)) {
    return std::nullopt;
  }
  std::string out = "HTTP/1.1 " + std::to_string(response.status) + " ";
  out.append(reason_phrase(response.status)).append("\r\n");
  add_field(out, "date", http_date(framing.date));
  const bool bodiless = response.status == 204 || response.status == 304;
  if (!bodiless && !response.content_type.empty()) {
    add_field(out, "content-type", response.content_type);
  }
  if (!bodiless) add_field(out, "content-length", std::to_string(response.body.size()));
  if (!framing.keep_alive) add_field(out, "connection", "close");
  if (!add_fields(out, response.headers, !response.content_type.empty())) return std::nullopt;
  out += "\r\n";
  if (!bodiless && !framing.answers_head) out += response.body;
  return out;
}

std::optional<std::string> format_event_stream_head(const wire::HttpHeaders& headers,
                                                    WallTime date) {
  std::string out = "HTTP/1.1 200 OK\r\n";
  add_field(out, "date", http_date(date));
  add_field(out, "content-type", "text/event-stream");
  add_field(out, "cache-control", "no-store");
  add_field(out, "connection", "close");
  if (!add_fields(out, headers, true)) return std::nullopt;
  return out + "\r\n";
}

}  // namespace rap::io
