#include "backup/archive.hpp"

#include <algorithm>
#include <ranges>

#include "base/try.hpp"

namespace rap::backup {
namespace {

enum class Kind : std::uint8_t { end = 0, manifest = 1, file = 2, database = 3 };

constexpr std::size_t kFileHeadBytes = sizeof(std::uint16_t) + sizeof(std::uint64_t);

void write_kind(Kind kind, Bytes& out) { ByteWriter(out).u8(static_cast<std::uint8_t>(kind)); }

std::unexpected<std::string> malformed(const std::string& what) {
  return std::unexpected("the content of this backup is malformed: " + what);
}

}  // namespace

bool is_plain_path(std::string_view path) {
  if (path.empty() || path.size() > kMaxPathBytes) return false;
  return std::ranges::all_of(std::views::split(path, '/'), [](auto part) {
    const std::string_view name(part.begin(), part.end());
    return !name.empty() && name != "." && name != ".." &&
           std::ranges::all_of(name, [](unsigned char c) { return c > ' ' && c < 0x7f; });
  });
}

void write_manifest(const Manifest& manifest, Bytes& out) {
  const std::string json = to_json(manifest);
  write_kind(Kind::manifest, out);
  ByteWriter(out).u32(static_cast<std::uint32_t>(json.size()));
  ByteWriter(out).raw(as_bytes(json));
}

void write_file_head(const ArchivedFile& file, Bytes& out) {
  write_kind(Kind::file, out);
  ByteWriter writer(out);
  writer.field16(as_bytes(file.path));
  writer.u16(file.mode);
  writer.u64(file.size);
}

void begin_database(Bytes& out) { write_kind(Kind::database, out); }

void write_database(ByteView bytes, Bytes& out) {
  if (bytes.empty()) return;
  ByteWriter(out).u32(static_cast<std::uint32_t>(bytes.size()));
  ByteWriter(out).raw(bytes);
}

void end_database(Bytes& out) { ByteWriter(out).u32(0); }

void write_end(Bytes& out) { write_kind(Kind::end, out); }

void ArchiveReader::expect(State state, std::size_t need) {
  state_ = state;
  need_ = need;
  head_.clear();
}

Done ArchiveReader::take_kind(std::uint8_t kind) {
  if (!described_ && kind != static_cast<std::uint8_t>(Kind::manifest)) {
    return malformed("it does not begin with its description");
  }
  switch (static_cast<Kind>(kind)) {
    case Kind::manifest:
      if (described_) return malformed("a second description");
      expect(State::manifest_size, sizeof(std::uint32_t));
      return {};
    case Kind::file:
      if (has_database_) return malformed("a file after the database");
      if (++files_ > kMaxFiles) return malformed("too many files");
      expect(State::path_size, sizeof(std::uint16_t));
      return {};
    case Kind::database:
      if (has_database_) return malformed("a second database");
      has_database_ = true;
      expect(State::block_size, sizeof(std::uint32_t));
      return sink_.database_begin();
    case Kind::end:
      if (!has_database_) return malformed("no database");
      state_ = State::ended;
      return {};
  }
  return malformed("an unknown kind of entry");
}

Done ArchiveReader::take_file_head() {
  ByteReader reader(head_);
  file_.mode = reader.u16();
  file_.size = reader.u64();
  if (file_.mode > kMaxMode) return malformed("the mode of " + file_.path);
  RAP_TRY(sink_.file(file_));
  left_ = file_.size;
  state_ = State::file_bytes;
  return left_ == 0 ? file_passed() : Done{};
}

Done ArchiveReader::file_passed() {
  expect(State::kind, 1);
  return sink_.file_end();
}

Done ArchiveReader::take_head() {
  switch (state_) {
    case State::kind: return take_kind(head_.front());
    case State::manifest_size: {
      const std::size_t size = load_be32(head_.data());
      if (size == 0 || size > kMaxManifestBytes) return malformed("the size of its description");
      expect(State::manifest, size);
      return {};
    }
    case State::manifest: {
      const auto manifest = RAP_TRY(parse_manifest(as_text(head_)));
      described_ = true;
      expect(State::kind, 1);
      return sink_.manifest(manifest);
    }
    case State::path_size: {
      const std::size_t size = load_be16(head_.data());
      if (size == 0 || size > kMaxPathBytes) return malformed("the length of a file's path");
      expect(State::path, size);
      return {};
    }
    case State::path:
      file_.path = as_text(head_);
      if (!is_plain_path(file_.path)) return malformed("the path of a file");
      expect(State::file_head, kFileHeadBytes);
      return {};
    case State::file_head: return take_file_head();
    case State::block_size:
      left_ = load_be32(head_.data());
      if (left_ > kMaxBlockBytes) return malformed("the size of a block of the database");
      if (left_ > 0) {
        state_ = State::block;
        return {};
      }
      expect(State::kind, 1);
      return sink_.database_end();
    case State::file_bytes:
    case State::block:
    case State::ended: break;  // have no head
  }
  return malformed("something follows its end");
}

Done ArchiveReader::pass_on(ByteView bytes) {
  left_ -= bytes.size();
  if (state_ == State::file_bytes) {
    RAP_TRY(sink_.file_bytes(bytes));
    return left_ == 0 ? file_passed() : Done{};
  }
  RAP_TRY(sink_.database_bytes(bytes));
  if (left_ == 0) expect(State::block_size, sizeof(std::uint32_t));
  return {};
}

Done ArchiveReader::push(ByteView bytes) {
  while (!bytes.empty()) {
    if (state_ == State::ended) return malformed("something follows its end");
    if (state_ == State::file_bytes || state_ == State::block) {
      const auto taken = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
      RAP_TRY(pass_on(bytes.first(taken)));
      bytes = bytes.subspan(taken);
      continue;
    }
    const std::size_t taken = std::min(bytes.size(), need_ - head_.size());
    head_.insert(head_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(taken));
    bytes = bytes.subspan(taken);
    if (head_.size() == need_) RAP_TRY(take_head());
  }
  return {};
}

Done ArchiveReader::finish() {
  if (state_ != State::ended) return malformed("its end is missing");
  return {};
}

}  // namespace rap::backup
