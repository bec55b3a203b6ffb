// The person's own files, in a directory only they may read.
#pragma once

#include <filesystem>

#include "client/core/home.hpp"

namespace rap::client {

// The directory is RAP_HOME, or rap below XDG_CONFIG_HOME or ~/.config.
std::filesystem::path home_directory();

class HomeFiles final : public Home {
 public:
  explicit HomeFiles(std::filesystem::path root) : root_(std::move(root)) {}

  Fallible<std::optional<std::string>> read(std::string_view name) override;
  Fallible<void> write(std::string_view name, const std::string& content) override;
  Fallible<std::string> create(std::string_view name, const std::string& content) override;
  std::string path(std::string_view name) const override { return (root_ / name).string(); }
  Fallible<std::string> read_given(const std::string& path) override;
  std::string machine() const override;

 private:
  template <class Write>
  Fallible<void> write_by(std::string_view name, Write write);

  std::filesystem::path root_;
};

}  // namespace rap::client
