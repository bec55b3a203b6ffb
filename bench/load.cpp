// The load of the benchmark: a server to stand behind a tunnel and a client to drive it from the
// other end. Every bulk byte is compared with what it should be, so a fast wrong path fails.
//
//   load serve ADDRESS PORT            port 0: the kernel chooses; prints {"port":N}
//   load up|down ADDRESS PORT SECONDS  one stream; prints {"bytes":N,"seconds":S}
//   load pingpong ADDRESS PORT SECONDS [SIZE]
//                                      prints {"count":N,"p50_us":U,"p99_us":U}
//
// A connection starts with one byte that says which it is; for 'd' a second one is the seconds.

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kBlock = 1 << 20;  // the bulk stream is this block over and over
constexpr std::size_t kChunk = 64 * 1024;
constexpr std::size_t kMaxMessage = 64 * 1024;
constexpr int kMaxSeconds = 120;
constexpr char kUp = 'u';
constexpr char kDown = 'd';
constexpr char kEcho = 'e';

[[noreturn]] void die(const char* what) {
  std::perror(what);
  std::exit(1);
}

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

const std::vector<char>& block() {
  static const std::vector<char> bytes = [] {
    std::vector<char> b(kBlock + kChunk);  // the tail repeats the head, so any chunk is contiguous
    std::uint64_t x = 0x9e3779b97f4a7c15ULL;
    for (std::size_t i = 0; i < kBlock; ++i) {
      x ^= x << 13, x ^= x >> 7, x ^= x << 17;
      b[i] = static_cast<char>(x >> 32);
    }
    std::copy_n(b.begin(), kChunk, b.begin() + kBlock);
    return b;
  }();
  return bytes;
}

class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {
    const int one = 1;
    setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  }
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket& operator=(Socket&&) = delete;
  ~Socket() {
    if (fd_ >= 0) close(fd_);
  }

  bool send_all(const char* data, std::size_t size) {
    while (size > 0) {
      const ssize_t n = send(fd_, data, size, MSG_NOSIGNAL);
      if (n <= 0) return false;
      data += n, size -= static_cast<std::size_t>(n);
    }
    return true;
  }
  std::size_t receive(char* data, std::size_t size) {
    const ssize_t n = recv(fd_, data, size, 0);
    return n > 0 ? static_cast<std::size_t>(n) : 0;
  }
  bool receive_all(char* data, std::size_t size) {
    while (size > 0) {
      const std::size_t n = receive(data, size);
      if (n == 0) return false;
      data += n, size -= n;
    }
    return true;
  }
  void finish() { shutdown(fd_, SHUT_WR); }

 private:
  int fd_;
};

void send_stream(Socket& to, int seconds) {
  const Clock::time_point start = Clock::now();
  for (std::uint64_t at = 0; seconds_since(start) < seconds; at += kChunk) {
    if (!to.send_all(block().data() + at % kBlock, kChunk)) die("send");
  }
  to.finish();
}

// Reads to the end and checks every byte; the number of bytes.
std::uint64_t receive_stream(Socket& from) {
  std::vector<char> buffer(kChunk);
  std::uint64_t at = 0;
  while (const std::size_t n = from.receive(buffer.data(), buffer.size())) {
    if (std::memcmp(buffer.data(), block().data() + at % kBlock, n) != 0) {
      std::fprintf(stderr, "wrong bytes near offset %llu\n", static_cast<unsigned long long>(at));
      std::exit(1);
    }
    at += n;
  }
  return at;
}

void serve_connection(Socket peer) {
  char kind = 0;
  if (!peer.receive_all(&kind, 1)) return;
  if (kind == kEcho) {
    std::vector<char> buffer(kMaxMessage);
    while (const std::size_t n = peer.receive(buffer.data(), buffer.size())) {
      if (!peer.send_all(buffer.data(), n)) return;
    }
  } else if (kind == kUp) {
    const std::uint64_t bytes = receive_stream(peer);
    peer.send_all(reinterpret_cast<const char*>(&bytes), sizeof bytes);
  } else if (kind == kDown) {
    char seconds = 0;
    if (peer.receive_all(&seconds, 1)) send_stream(peer, seconds);
  }
}

