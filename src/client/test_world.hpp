// The world of a command in memory: files, a scripted server, a scripted person.
#pragma once

#include <CLI/CLI.hpp>
#include <deque>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/seeded_random.hpp"
#include "client/command.hpp"

namespace rap::client {

class TestHome final : public Home {
 public:
  Outcome<std::optional<std::string>> read(std::string_view name) override {
    const auto it = files.find(std::string(name));
    if (it == files.end()) return std::nullopt;
    return it->second;
  }
  Outcome<void> write(std::string_view name, const std::string& content) override {
    if (full) return fail(ExitCode::failed, std::string(name) + ": No space left on device");
    files[std::string(name)] = content;
    return {};
  }
  std::string path(std::string_view name) const override { return "/home/" + std::string(name); }
  Outcome<std::string> read_given(const std::string& path) override {
    const auto it = given.find(path);
    if (it == given.end()) return fail(ExitCode::usage, path + ": No such file or directory");
    return it->second;
  }

  bool full = false;
  std::map<std::string, std::string> files;
  std::map<std::string, std::string> given;
};

struct Sent {
  wire::HttpRequest request;
  std::optional<std::string> roots_pem;
  nlohmann::json body() const { return nlohmann::json::parse(request.body, nullptr, false); }
};

// Answers "METHOD path" as the test laid down.
class TestNetwork final : public Network {
 public:
  std::expected<wire::HttpResponse, NetworkError> fetch(const wire::HostPort&,
                                                        const std::optional<std::string>& roots_pem,
                                                        const wire::HttpRequest& request) override {
    sent.push_back({request, roots_pem});
    if (error) return std::unexpected(*error);
    if (untrusted_roots && roots_pem == untrusted_roots) {
      return std::unexpected(NetworkError{NetworkFault::untrusted, "unknown_root"});
    }
    const std::string query = request.query.empty() ? "" : "?" + request.query;
    const auto it = answers.find(request.method + " " + request.path + query);
    wire::HttpResponse response;
    response.status = it == answers.end() ? 404 : it->second.first;
    response.body = it == answers.end() ? R"({"code":"not_found","detail":"Nothing here."})"
                                        : it->second.second.dump();
    return response;
  }
  void deny(std::shared_ptr<const crypto::DenyList> list) override { denied = std::move(list); }
  void answer(const std::string& what, const nlohmann::json& body, int status = 200) {
    const std::size_t space = what.find(' ');
    answers[what.substr(0, space + 1) + "/api/v1/" + what.substr(space + 1)] = {status, body};
  }

  std::optional<NetworkError> error;
  std::optional<std::string> untrusted_roots;  // the server is not under these
  std::map<std::string, std::pair<int, nlohmann::json>> answers;
  std::vector<Sent> sent;
  std::shared_ptr<const crypto::DenyList> denied;
};

class TestTerminal final : public Terminal {
 public:
  bool interactive() const override { return present; }
  std::optional<std::string> ask(const std::string&) override { return next(typed); }
  std::optional<std::string> ask_secret(const std::string&) override { return next(typed); }
  std::optional<std::string> read_stdin_line() override { return next(piped); }

  std::string clear_screen() const override { return "<clear>"; }
  bool wait(std::chrono::seconds) override { return waits-- > 0; }

  bool present = false;
  std::deque<std::string> typed;
  std::deque<std::string> piped;
  int waits = 0;  // before it is interrupted

 private:
  static std::optional<std::string> next(std::deque<std::string>& from) {
    if (from.empty()) return std::nullopt;
    std::string line = from.front();
    from.pop_front();
    return line;
  }
};

class TestPrograms final : public Programs {
 public:
  std::string own_path() const override { return "/usr/bin/rap"; }
  Outcome<int> run(const std::string& program, const std::vector<std::string>& arguments) override {
    ran = program;
    given = arguments;
    return status;
  }

  std::string ran;
  std::vector<std::string> given;
  int status = 0;
};

class TestDataPlane final : public DataPlane {
 public:
  Outcome<void> proxy(const Account&, const Attachment& a, wire::TrafficClass c) override {
    used = a;
    used_class = c;
    return result;
  }
  Outcome<void> forward(const Account&, const Attachment& a, wire::TrafficClass c,
                        const wire::HostPort& where,
                        const std::function<void(const wire::HostPort&)>& listening) override {
    used = a;
    used_class = c;
    listening({where.host, 4242});
    return result;
  }

  std::vector<Fallback> take_fallbacks() override { return std::exchange(fallbacks, {}); }

  Outcome<void> result;
  std::vector<Fallback> fallbacks;
  std::optional<Attachment> used;
  std::optional<wire::TrafficClass> used_class;
};

// Runs command lines in a world of its own.
struct TestShell {
  static constexpr std::int64_t kNow = 1'800'000'000;

  // The exit status; what was printed is in `out` and `err`.
  int run(const std::vector<std::string>& words) {
    out.str("");
    err.str("");
    Invocation invocation;
    const auto tree = make_command_tree(invocation, "1.2.3");
    try {
      tree->parse(std::vector<std::string>(words.rbegin(), words.rend()));
    } catch (const CLI::ParseError& e) {
      return tree->exit(e, out, err) == 0 ? 0 : static_cast<int>(ExitCode::usage);
    }
    World world{home,   network, terminal, programs,        data_plane,
                random, out,     err,      from_unix(kNow), invocation.json};
    const auto done = invocation.run(world);
    if (done) return *done;
    err << done.error().text;
    return static_cast<int>(done.error().code);
  }
  void sign_in() {
    home.files["profile.json"] =
        to_json(Profile{"https://cp.example:8443", "a@b.test", "rapst_x", kNow + 100, {}});
    home.files["ca.pem"] = "roots";
  }

  TestHome home;
  TestNetwork network;
  TestTerminal terminal;
  TestPrograms programs;
  TestDataPlane data_plane;
  SeededRandom random{5};
  std::ostringstream out;
  std::ostringstream err;
};

}  // namespace rap::client
