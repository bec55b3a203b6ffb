// Files that survive a crash and a full disk: written beside, synced, renamed into place. A failed
// write leaves the old content.
#pragma once

#include <sys/types.h>

#include <expected>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rap::io {

// The file beside is called so until it is renamed; after a crash one may be left.
inline constexpr std::string_view kTemporarySuffix = ".tmp";

struct FileOwner {
  uid_t uid = 0;
  gid_t gid = 0;
};

// The error is a sentence with the path and strerror, e.g. "/x/key.pem: No space left on device".
// Links in the directory are replaced and never followed, so that root may write into one that
// belongs to somebody else; `owner` (nullopt: us) needs root.
std::expected<void, std::string> write_file_atomic(const std::filesystem::path& path,
                                                   std::string_view content, mode_t mode = 0600,
                                                   std::optional<FileOwner> owner = std::nullopt);
// The same for a file that is made once: what stays is whole, and of whoever was first.
std::expected<void, std::string> create_file_atomic(const std::filesystem::path& path,
                                                    std::string_view content, mode_t mode = 0600);
std::expected<std::string, std::string> read_file(const std::filesystem::path& path,
                                                  std::size_t max_bytes = 16 * 1024 * 1024);

// The same of a file in a directory that belongs to somebody else: a link, a pipe or a device there
// is refused.
std::expected<std::string, std::string> read_plain_file(const std::filesystem::path& path,
                                                        std::size_t max_bytes);

// What is in the folder, and the files in it and in the folders below, in order. Neither follows a
// link, and what others remove meanwhile is no error, nor is a folder that is not there.
std::expected<std::vector<std::filesystem::path>, std::string> entries_of(
    const std::filesystem::path& folder);
std::expected<std::vector<std::filesystem::path>, std::string> files_below(
    const std::filesystem::path& folder);

// mkdir -p with the mode for the last component.
std::expected<void, std::string> make_directory(const std::filesystem::path& path,
                                                mode_t mode = 0700);

// Gives a directory to somebody; the error is a sentence. A link is refused.
std::expected<void, std::string> give_directory(const std::filesystem::path& path, FileOwner owner);

// Whether the directory is one, no link, and nobody but us and root can put anything into it. The
// error is a sentence.
std::expected<void, std::string> check_only_we_write(const std::filesystem::path& directory);

// An advisory lock on a file, held for the object's life; it dies with the process.
class FileLock {
 public:
  static std::optional<FileLock> try_lock(const std::filesystem::path& path);
  FileLock(FileLock&& o) noexcept : fd_(o.fd_) { o.fd_ = -1; }
  FileLock& operator=(FileLock&&) = delete;
  ~FileLock();

 private:
  explicit FileLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace rap::io
