// Handshakes for bench/channels.py: members to make them with, a listener, honest peers and hostile
// ones.
//
//   handshakes members FOLDER CLUSTER COUNT
//        a root, an intermediate and COUNT nodes: FOLDER/root.pem and, for each i from 0,
//        FOLDER/i/{id,leaf.pem,chain.pem,node.key}
//   handshakes serve FOLDER
//        our listener on a port of 127.0.0.1, as member 0; prints {"port":N}; sends back what it
//        gets; ends with its standard input
//   handshakes run ADDRESS PORT FOLDER CLUSTER FIRST COUNT SECONDS CONCURRENT RATE
//        whole mutual handshakes as members FIRST to FIRST+COUNT-1 in turn, each then greeting with
//        FOLDER/i/greeting (else a line) and done at the first byte of the answer: as fast as
//        CONCURRENT at a time go (RATE 0), or RATE a second, timed from when each was due; prints
//        {"tried","succeeded","seconds","p50_us","p99_us"}
//   handshakes hold ADDRESS PORT COUNT SOURCES PER_SECOND
//        keeps COUNT connections half open from SOURCES addresses, in turn silent, with a part of a
//        record, and with a whole ClientHello; what is reset is opened again, PER_SECOND at most;
//        prints {"held":N} when all were opened, {"opened":N} at the end of its standard input

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <list>
#include <string>
#include <vector>

#include "crypto/tls/tls_engine.hpp"
#include "crypto/x509/ca.hpp"
#include "io/listeners/tls_listener.hpp"
#include "io/system/file.hpp"
#include "io/system/system.hpp"
#include "wire/spiffe_id.hpp"

namespace {

using namespace rap;
using namespace std::chrono_literals;
using crypto::TlsContext;
using crypto::TlsRole;

[[noreturn]] void die(const std::string& what) {
  std::fprintf(stderr, "handshakes: %s\n", what.c_str());
  std::exit(1);
}

std::string read(const std::filesystem::path& path) {
  auto text = io::read_file(path);
  if (!text) die(text.error());
  return *text;
}

void write(const std::filesystem::path& path, const std::string& text) {
  if (auto done = io::write_file_atomic(path, text, 0600); !done) die(done.error());
}

int make_members(const std::filesystem::path& folder, const std::string& cluster_text, int count) {
  const auto cluster = ClusterId::parse(cluster_text);
  if (!cluster) die("not a cluster: " + cluster_text);
  io::SystemRandom rng;
  const WallTime now = io::wall_now();
  const crypto::Validity validity{now - 1h, now + 24h};
  const auto root = crypto::make_root(*cluster, validity, rng);
  const auto intermediate = crypto::make_intermediate(root, *cluster, validity, rng);
  write(folder / "root.pem", root.certificate.pem());
  for (int i = 0; i < count; ++i) {
    const NodeId node = NodeId::random(rng);
    const auto key = crypto::PrivateKey::generate(crypto::KeyType::p256);
    crypto::SubjectNames names;
    names.uris = {wire::SpiffeId::of_node(*cluster, node).str()};
    names.ips = {"127.0.0.1"};
    const auto leaf = crypto::issue_leaf(intermediate, key.public_key(), names, validity, rng);
    const auto own = folder / std::to_string(i);
    std::filesystem::create_directories(own);
    write(own / "id", node.str());
    write(own / "leaf.pem", leaf.pem());
    write(own / "chain.pem", leaf.pem() + intermediate.certificate.pem());
    write(own / "node.key", key.pem());
  }
  return 0;
}

std::shared_ptr<const TlsContext> context(TlsRole role, const std::filesystem::path& folder,
                                          int member, ClusterId cluster) {
  const auto own = folder / std::to_string(member);
  auto chain = crypto::Certificate::chain_from_pem(read(own / "chain.pem"));
  auto key = crypto::PrivateKey::from_pem(read(own / "node.key"));
  auto roots = crypto::Certificate::chain_from_pem(read(folder / "root.pem"));
  if (!chain || !key || !roots) die("unreadable member in " + own.string());
  return TlsContext::make(
      role, crypto::TlsIdentity{*chain, *key},
      crypto::AcceptMember{*roots, cluster, wire::SpiffeId::Kind::node, {}, nullptr}, io::wall_now);
}

// --- serve

struct Echo final : io::StreamHandler {
  void on_open() override {}
  std::size_t on_data(MutableBytes data) override {
    stream->write(data);
    return data.size();
  }
  void on_close(const io::StreamError&) override {
    loop->post([all = all, at = at] { all->erase(at); });
  }
  std::unique_ptr<io::Stream> stream;
  io::EventLoop* loop = nullptr;
  std::list<Echo>* all = nullptr;
  std::list<Echo>::iterator at;
};

// Calls back when the parent closes our standard input.
void at_end_of_input(io::Timer& timer, std::function<void()> done) {
  timer.after(100ms, [&timer, done = std::move(done)] {
    pollfd input{.fd = 0, .events = POLLIN, .revents = 0};
    char byte = 0;
    if (::poll(&input, 1, 0) > 0 && ::read(0, &byte, 1) <= 0) return done();
    at_end_of_input(timer, done);
  });
}

int serve(const std::filesystem::path& folder) {
  io::EventLoop loop;
  io::Timer timer(loop);
  std::list<Echo> echoes;
  const auto leaf = crypto::Certificate::from_pem(read(folder / "0" / "chain.pem"));
  const auto id = leaf ? wire::SpiffeId::parse(leaf->names().uris.at(0)) : std::nullopt;
  if (!id) die("member 0 has no identity");
  io::TlsListenerOptions options;
  options.tls = context(TlsRole::server, folder, 0, id->cluster);
  io::TlsListener listener(loop, "127.0.0.1", 0, std::move(options),
                           [&](std::unique_ptr<io::Stream> stream) {
                             Echo& echo = echoes.emplace_back();
                             echo.stream = std::move(stream);
                             echo.loop = &loop;
                             echo.all = &echoes;
                             echo.at = std::prev(echoes.end());
                             echo.stream->set_handler(echo);
                           });
  std::printf("{\"port\":%u}\n", listener.port());
  std::fflush(stdout);
  at_end_of_input(timer, [&] { loop.stop(); });
  loop.run();
  return 0;
}

// --- run

struct Member {
  std::shared_ptr<const TlsContext> tls;
  std::string greeting;
};

class Load {
 public:
  Load(std::string address, std::uint16_t port, std::vector<Member> members, double seconds,
       int concurrent, double rate)
      : address_(std::move(address)),
        port_(port),
        members_(std::move(members)),
        period_(rate > 0 ? Duration(static_cast<std::int64_t>(1e9 / rate)) : Duration::zero()),
        concurrent_(concurrent),
        timer_(loop_),
        started_(io::mono_now()),
        end_(started_ + Duration(static_cast<std::int64_t>(seconds * 1e9))) {}

