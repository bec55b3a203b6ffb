// A byte stream over TCP, with or without TLS: the pump below every protocol here.
//
// Reading: ciphertext and plaintext pass through scratch memory shared by all streams of a loop; a
// stream keeps only what its handler left unconsumed. Writing: the stream pulls from its Output
// when the socket can take more, so a scheduler behind it decides late what goes next; everything
// of one pull is one send(2). An idle stream holds no buffer.
//
// All calls on the loop's thread. A handler may destroy its stream from within any callback.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "crypto/tls/tls.hpp"
#include "io/dialling/stream_error.hpp"
#include "io/loop/event_loop.hpp"
#include "io/stream/stream_handler.hpp"
#include "io/stream/stream_options.hpp"

namespace rap::io {

struct StreamImpl;  // asio_stream.hpp

class Stream {
 public:
  // The host is an IP literal or a name. All its addresses are tried, as RFC 8305 has it.
  static std::unique_ptr<Stream> connect(EventLoop& loop, const std::string& host,
                                         std::uint16_t port, StreamOptions options,
                                         StreamHandler& handler);
  // Takes over an accepted socket.
  static std::unique_ptr<Stream> accept(EventLoop& loop, int fd, StreamOptions options,
                                        StreamHandler& handler);
  ~Stream();  // closes without ceremony; no callback follows

  // The handler is called from now on; on_open() of an open stream is not called again.
  void set_handler(StreamHandler& handler);

  // Appends to a buffer of the stream's own, sent before anything from the Output.
  void write(ByteView data);
  // `output` outlives the stream. flush() tells that it has bytes; sending happens at the end of
  // the current turn of the loop, so that many flushes make one send.
  void set_output(Output* output);
  void flush();

  void pause_reading();
  void resume_reading();
  // Sends what is written, says goodbye, then on_close(none).
  void close_after_write();
  // Plain streams: FIN after what is written.
  void finish_writing();
  // Ends at once, without a callback: a reset, which the peer of a plain stream cannot take for an
  // orderly end, and after which the kernel keeps nothing for a peer that does not read.
  // Timeouts, overflows and floods end a stream in the same way.
  void abort();

  std::size_t unsent() const;  // bytes of write() and of ciphertext not yet taken by the kernel
  std::string peer_ip() const;
  const std::optional<wire::SpiffeId>& peer() const;
  std::optional<crypto::Certificate> peer_certificate() const;
  std::vector<crypto::Certificate> peer_chain() const;

  // See TlsEngine. Nothing on a plain stream, and before it is open.
  Bytes export_key(std::string_view label) const;

  // The owner of an open stream of mutual TLS (AcceptMember) must ask this again whenever roots,
  // deny list or time have moved on: it verifies once more the chain that the peer proved itself
  // with. `deny` may be null. Any other stream has `no_certificate`.
  std::expected<wire::SpiffeId, crypto::CertificateFault> verify_again(
      const std::vector<crypto::Certificate>& roots, const crypto::DenyList* deny, WallTime now);
  // See TlsEngine. Nothing to send, or `no_certificate`, on any other stream.
  Bytes prove_again(const crypto::TlsIdentity& identity);
  std::expected<wire::SpiffeId, crypto::CertificateFault> accept_proof(
      ByteView payload, const std::vector<crypto::Certificate>& roots, const crypto::DenyList* deny,
      WallTime now);
  // Says, after `revoked`, how much of a hurry it is.
  std::optional<wire::Severity> denied_by(const crypto::DenyList& deny) const;
  // The time at which the peer's certificate ends; verify_again() then calls it expired.
  std::optional<WallTime> peer_not_after() const;

 private:
  explicit Stream(std::shared_ptr<StreamImpl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<StreamImpl> impl_;
};

}  // namespace rap::io
