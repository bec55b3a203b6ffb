// A state directory in memory, with a disk that can be full.
#pragma once

#include <map>
#include <string>

#include "node/agent/node_files.hpp"

namespace rap::agent {

class TestNodeFiles final : public NodeFiles {
 public:
  std::expected<std::optional<std::string>, std::string> read(std::string_view name) override {
    const auto it = files.find(std::string(name));
    if (it == files.end()) return std::nullopt;
    return it->second;
  }
  StoreResult write(const FileWrite& file) override {
    if (full) return std::unexpected(file.name + ": No space left on device");
    files[file.name] = file.content;
    modes[file.name] = file.mode;
    return {};
  }
  StoreResult remove(std::string_view name) override {
    files.erase(std::string(name));
    return {};
  }
  std::expected<std::vector<std::string>, std::string> list(std::string_view folder) override {
    std::vector<std::string> out;
    for (const auto& [name, content] : files) {
      if (name.starts_with(std::string(folder) + "/")) out.push_back(name);
    }
    return out;
  }

  bool full = false;
  std::map<std::string, std::string> files;
  std::map<std::string, mode_t> modes;
};

}  // namespace rap::agent
