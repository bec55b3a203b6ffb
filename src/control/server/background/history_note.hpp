// What this server has seen of its cluster's numbers, noted outside of the database: when that is
// restored from a backup, it knows less than the note (control/core/history_loss.hpp).
#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <string>

namespace rap::control::server {

class HistoryNote {
 public:
  explicit HistoryNote(std::filesystem::path file) : file_(std::move(file)) {}

  // 0 when there is none that can be read: then nodes are what tells.
  std::uint64_t config_version();
  std::expected<void, std::string> write(std::uint64_t config_version);

 private:
  std::filesystem::path file_;
  std::uint64_t noted_ = 0;
  bool read_ = false;
};

}  // namespace rap::control::server
