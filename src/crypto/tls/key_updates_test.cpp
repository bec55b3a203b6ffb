// A peer that changes its keys again and again: free for it, dear for us.
#include "crypto/tls/test_openssl_peer.hpp"

namespace rap::crypto {
namespace {

struct KeyUpdates : Tls {
  // A client of OpenSSL's own, and our engine; both done with the handshake.
  KeyUpdates() {
    Status status = Status::want_input;
    for (int i = 0; i < 5 && status == Status::want_input; ++i) {
      SSL_do_handshake(client.get());
      take(drain(SSL_get_wbio(client.get())));
      status = server.handshake();
      answer();
    }
    SSL_do_handshake(client.get());
    EXPECT_EQ(status, Status::ok);
  }
  void take(Bytes bytes) {
    on_the_way = std::move(bytes);
    server.set_input(on_the_way);
  }
  void answer() {
    BIO_write(SSL_get_rbio(client.get()), out.data(), static_cast<int>(out.size()));
    out.clear();
  }
  void update_key() {
    SSL_key_update(client.get(), SSL_KEY_UPDATE_REQUESTED);
    SSL_do_handshake(client.get());
  }
  void say(const Bytes& data) {
    std::size_t n = 0;
    ASSERT_EQ(SSL_write_ex(client.get(), data.data(), data.size(), &n), 1);
  }
  // Reads all that the client has sent; the status at which that ended, and the bytes of data.
  std::pair<Status, std::size_t> read_all() {
    take(drain(SSL_get_wbio(client.get())));
    Bytes data(16 * 1024);
    std::size_t all = 0;
    for (;;) {
      std::size_t n = 0;
      const Status status = server.read(data, n);
      if (status != Status::ok) return {status, all};
      all += n;
    }
  }

  Context ctx = foreign_context(TLS_client_method(), alice);
  Connection client = foreign_client(ctx, nullptr);
  Bytes out;
  Bytes on_the_way;
  TlsEngine server{context(TlsRole::server, bob), out};
};

TEST_F(KeyUpdates, AFewChangeTheKeysAndNothingElse) {
  for (std::uint64_t i = 0; i < kMaxKeyUpdates; ++i) update_key();
  say(Bytes(100, 'x'));
  EXPECT_EQ(read_all(), std::pair(Status::want_input, std::size_t{100}));
}

TEST_F(KeyUpdates, OneTooManyEndsTheConnectionBeforeTheRestIsLookedAt) {
  for (std::uint64_t i = 0; i < 1000 * kMaxKeyUpdates; ++i) update_key();
  say(Bytes(100, 'x'));
  EXPECT_EQ(read_all(), std::pair(Status::failed, std::size_t{0}));
  EXPECT_EQ(server.failure(), "too many key updates");
  EXPECT_EQ(server.flooded_with(), IdleRecord::handshake_message);
  EXPECT_LE(out.size(), 64 * (kMaxKeyUpdates + 1)) << "no more were answered";
}

TEST_F(KeyUpdates, ALittleDataBetweenThemBuysNone) {
  for (std::uint64_t i = 0; i <= kMaxKeyUpdates; ++i) {
    update_key();
    say(Bytes(1, 'x'));
  }
  EXPECT_EQ(read_all(), std::pair(Status::failed, std::size_t{kMaxKeyUpdates}));
}

TEST_F(KeyUpdates, AreCountedAmongTheRecordsLikeThoseOfData) {
  for (int i = 0; i < 10; ++i) {
    update_key();
    say(Bytes(2, 'x'));
  }
  EXPECT_EQ(read_all(), std::pair(Status::want_input, std::size_t{20}));
  EXPECT_EQ(server.records_read(), 20U);
  EXPECT_EQ(server.bytes_read(), 20U);
}

TEST_F(KeyUpdates, WhoeverSendsMuchMayChangeKeysNowAndThen) {
  const Bytes piece(16 * 1024, 'x');
  for (std::uint64_t updates = 0; updates < 3; ++updates) {
    if (updates == 0) {
      for (std::uint64_t i = 0; i < kMaxKeyUpdates; ++i) update_key();
    } else {
      update_key();
    }
    for (std::uint64_t sent = 0; sent < kBytesAKeyUpdate; sent += piece.size()) {
      say(piece);
      ASSERT_EQ(read_all(), std::pair(Status::want_input, piece.size()));
    }
  }
}

}  // namespace
}  // namespace rap::crypto
