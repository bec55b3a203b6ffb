// What commands stand on, in memory: files, a scripted server, a scripted person.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "client/api/client_network.hpp"
#include "client/api/data_plane.hpp"
#include "client/core/home.hpp"
#include "client/core/programs.hpp"
#include "client/core/terminal.hpp"

namespace rap::client {

class TestHome final : public Home {
 public:
  Fallible<std::optional<std::string>> read(std::string_view name) override;
  Fallible<void> write(std::string_view name, const std::string& content) override;
  Fallible<std::string> create(std::string_view name, const std::string& content) override;
  std::string machine() const override { return "laptop_of_tests"; }
  std::string path(std::string_view name) const override { return "/home/" + std::string(name); }
  Fallible<std::string> read_given(const std::string& path) override;

  bool full = false;
  std::map<std::string, std::string> files;
  std::map<std::string, std::string> given;
};

struct Sent {
  wire::HttpRequest request;
  std::optional<std::string> roots_pem;
  nlohmann::json body() const;
};

// Answers "METHOD path" as the test laid down. What the API requires of an answer and the test left
// out is filled in, and a test that lays down what the API does not have fails.
class TestNetwork final : public Network {
 public:
  std::expected<wire::HttpResponse, NetworkError> fetch(const wire::HostPort& server,
                                                        const std::optional<std::string>& roots_pem,
                                                        const wire::HttpRequest& request) override;
  void identify(std::shared_ptr<const DeviceKey> device) override { identified = device; }
  void deny(std::shared_ptr<const crypto::DenyList> list) override { denied = std::move(list); }
  void answer(const std::string& what, const nlohmann::json& body, int status = 200);

  void answer_fully(const std::string& what);  // with every member the API knows, in lists of one

  std::optional<NetworkError> error;
  std::optional<std::string> untrusted_roots;  // the server is not under these
  std::map<std::string, std::pair<int, nlohmann::json>> answers;
  std::vector<Sent> sent;
  std::shared_ptr<const crypto::DenyList> denied;
  std::shared_ptr<const DeviceKey> identified;
};

class TestTerminal final : public Terminal {
 public:
  bool interactive() const override { return present; }
  std::optional<std::string> ask(const std::string&) override { return next(typed); }
  std::optional<std::string> ask_secret(const std::string&) override { return next(typed); }
  std::optional<std::string> read_stdin_line() override { return next(piped); }

  std::string clear_screen() const override { return "<clear>"; }
  std::size_t width() const override { return columns; }
  bool wait(std::chrono::seconds) override { return waits-- > 0; }

  bool present = false;
  std::size_t columns = 0;
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
  Fallible<int> run(const std::string& program,
                    const std::vector<std::string>& arguments) override {
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
  void hold_signals() override {
    if (on_hold) on_hold();
  }
  ClientPublicKeys public_keys() override { return keys; }
  Fallible<void> proxy(const Account&, const Attachment& a, wire::TrafficClass c,
                       const std::function<Fallible<Attachment>()>& more) override {
    used = a;
    if (asks_for_more) {
      auto other = more();
      if (!other) return std::unexpected(other.error());
      used = *other;
    }
    used_class = c;
    return result;
  }
  Fallible<void> forward(ForwardSession&, const Account&, const Attachment& a, wire::TrafficClass c,
                         const wire::HostPort& where,
                         const std::function<void(const wire::HostPort&)>& listening) override {
    used = a;
    used_class = c;
    listening({where.host, 4242});
    return result;
  }

  std::vector<Fallback> take_fallbacks() override { return std::exchange(fallbacks, {}); }

  std::function<void()> on_hold;
  ClientPublicKeys keys;
  bool asks_for_more = false;
  Fallible<void> result;
  std::vector<Fallback> fallbacks;
  std::optional<Attachment> used;
  std::optional<wire::TrafficClass> used_class;
};

}  // namespace rap::client
