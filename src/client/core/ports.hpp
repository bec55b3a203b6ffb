// What the commands need of the world; apps/rap implements it over io.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "client/core/failure.hpp"
#include "crypto/x509/deny_list.hpp"
#include "wire/http_message.hpp"
#include "wire/url.hpp"

namespace rap::client {

// The directory of the person's own files (RAP_HOME).
class Home {
 public:
  virtual ~Home() = default;
  // nullopt when there is no such file.
  virtual Outcome<std::optional<std::string>> read(std::string_view name) = 0;
  virtual Outcome<void> write(std::string_view name, const std::string& content) = 0;
  virtual std::string path(std::string_view name) const = 0;
  // A file anywhere, that the person named.
  virtual Outcome<std::string> read_given(const std::string& path) = 0;
};

enum class NetworkFault : std::uint8_t {
  unreachable,
  untrusted,  // TLS did not prove the server; detail says why
  timeout,
  broken,     // it answered, but not in HTTP
};

struct NetworkError {
  NetworkFault fault = NetworkFault::unreachable;
  std::string detail;
};

class Network {
 public:
  virtual ~Network() = default;
  // One request over HTTPS. With roots, the server must prove its name under one of them. Without,
  // nobody is verified: for the first contact only, with nothing secret in the request.
  virtual std::expected<wire::HttpResponse, NetworkError> fetch(
      const wire::HostPort& server, const std::optional<std::string>& roots_pem,
      const wire::HttpRequest& request) = 0;
  // From now on a server whose certificate is on it is not believed either.
  virtual void deny(std::shared_ptr<const crypto::DenyList> list) = 0;
};

// The person at the keyboard.
class Terminal {
 public:
  virtual ~Terminal() = default;
  virtual bool interactive() const = 0;  // there is a terminal to ask on
  // What was typed, without the newline; nullopt at the end of input.
  virtual std::optional<std::string> ask(const std::string& prompt) = 0;
  virtual std::optional<std::string> ask_secret(const std::string& prompt) = 0;  // without echo
  virtual std::optional<std::string> read_stdin_line() = 0;
  // What empties the screen when written to it; nothing when the output is no terminal.
  virtual std::string clear_screen() const = 0;
  virtual bool wait(std::chrono::seconds time) = 0;  // false: interrupted
};

// Other programs.
class Programs {
 public:
  virtual ~Programs() = default;
  virtual std::string own_path() const = 0;  // of this program
  // Runs it with our terminal, and returns its status (128 + signal when it was killed).
  virtual Outcome<int> run(const std::string& program,
                           const std::vector<std::string>& arguments) = 0;
};

}  // namespace rap::client
