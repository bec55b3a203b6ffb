// A state directory in memory, with a disk that can be full.
#pragma once

#include <map>
#include <string>

#include "agent/state_directory.hpp"

namespace rap::agent {

class TestState final : public StateDirectory {
 public:
  std::expected<std::optional<std::string>, std::string> read(std::string_view name) override {
    const auto it = files.find(std::string(name));
    if (it == files.end()) return std::nullopt;
    return it->second;
  }
  StoreResult write(const FileWrite& file) override {
    if (full) return std::unexpected(file.name + ": No space left on device");
    files[file.name] = file.content;
    return {};
  }

  bool full = false;
  std::map<std::string, std::string> files;
};

}  // namespace rap::agent
