#include "client/testing/doubles.hpp"

#include "base/try.hpp"
#include "client/testing/described.hpp"

namespace rap::client {

using nlohmann::json;

namespace {

std::pair<std::string, std::string> parts_of(const std::string& what) {
  const std::size_t space = what.find(' ');
  return {what.substr(0, space), what.substr(space + 1)};
}

}  // namespace

Fallible<std::optional<std::string>> TestHome::read(std::string_view name) {
  const auto it = files.find(std::string(name));
  if (it == files.end()) return std::nullopt;
  return it->second;
}

Fallible<void> TestHome::write(std::string_view name, const std::string& content) {
  if (full) return fail(ExitCode::failed, std::string(name) + ": No space left on device");
  files[std::string(name)] = content;
  return {};
}

Fallible<std::string> TestHome::create(std::string_view name, const std::string& content) {
  if (!files.contains(std::string(name))) RAP_TRY(write(name, content));
  return files[std::string(name)];
}

Fallible<std::string> TestHome::read_given(const std::string& path) {
  const auto it = given.find(path);
  if (it == given.end()) return fail(ExitCode::usage, path + ": No such file or directory");
  return it->second;
}

json Sent::body() const { return json::parse(request.body, nullptr, false); }

std::expected<wire::HttpResponse, NetworkError> TestNetwork::fetch(
    const wire::HostPort&, const std::optional<std::string>& roots_pem,
    const wire::HttpRequest& request) {
  sent.push_back({request, roots_pem});
  if (error) return std::unexpected(*error);
  if (untrusted_roots && roots_pem == untrusted_roots) {
    return std::unexpected(NetworkError{NetworkFault::untrusted, "unknown_root",
                                        crypto::CertificateFault::unknown_root});
  }
  const std::string query = request.query.empty() ? "" : "?" + request.query;
  const auto it = answers.find(request.method + " " + request.path + query);
  wire::HttpResponse response;
  response.status = it == answers.end() ? 404 : it->second.first;
  response.body = it == answers.end() ? R"({"code":"not_found","detail":"Nothing here."})"
                                      : it->second.second.dump();
  return response;
}

void TestNetwork::answer(const std::string& what, const json& body, int status) {
  const auto [method, path] = parts_of(what);
  const bool success = status < 300;
  answers[method + " /api/v1/" + path] = {status, success ? completed(method, path, body) : body};
}

void TestNetwork::answer_fully(const std::string& what) {
  const auto [method, path] = parts_of(what);
  answers[method + " /api/v1/" + path] = {200, full_answer(method, path)};
}

}  // namespace rap::client
