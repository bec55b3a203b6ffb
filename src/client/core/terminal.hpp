// The person at the keyboard, as the commands see them.
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace rap::client {

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
  // The columns of the terminal that the output goes to; 0: it goes elsewhere.
  virtual std::size_t width() const = 0;
  virtual bool wait(std::chrono::seconds time) = 0;  // false: interrupted
};

}  // namespace rap::client