sockaddr_in address_of(const char* host, const char* port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::strtoul(port, nullptr, 10)));
  if (inet_pton(AF_INET, host, &address.sin_addr) != 1) die(host);
  return address;
}

int serve(const char* host, const char* port) {
  sockaddr_in address = address_of(host, port);
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  const int one = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) die("bind");
  if (listen(listener, SOMAXCONN) != 0) die("listen");
  socklen_t size = sizeof address;
  getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  std::printf("{\"port\":%u}\n", ntohs(address.sin_port));
  std::fflush(stdout);
  while (true) {
    const int fd = accept(listener, nullptr, nullptr);
    if (fd < 0) die("accept");
    std::thread(serve_connection, Socket(fd)).detach();
  }
}

Socket dial(const char* host, const char* port) {
  const sockaddr_in address = address_of(host, port);
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) die("connect");
  return Socket(fd);
}

int up(Socket server, int seconds) {
  if (!server.send_all(&kUp, 1)) die("send");
  const Clock::time_point start = Clock::now();
  send_stream(server, seconds);
  std::uint64_t bytes = 0;
  if (!server.receive_all(reinterpret_cast<char*>(&bytes), sizeof bytes)) die("no answer");
  std::printf("{\"bytes\":%llu,\"seconds\":%.4f}\n", static_cast<unsigned long long>(bytes),
              seconds_since(start));
  return 0;
}

int down(Socket server, int seconds) {
  const char request[] = {kDown, static_cast<char>(seconds)};
  if (!server.send_all(request, sizeof request)) die("send");
  const Clock::time_point start = Clock::now();
  const std::uint64_t bytes = receive_stream(server);
  std::printf("{\"bytes\":%llu,\"seconds\":%.4f}\n", static_cast<unsigned long long>(bytes),
              seconds_since(start));
  return bytes > 0 ? 0 : 1;
}

int pingpong(Socket server, int seconds, std::size_t size) {
  std::vector<char> message(block().begin(), block().begin() + static_cast<std::ptrdiff_t>(size));
  std::vector<char> back(size);
  if (!server.send_all(&kEcho, 1)) die("send");
  std::vector<double> took;
  const Clock::time_point start = Clock::now();
  while (seconds_since(start) < seconds) {
    const Clock::time_point sent = Clock::now();
    if (!server.send_all(message.data(), size)) die("send");
    if (!server.receive_all(back.data(), size)) die("receive");
    took.push_back(seconds_since(sent) * 1e6);
    if (back != message) die("the echo differs");
  }
  std::ranges::sort(took);
  const auto quantile = [&](double q) {
    return took[static_cast<std::size_t>(static_cast<double>(took.size() - 1) * q)];
  };
  std::printf("{\"count\":%zu,\"p50_us\":%.1f,\"p99_us\":%.1f}\n", took.size(), quantile(0.5),
              quantile(0.99));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view mode = argc > 3 ? argv[1] : "";
  if (mode == "serve") return serve(argv[2], argv[3]);
  const int seconds = argc > 4 ? std::atoi(argv[4]) : 0;
  const std::size_t size = argc > 5 ? std::strtoul(argv[5], nullptr, 10) : 200;
  if (seconds < 1 || seconds > kMaxSeconds || size < 1 || size > kMaxMessage) {
    std::fprintf(stderr, "usage: load serve|up|down|pingpong ADDRESS PORT [SECONDS [SIZE]]\n");
    return 2;
  }
  if (mode == "up") return up(dial(argv[2], argv[3]), seconds);
  if (mode == "down") return down(dial(argv[2], argv[3]), seconds);
  if (mode == "pingpong") return pingpong(dial(argv[2], argv[3]), seconds, size);
  return 2;
}
