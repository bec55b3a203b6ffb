// What stands between a link's send queue and the stream that empties it.
#pragma once

#include "io/stream/tls_stream.hpp"
#include "node/flow/send_queue.hpp"

namespace rap::fabric {

class QueueOutput final : public io::Output {
 public:
  explicit QueueOutput(flow::SendQueue& queue) : queue_(queue) {}
  ByteView peek() override { return queue_.peek(); }
  void consume(std::size_t n) override { queue_.consume(n); }

 private:
  flow::SendQueue& queue_;
};

// Whoever empties the queue of a link.
class LinkSender {
 public:
  virtual ~LinkSender() = default;
  virtual void flush() = 0;    // the router queued frames
  virtual void read_on() = 0;  // of a client that was paused
};

}  // namespace rap::fabric
