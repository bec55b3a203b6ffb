// What is sealed in a backup, and the seal: nothing that is read depends on the pieces it comes in,
// and no piece grows on its way.

#include <algorithm>
#include <string>
#include <vector>

#include "backup/archive.hpp"
#include "backup/sealed_file.hpp"
#include "fuzz.hpp"

namespace {

using namespace rap;
using fuzz::require;

class Sink final : public backup::ArchiveSink {
 public:
  backup::Done manifest(const backup::Manifest& m) override {
    backup::write_manifest(m, written);
    return {};
  }
  backup::Done file(const backup::ArchivedFile& f) override {
    require(backup::is_plain_path(f.path) && f.mode <= backup::kMaxMode);
    backup::write_file_head(f, written);
    return {};
  }
  backup::Done file_bytes(ByteView bytes) override {
    largest = std::max(largest, bytes.size());
    written.insert(written.end(), bytes.begin(), bytes.end());
    return {};
  }
  backup::Done file_end() override { return {}; }
  backup::Done database_begin() override { return {}; }
  backup::Done database_bytes(ByteView bytes) override {
    largest = std::max(largest, bytes.size());
    database.insert(database.end(), bytes.begin(), bytes.end());
    return {};
  }
  backup::Done database_end() override { return {}; }

  Bytes written;  // but for the database, whose blocks may be cut otherwise
  Bytes database;
  std::size_t largest = 0;
};

// Whether it was accepted.
bool read(ByteView archive, std::size_t piece, Sink& sink) {
  backup::ArchiveReader reader(sink);
  for (std::size_t at = 0; at < archive.size(); at += piece) {
    if (!reader.push(archive.subspan(at, std::min(piece, archive.size() - at)))) return false;
  }
  require(sink.largest <= piece);
  return reader.finish().has_value();
}

void try_to_open(ByteView file) {
  backup::FileOpener opener(crypto::X25519KeyPair{});
  Bytes out;
  if (opener.push(file, out)) require(!opener.finish(out));
  require(out.empty());
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  Sink at_once;
  Sink piecemeal;
  const bool accepted = read(input, std::max<std::size_t>(size, 1), at_once);
  require(accepted == read(input, 3, piecemeal));
  if (accepted) {
    require(at_once.written == piecemeal.written && at_once.database == piecemeal.database);
  }
  try_to_open(input);
  return 0;
}
