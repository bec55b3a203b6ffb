// pg_dump and pg_restore, with a pipe to the one end of them that matters.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "control/keys/state_directory.hpp"
#include "io/process/process.hpp"
#include "io/system/descriptor.hpp"

namespace rap::control::server {

// The newest that is installed; the error names the package to install.
Result<std::filesystem::path> find_postgres_program(
    const std::string& name, const std::filesystem::path& versions = "/usr/lib/postgresql");

// A program that we read from or write to. What it says on its standard error is part of the error
// when it fails.
class PipedProgram {
 public:
  enum class Direction : std::uint8_t { we_read, we_write };
  static Result<PipedProgram> start(io::SpawnOptions options, Direction direction);
  ~PipedProgram();  // kills one that was not finished
  PipedProgram(PipedProgram&& o) noexcept;
  PipedProgram& operator=(PipedProgram&&) = delete;

  Result<std::size_t> read(MutableBytes into);  // 0: the end
  // An error is the program's own, which ended before it had read all.
  Result<void> write(ByteView bytes);
  Result<void> finish();  // closes the pipe and waits; whether it succeeded

 private:
  PipedProgram(std::string name, pid_t pid, io::Descriptor pipe, io::Descriptor said)
      : name_(std::move(name)), pid_(pid), pipe_(std::move(pipe)), said_(std::move(said)) {}
  std::string what_it_said() const;

  std::string name_;
  pid_t pid_;  // 0: it was waited for
  io::Descriptor pipe_;
  io::Descriptor said_;
};

// A dump of the whole database in pg_dump's custom format, as it was when the snapshot (of
// pg_export_snapshot) was taken. It is made as rap_owner, who in the platform's scope sees every
// row of every table.
Result<PipedProgram> dump_database(const std::string& conninfo, const std::string& snapshot);
// Fills an empty database with one, in a single transaction.
Result<PipedProgram> load_database(const std::string& conninfo);
// Reads one as if it were to be loaded, and changes nothing anywhere.
Result<PipedProgram> read_through_dump();

}  // namespace rap::control::server