  void run() {
    due_ = started_;
    if (period_ > Duration::zero()) {
      pace();
    } else {
      for (int i = 0; i < concurrent_; ++i) begin(io::mono_now());
    }
    loop_.run();
    std::ranges::sort(times_us_);
    const auto at = [&](double share) {
      return times_us_.empty() ? 0.0
                               : times_us_[static_cast<std::size_t>(
                                     share * static_cast<double>(times_us_.size() - 1))];
    };
    std::printf(
        "{\"tried\":%d,\"succeeded\":%zu,\"seconds\":%.3f,\"p50_us\":%.0f,\"p99_us\":%.0f}\n",
        tried_, times_us_.size(), std::chrono::duration<double>(last_ - started_).count(), at(0.5),
        at(0.99));
  }

 private:
  struct Attempt final : io::StreamHandler {
    void on_open() override { stream->write(as_bytes(member->greeting)); }
    std::size_t on_data(MutableBytes data) override {
      load->finished(*this, true);
      return data.size();
    }
    void on_close(const io::StreamError&) override { load->finished(*this, false); }

    Load* load = nullptr;
    const Member* member = nullptr;
    MonoTime begun;
    bool done = false;
    std::unique_ptr<io::Stream> stream;
    std::list<Attempt>::iterator at;
  };

  // Open loop: an attempt begins when it is due, however the others fare.
  void pace() {
    const MonoTime now = io::mono_now();
    for (; due_ <= now && due_ < end_; due_ += period_) begin(due_);
    if (due_ < end_) return timer_.after(due_ - now, [this] { pace(); });
    timer_.after(10s, [this] { loop_.stop(); });  // what is not done by then has failed
    draining_ = true;
    stop_when_done();
  }

  void begin(MonoTime at) {
    Attempt& attempt = attempts_.emplace_back();
    attempt.at = std::prev(attempts_.end());
    attempt.load = this;
    attempt.member = &members_[static_cast<std::size_t>(tried_++) % members_.size()];
    attempt.begun = at;
    io::StreamOptions options;
    options.tls = attempt.member->tls;
    attempt.stream = io::Stream::connect(loop_, address_, port_, std::move(options), attempt);
  }

  void finished(Attempt& attempt, bool succeeded) {
    if (std::exchange(attempt.done, true)) return;
    last_ = io::mono_now();
    if (succeeded) {
      times_us_.push_back(std::chrono::duration<double, std::micro>(last_ - attempt.begun).count());
    }
    loop_.post([this, at = attempt.at] {
      attempts_.erase(at);
      if (period_ > Duration::zero()) return stop_when_done();
      if (io::mono_now() < end_) return begin(io::mono_now());
      draining_ = true;
      stop_when_done();
    });
  }

  void stop_when_done() {
    if (draining_ && attempts_.empty()) loop_.stop();
  }

