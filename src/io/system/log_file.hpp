// A file that standard error goes to, which needs nobody to keep it small: beyond its limit it
// becomes FILE.1, whose predecessor is gone, and a new one is begun. One that another program moved
// or removed (logrotate) is begun anew with the next line; no signal is needed.
#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>

namespace rap::io {

class LogFile {
 public:
  static constexpr std::uint64_t kMaxBytes = std::uint64_t{16} * 1024 * 1024;

  // Standard error leads there from now on. The file is never reached through a link, and nobody
  // but us reads it. The error is a sentence.
  static std::expected<std::unique_ptr<LogFile>, std::string> open(
      std::filesystem::path path, std::uint64_t max_bytes = kMaxBytes);

  // Is called before so many bytes are written to standard error; thread-safe. Where no new file
  // can be begun, the one there is goes on; at the limit it starts over empty.
  void make_room(std::size_t bytes);

 private:
  LogFile(std::filesystem::path path, std::uint64_t max_bytes)
      : path_(std::move(path)), max_bytes_(max_bytes) {}
  std::expected<void, std::string> begin();
  bool is_elsewhere() const;
  bool is_full(std::size_t bytes) const;

  std::filesystem::path path_;
  std::uint64_t max_bytes_;
  std::mutex mutex_;
};

}  // namespace rap::io
