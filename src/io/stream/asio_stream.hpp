// The machinery of a Stream (tls_stream.hpp): asio_stream.cpp opens and ends it,
// stream_reading.cpp and stream_writing.cpp are its two directions. Private to these files.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "crypto/tls/tls_engine.hpp"
#include "io/dialling/asio_connector.hpp"
#include "io/dialling/stream_error.hpp"
#include "io/stream/stream_handler.hpp"
#include "io/stream/stream_options.hpp"
#include "io/stream/thin_records.hpp"

namespace rap::io {

inline constexpr std::size_t kSpareBuffers = 32;
inline constexpr std::size_t kSpareBufferBytes = 512 * 1024;

// Memory every stream of the thread passes its bytes through.
struct StreamScratch {
  Bytes cipher = Bytes(kStreamReadBatch);
  Bytes plain = Bytes(kStreamReadBatch + 2 * kStreamMaxUnconsumed);
  Bytes out;  // what the engine at work produces; sent or kept before another stream runs
  std::vector<Bytes> spare;  // buffers of streams that caught up, for the next that lags

  Bytes take_spare() {
    if (spare.empty()) return {};
    Bytes b = std::move(spare.back());
    spare.pop_back();
    return b;
  }
  void give_back(Bytes&& b) {
    b.clear();
    if (spare.size() < kSpareBuffers && b.capacity() <= kSpareBufferBytes) {
      spare.push_back(std::move(b));
    }
  }
};

inline StreamScratch& stream_scratch() {
  static thread_local StreamScratch s;
  return s;
}

struct StreamImpl : std::enable_shared_from_this<StreamImpl> {
  enum class Phase : std::uint8_t { connecting, handshaking, open, dead };

  StreamImpl(EventLoop& l, StreamOptions o, StreamHandler& h)
      : loop(l), options(std::move(o)), handler(&h), socket(l.context()), deadline(l) {}

  EventLoop& loop;
  StreamOptions options;
  StreamHandler* handler;  // null once no callback may follow
  boost::asio::ip::tcp::socket socket;
  std::shared_ptr<Connector> connector;  // until there is a connection
  Timer deadline;
  Phase phase = Phase::connecting;
  std::unique_ptr<crypto::TlsEngine> engine;
  std::string ip;

  Bytes tail;          // plaintext the handler left
  Bytes out;           // ciphertext (or plain bytes) the kernel has not taken
  std::size_t out_at = 0;
  Bytes written;       // bytes of write() not yet encrypted
  std::size_t written_at = 0;
  Output* output = nullptr;
  bool flush_posted = false;
  bool waiting_write = false;
  bool waiting_read = false;
  bool paused = false;
  bool closing = false;       // close_after_write
  bool lingering = false;     // all is sent: wait for the peer's FIN, drop what still comes
  bool finishing = false;     // finish_writing
  bool peer_finished = false;
  std::size_t read_batch = kFirstReadBatch;
  ThinRecords thin_records;
  bool overflowing = false;  // the end for it is on its way

  // opening
  std::string handshake_failure() const;
  void start_connect(const std::string& host, std::uint16_t port);
  void connected();
  void start_tls();
  void arm(std::chrono::milliseconds limit, const char* what);
  void advance_handshake();
  void opened();

  // reading
  void wait_read();
  void readable();
  void weigh(std::size_t n, Duration cost);
  bool receive(MutableBytes into, std::size_t& n);
  void end_of_input();
  bool read_plain(std::size_t& n);
  bool read_tls(std::size_t& n);
  bool deliver_tls();
  void fail_tls();
  void fail_flood(crypto::IdleRecord what, std::string detail);
  bool deliver(std::size_t filled);
  void redeliver();

  // writing
  void keep_for_later(ByteView data);
  ByteView next_bytes();
  void consume_bytes(std::size_t n);
  void request_flush();
  void pump();
  bool fill_encrypted();
  bool send_plain();
  void send_engine_output();
  bool send_kept();
  std::size_t send_some(ByteView data);
  void wait_write();
  void writable();

  // ending
  void linger();
  void discard();
  bool all_sent();
  void maybe_done();
  void fail(const StreamError& error);
  void kill(bool reset = false);
};

}  // namespace rap::io
