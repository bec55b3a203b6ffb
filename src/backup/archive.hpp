// What is sealed in a backup, in this order (docs/operations/backup-file.md):
//
//   manifest   u8 1, u32 size, JSON
//   files      u8 2, u16 size, path, u16 mode, u64 size, content     of the state directory
//   database   u8 3, blocks of u32 size and bytes, the last of size 0; as pg_dump writes it
//   end        u8 0
//
// The reader takes pieces of any size, passes on what there is of contents, and holds no more than
// a manifest, whatever lengths it is told.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "backup/manifest.hpp"
#include "base/bytes.hpp"

namespace rap::backup {

inline constexpr std::size_t kMaxPathBytes = 512;
inline constexpr std::size_t kMaxBlockBytes = std::size_t{1} << 20;
inline constexpr std::uint16_t kMaxMode = 0777;

struct ArchivedFile {
  std::string path;  // below the state directory, of plain names
  std::uint16_t mode = 0600;
  std::uint64_t size = 0;

  friend bool operator==(const ArchivedFile&, const ArchivedFile&) = default;
};

// Whether a path leads nowhere but down: names with '/' between them, none of which is "." or "..".
bool is_plain_path(std::string_view path);

// Each appends to `out`.
void write_manifest(const Manifest& manifest, Bytes& out);
void write_file_head(const ArchivedFile& file, Bytes& out);  // so many bytes of content follow
void begin_database(Bytes& out);
void write_database(ByteView bytes, Bytes& out);  // at most kMaxBlockBytes; nothing for none
void end_database(Bytes& out);
void write_end(Bytes& out);

using Done = std::expected<void, std::string>;  // the error is a sentence

// Who takes what a reader finds. An error ends the reading, and is the reader's.
class ArchiveSink {
 public:
  virtual ~ArchiveSink() = default;
  virtual Done manifest(const Manifest& manifest) = 0;
  virtual Done file(const ArchivedFile& file) = 0;
  virtual Done file_bytes(ByteView bytes) = 0;
  virtual Done file_end() = 0;
  virtual Done database_begin() = 0;
  virtual Done database_bytes(ByteView bytes) = 0;
  virtual Done database_end() = 0;
};

class ArchiveReader {
 public:
  explicit ArchiveReader(ArchiveSink& sink) : sink_(sink) {}

  Done push(ByteView bytes);
  Done finish();  // whether all was there

 private:
  enum class State : std::uint8_t {
    kind,
    manifest_size,
    manifest,
    path_size,
    path,
    file_head,
    file_bytes,
    block_size,
    block,
    ended
  };
  Done take_head();  // of need_ bytes, in head_
  Done take_kind(std::uint8_t kind);
  Done take_file_head();
  Done pass_on(ByteView bytes);
  Done file_passed();
  void expect(State state, std::size_t need);

  ArchiveSink& sink_;
  State state_ = State::kind;
  std::size_t need_ = 1;
  Bytes head_;
  std::uint64_t left_ = 0;  // of a content that is passed on
  ArchivedFile file_;
  std::size_t files_ = 0;
  bool described_ = false;
  bool has_database_ = false;
};

}  // namespace rap::backup
