// For tests: sealed files, and what an archive was read to be.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "backup/archive.hpp"
#include "backup/sealed_file.hpp"
#include "base/seeded_random.hpp"
#include "base/try.hpp"

namespace rap::backup {

inline Bytes some_bytes(std::size_t size, std::uint64_t seed = 7) {
  Bytes out(size);
  SeededRandom(seed).fill(out);
  return out;
}

inline Bytes sealed(const Lock& lock, ByteView plain, std::size_t piece = 10'000) {
  SeededRandom rng{1};
  auto sealer = FileSealer::make(lock, rng).value();
  Bytes out;
  for (std::size_t at = 0; at < plain.size(); at += piece) {
    sealer.push(plain.subspan(at, std::min(piece, plain.size() - at)), out);
  }
  sealer.finish(out);
  return out;
}

// What opens of the file, given in pieces; the fault wins over what opened before it.
inline std::expected<Bytes, OpenFault> opened(const Unlock& unlock, ByteView file,
                                              std::size_t piece = 9'999) {
  FileOpener opener(unlock);
  Bytes out;
  for (std::size_t at = 0; at < file.size(); at += piece) {
    RAP_TRY(opener.push(file.subspan(at, std::min(piece, file.size() - at)), out));
  }
  RAP_TRY(opener.finish(out));
  return out;
}

class RecordingSink final : public ArchiveSink {
 public:
  Done manifest(const Manifest& m) override {
    described = m;
    return {};
  }
  Done file(const ArchivedFile& f) override {
    files.push_back(f);
    contents.emplace_back();
    return refuse_files ? Done(std::unexpected("no room")) : Done{};
  }
  Done file_bytes(ByteView bytes) override {
    largest_piece = std::max(largest_piece, bytes.size());
    contents.back() += as_text(bytes);
    return {};
  }
  Done file_end() override {
    ++ended_files;
    return {};
  }
  Done database_begin() override { return {}; }
  Done database_bytes(ByteView bytes) override {
    database += as_text(bytes);
    return {};
  }
  Done database_end() override {
    database_ended = true;
    return {};
  }

  Manifest described;
  std::vector<ArchivedFile> files;
  std::vector<std::string> contents;
  std::size_t ended_files = 0;
  std::size_t largest_piece = 0;
  std::string database;
  bool database_ended = false;
  bool refuse_files = false;
};

inline Manifest some_manifest() {
  SeededRandom rng{3};
  Manifest m;
  m.id = BackupId::random(rng);
  m.cluster = ClusterId::random(rng);
  m.made_at = from_unix(1'800'000'000);
  m.host = "control-1";
  m.version = "0.1.0";
  m.schema = 25;
  m.audit_seq = 12;
  m.audit_hash.fill(0xab);
  m.root_sha256 = std::string(64, 'c');
  m.files = 2;
  m.file_bytes = 5;
  return m;
}

}  // namespace rap::backup
