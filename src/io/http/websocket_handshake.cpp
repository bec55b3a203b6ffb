#include "io/http/websocket_handshake.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "base/encoding.hpp"
#include "wire/http/problem_response.hpp"

namespace rap::io {
namespace {

std::string lower(std::string_view s) {
  std::string out(s);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return out;
}

// Is `token` one of the comma-separated values?
bool lists(std::string_view value, std::string_view token) {
  while (!value.empty()) {
    const std::size_t comma = value.find(',');
    std::string_view item = value.substr(0, comma);
    while (!item.empty() && item.front() == ' ') item.remove_prefix(1);
    while (!item.empty() && item.back() == ' ') item.remove_suffix(1);
    if (lower(item) == token) return true;
    if (comma == std::string_view::npos) break;
    value.remove_prefix(comma + 1);
  }
  return false;
}

wire::HttpResponse refuse(int status, std::string_view code, std::string_view detail) {
  return wire::problem_response(status, code, "The upgrade to WebSocket is refused", detail);
}

}  // namespace

std::string websocket_accept(std::string_view key) {
  const std::string text = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<std::uint8_t, 20> digest;
  EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha1(), nullptr);
  return to_base64(digest);
}

wire::HttpResponse answer_websocket_upgrade(const wire::HttpRequest& request, std::string_view path,
                                            std::string_view subprotocol) {
  if (request.path != path) return refuse(404, "not_found", "no such path");
  if (request.method != "GET") return refuse(405, "method_not_allowed", "upgrade with GET");
  if (request.is_http_1_0) return refuse(400, "bad_request", "WebSocket needs HTTP/1.1");
  if (!lists(request.header("connection"), "upgrade") ||
      !lists(request.header("upgrade"), "websocket")) {
    return refuse(426, "upgrade_required", "this path speaks WebSocket only");
  }
  if (request.header("sec-websocket-version") != "13") {
    auto r = refuse(426, "upgrade_required", "WebSocket version 13 is required");
    r.headers.emplace_back("sec-websocket-version", "13");
    return r;
  }
  if (request.count("sec-websocket-key") > 1 || request.count("sec-websocket-version") > 1) {
    return refuse(400, "bad_request", "Sec-WebSocket-Key and -Version come once each");
  }
  const std::string_view key = request.header("sec-websocket-key");
  const auto raw = from_base64(key);
  if (!raw || raw->size() != 16)
    return refuse(400, "bad_request", "Sec-WebSocket-Key is malformed");
  if (!lists(request.header("sec-websocket-protocol"), subprotocol)) {
    return refuse(400, "bad_request",
                  "the subprotocol " + std::string(subprotocol) + " is required");
  }
  const std::string_view origin = request.header("origin");
  if (!origin.empty() && origin != "https://" + std::string(request.header("host"))) {
    return refuse(403, "wrong_origin", "this page may not open the data plane");
  }
  wire::HttpResponse r;
  r.status = 101;
  r.content_type.clear();
  r.headers = {{"upgrade", "websocket"},
               {"connection", "Upgrade"},
               {"sec-websocket-accept", websocket_accept(key)},
               {"sec-websocket-protocol", std::string(subprotocol)}};
  return r;
}

}  // namespace rap::io
