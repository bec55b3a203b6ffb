// The person's terminal.
#pragma once

#include "client/core/terminal.hpp"

namespace rap::client {

// Questions are asked on /dev/tty, so that standard input and output stay free for data.
class Tty final : public Terminal {
 public:
  bool interactive() const override;
  std::optional<std::string> ask(const std::string& prompt) override;
  std::optional<std::string> ask_secret(const std::string& prompt) override;
  std::optional<std::string> read_stdin_line() override;
  std::string clear_screen() const override;
  std::size_t width() const override;
  bool wait(std::chrono::seconds time) override;
};

}  // namespace rap::client
