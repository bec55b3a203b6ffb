// The person's side of the machine: their files, their terminal, their other programs.
#pragma once

#include <filesystem>

#include "client/core/ports.hpp"

namespace rap::client {

// RAP_HOME, or ~/.config/rap.
std::filesystem::path home_directory();

class HomeFiles final : public client::Home {
 public:
  explicit HomeFiles(std::filesystem::path root) : root_(std::move(root)) {}

  client::Outcome<std::optional<std::string>> read(std::string_view name) override;
  client::Outcome<void> write(std::string_view name, const std::string& content) override;
  std::string path(std::string_view name) const override { return (root_ / name).string(); }
  client::Outcome<std::string> read_given(const std::string& path) override;

 private:
  std::filesystem::path root_;
};

// Talks on /dev/tty, so that standard input and output stay free for data.
class Tty final : public client::Terminal {
 public:
  bool interactive() const override;
  std::optional<std::string> ask(const std::string& prompt) override;
  std::optional<std::string> ask_secret(const std::string& prompt) override;
  std::optional<std::string> read_stdin_line() override;
  std::string clear_screen() const override;
  bool wait(std::chrono::seconds time) override;
};

class ChildPrograms final : public client::Programs {
 public:
  std::string own_path() const override;
  client::Outcome<int> run(const std::string& program,
                           const std::vector<std::string>& arguments) override;
};

}  // namespace rap::client
