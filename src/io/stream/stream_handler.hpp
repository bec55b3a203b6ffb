// The two that a stream calls: its handler, and the source of what it sends.
#pragma once

#include "base/bytes.hpp"
#include "io/dialling/stream_error.hpp"

namespace rap::io {

class StreamHandler {
 public:
  virtual ~StreamHandler() = default;
  // Connected and, with TLS, the peer accepted.
  virtual void on_open() = 0;
  // The peer said something of the handshake, before that.
  virtual void on_progress() {}
  // Returns how many bytes it is done with; the rest comes again with more behind it. The memory
  // may be written to.
  virtual std::size_t on_data(MutableBytes data) = 0;
  // Called once, last. A plain stream that got FIN with half_close set calls on_end() first.
  virtual void on_close(const StreamError& error) = 0;
  // The peer will send no more (plain streams with half_close only); writing goes on.
  virtual void on_end() {}
};

// The source of a stream's outgoing bytes.
class Output {
 public:
  virtual ~Output() = default;
  virtual ByteView peek() = 0;  // some bytes to send next, or empty; valid until consume
  virtual void consume(std::size_t n) = 0;
};

}  // namespace rap::io
