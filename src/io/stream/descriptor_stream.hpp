// A byte stream over two descriptors of any kind (pipes, a terminal, sockets, files): the standard
// input and output of a program. It behaves as a plain Stream with half_close does.
//
// A reader of the output that goes away is told to on_close(); the program ignores SIGPIPE.
//
// All calls on the loop's thread. A handler may destroy it from within any callback.
#pragma once

#include <memory>
#include <optional>

#include "io/loop/event_loop.hpp"
#include "io/stream/tls_stream.hpp"

namespace rap::io {

inline constexpr std::size_t kDescriptorReadBytes = std::size_t{64} * 1024;
inline constexpr int kDescriptorPipeBytes = 1024 * 1024;  // asked of the kernel, where it is a pipe

class DescriptorStream {
 public:
  // The descriptors stay the caller's. They are non-blocking while this lives, and as before after.
  DescriptorStream(EventLoop& loop, int in, int out, StreamHandler& handler);
  ~DescriptorStream();
  DescriptorStream(const DescriptorStream&) = delete;
  DescriptorStream& operator=(const DescriptorStream&) = delete;

  void set_output(Output* output);  // outlives this
  void flush();
  void pause_reading();
  void resume_reading();
  // The reader of `out` sees the end once all is written; the descriptor then leads nowhere.
  void finish_writing();
  // The error number of a read or write that failed, but for a reader that left.
  std::optional<int> failure() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace rap::io