  io::EventLoop loop_;
  const std::string address_;
  const std::uint16_t port_;
  const std::vector<Member> members_;
  const Duration period_;
  const int concurrent_;
  io::Timer timer_;
  const MonoTime started_;
  const MonoTime end_;
  MonoTime due_;
  MonoTime last_;
  int tried_ = 0;
  bool draining_ = false;
  std::list<Attempt> attempts_;
  std::vector<double> times_us_;
};

std::vector<Member> members_of(const std::filesystem::path& folder, const std::string& cluster_text,
                               int first, int count) {
  const auto cluster = ClusterId::parse(cluster_text);
  if (!cluster) die("not a cluster: " + cluster_text);
  std::vector<Member> out;
  for (int i = first; i < first + count; ++i) {
    const auto greeting = io::read_file(folder / std::to_string(i) / "greeting");
    out.push_back({context(TlsRole::client, folder, i, *cluster), greeting.value_or("hello\n")});
  }
  return out;
}

// --- hold

// What a client of ours sends first.
std::string client_hello() {
  Bytes out;
  crypto::TlsEngine engine(
      TlsContext::make(TlsRole::client, {}, crypto::AcceptUnverified{}, io::wall_now), out);
  engine.handshake();
  return {out.begin(), out.end()};
}

class Flood {
 public:
  Flood(const std::string& address, std::uint16_t port, int count, int sources)
      : sources_(sources), held_(static_cast<std::size_t>(count), pollfd{-1, POLLIN, 0}) {
    to_.sin_family = AF_INET;
    to_.sin_port = htons(port);
    if (::inet_pton(AF_INET, address.c_str(), &to_.sin_addr) != 1) die("not an address");
  }

  void run(int per_second) {
    bool told = false;
    const auto started = io::mono_now();
    for (;;) {
      // Evenly, not in bursts: what is measured is what they hold, not how they arrive.
      const auto passed = std::chrono::duration<double>(io::mono_now() - started).count();
      long left = static_cast<long>(passed * per_second) - opened_;
      left = std::min<long>(left, per_second / 50);
      for (std::size_t i = 0; i < held_.size() && left > 0; ++i) {
        if (held_[i].fd >= 0) continue;
        open(i);
        --left;
      }
      if (!told && opened_ >= static_cast<long>(held_.size())) {
        told = true;
        std::printf("{\"held\":%zu}\n", held_.size());
        std::fflush(stdout);
      }
      ::poll(held_.data(), held_.size(), 5);
      for (pollfd& p : held_) look(p);
      pollfd input{.fd = 0, .events = POLLIN, .revents = 0};
      char byte = 0;
      if (::poll(&input, 1, 0) > 0 && ::read(0, &byte, 1) <= 0) break;
    }
    std::printf("{\"opened\":%ld}\n", opened_);
  }

 private:
  void open(std::size_t i) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) die("out of descriptors");
    sockaddr_in from{};
    from.sin_family = AF_INET;
    from.sin_addr.s_addr =
        htonl(0x7fc80001U + static_cast<std::uint32_t>(opened_ % sources_));  // 127.200.0.1 on
    if (::bind(fd, reinterpret_cast<const sockaddr*>(&from), sizeof from) != 0) die("bind");
    const int begun = ::connect(fd, reinterpret_cast<const sockaddr*>(&to_), sizeof to_);
    if (begun != 0 && errno != EINPROGRESS) die("connect");
    // A silent one waits for input, the others first until they are connected.
    held_[i] = {fd, static_cast<short>(opened_ % 3 == 0 ? POLLIN : POLLIN | POLLOUT), 0};
    ++opened_;
  }

  void look(pollfd& p) const {
    if (p.fd < 0 || p.revents == 0) return;
    if ((p.revents & POLLOUT) != 0) {
      const std::string& words = p.fd % 2 == 0 ? hello_ : part_;
      (void)::send(p.fd, words.data(), words.size(), MSG_NOSIGNAL);
      p.events = POLLIN;
    }
    char bytes[4096];
    if ((p.revents & (POLLIN | POLLERR | POLLHUP)) == 0) return;
    const ssize_t n = ::recv(p.fd, bytes, sizeof bytes, 0);
    if (n > 0 || (n < 0 && errno == EAGAIN)) return;
    ::close(p.fd);
    p.fd = -1;
    p.revents = 0;
  }

  const int sources_;
  sockaddr_in to_{};
  std::vector<pollfd> held_;
  long opened_ = 0;
  const std::string hello_ = client_hello();
  const std::string part_ = hello_.substr(0, 40);
};

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  const std::vector<std::string> a(argv + 1, argv + argc);
  const auto port = [&](const std::string& text) {
    return static_cast<std::uint16_t>(std::stoi(text));
  };
  if (a.size() == 4 && a[0] == "members") return make_members(a[1], a[2], std::stoi(a[3]));
  if (a.size() == 2 && a[0] == "serve") return serve(a[1]);
  if (a.size() == 10 && a[0] == "run") {
    Load(a[1], port(a[2]), members_of(a[3], a[4], std::stoi(a[5]), std::stoi(a[6])),
         std::stod(a[7]), std::stoi(a[8]), std::stod(a[9]))
        .run();
    return 0;
  }
  if (a.size() == 6 && a[0] == "hold") {
    Flood(a[1], port(a[2]), std::stoi(a[3]), std::stoi(a[4])).run(std::stoi(a[5]));
    return 0;
  }
  die("see the top of bench/handshakes.cpp for the arguments");
}
