// Writes a sealed file piece by piece, beside its place until it is whole; or to standard output.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "backup/sealed_file.hpp"
#include "control/keys/state_directory.hpp"
#include "io/system/descriptor.hpp"

namespace rap::control::server {

class SealedWriter {
 public:
  static Result<SealedWriter> open(const std::string& file, const backup::Lock& lock,
                                   RandomSource& rng);
  ~SealedWriter();  // removes what was not put in place
  SealedWriter(SealedWriter&&) = default;
  SealedWriter& operator=(SealedWriter&&) = delete;

  Result<void> write(ByteView plain);
  Result<void> finish();        // all of it is on the disk, beside its place
  Result<void> put_in_place();  // whatever was there, a link too, is replaced and not written to
  std::uint64_t size() const { return size_; }

 private:
  SealedWriter(std::filesystem::path file, std::filesystem::path temporary, io::Descriptor out,
               backup::FileSealer sealer)
      : file_(std::move(file)),
        temporary_(std::move(temporary)),
        out_(std::move(out)),
        sealer_(std::move(sealer)) {}
  Result<void> write_sealed();

  std::filesystem::path file_;       // empty: standard output
  std::filesystem::path temporary_;  // empty: none that is ours to remove
  io::Descriptor out_;
  backup::FileSealer sealer_;
  Bytes sealed_;
  std::uint64_t size_ = 0;
};

}  // namespace rap::control::server
