// Standard input, output and error as a program finds and leaves them.
#pragma once

#include <array>
#include <cstddef>
#include <expected>
#include <ostream>
#include <streambuf>

namespace rap::io {

// Those of the three that were closed when we were started lead nowhere from now on: reading finds
// the end, writing fails. Otherwise the next file or socket would take their number.
void occupy_standard_descriptors();

inline constexpr std::size_t kOutputBufferBytes = std::size_t{32} * 1024;

// Standard output that remembers why it could not be written, as std::cout does not. After a
// failure nothing more is written.
class StandardOutput final : private std::streambuf, public std::ostream {
 public:
  StandardOutput();
  ~StandardOutput() override { flush(); }
  StandardOutput(const StandardOutput&) = delete;
  StandardOutput& operator=(const StandardOutput&) = delete;

  // All that was written has arrived; or the error number of the first write that failed.
  std::expected<void, int> finish();

 private:
  int overflow(int c) override;
  int sync() override;
  bool write_all();

  std::array<char, kOutputBufferBytes> buffer_;
  int error_ = 0;
};

}  // namespace rap::io
