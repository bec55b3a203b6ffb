#include "client/network/entry_links.hpp"

#include <algorithm>

#include "client/network/entry_socket.hpp"
#include "crypto/tokens/resume_grant.hpp"
#include "io/system/system.hpp"

namespace rap::client {

// One WebSocket.
class EntryLinks::Socket final : io::WebSocketHandler, io::Output {
 public:
  Socket(EntryLinks& links, LinkNumber number, const Candidate& entry)
      : links_(links),
        number_(number),
        entry_(entry),
        socket_(links.loop_,
                entry_socket_options(entry, links.roots_pem_, links.deny_lists_->current()),
                static_cast<io::Output&>(*this), links.rng_,
                static_cast<io::WebSocketHandler&>(*this)) {}

  void flush() { socket_.flush(); }
  bool is_dead() const { return dead_; }
  void lost(wire::FallbackCause cause, const std::string& detail) {
    if (std::exchange(dead_, true)) return;
    links_.flows_.link_lost(io::mono_now(), number_, cause, detail);
    links_.forget(number_);
    links_.arm();
  }

 private:
  void on_open() override {
    links_.measured(entry_, io::mono_now() - dialled_);
    links_.flows_.link_up(io::mono_now(), number_,
                          socket_.export_key(crypto::kResumeExporterLabel));
    links_.arm();
    if (links_.flows_.is_idle(number_)) lost(wire::FallbackCause::unreachable, "it was measured");
  }
  bool on_message(MutableBytes payload) override {
    if (dead_) return false;
    const auto ok = links_.flows_.receive(io::mono_now(), number_, payload);
    if (!ok) because_ = "the entry node broke the protocol: " + std::string(ok.error());
    links_.arm();
    return ok.has_value();
  }
  void on_close(const io::StreamError& error) override {
    lost(cause_of(error.fault), because_.empty() ? error.detail : because_);
  }
  ByteView peek() override { return dead_ ? ByteView{} : links_.flows_.output(number_).peek(); }
  void consume(std::size_t n) override {
    if (dead_) return;
    links_.flows_.output(number_).consume(n);
    // The stream is in the middle of sending.
    if (std::exchange(drain_posted_, true)) return;
    links_.loop_.post([this, alive = std::weak_ptr<bool>(alive_)] {
      if (!alive.lock()) return;
      drain_posted_ = false;
      if (dead_) return;
      links_.flows_.drained(io::mono_now(), number_);
      links_.arm();
    });
  }

  EntryLinks& links_;
  LinkNumber number_;
  Candidate entry_;
  MonoTime dialled_ = io::mono_now();
  bool dead_ = false;
  bool drain_posted_ = false;
  std::string because_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  io::WebSocketClient socket_;
};

EntryLinks::EntryLinks(io::EventLoop& loop, const Account& account, const std::string& resource,
                       Means means)
    : loop_(loop),
      roots_pem_(account.roots_pem),
      deny_lists_(account.deny_lists),
      deny_(deny_lists_->current()),
      rng_(means.rng),
      fallbacks_(means.fallbacks),
      distances_(means.distances),
      tell_(std::move(means.tell)),
      notice_(resource),
      flows_(*this, std::move(means.keys), means.rng),
      timer_(loop),
      watch_(loop),
      measure_(loop),
      slept_(io::time_asleep()) {}

EntryLinks::~EntryLinks() = default;

void EntryLinks::follow(const Account& account) {
  const bool other_roots = account.roots_pem != roots_pem_;
  roots_pem_ = account.roots_pem;
  deny_lists_ = account.deny_lists;
  believe(other_roots);
}

void EntryLinks::believe(bool others) {
  if (!others && deny_lists_->current() == deny_) return;
  deny_ = deny_lists_->current();
  flows_.retire_links();
}

FlowNumber EntryLinks::open(SealedFlowUser& user, const Attachment& attachment,
                            wire::TrafficClass c) {
  believe(false);
  offered_ = attachment.candidates;
  Attachment nearest_first = attachment;
  distances_.sort(nearest_first.candidates, io::wall_now());
  const FlowNumber flow = flows_.open(io::mono_now(), user, nearest_first, c);
  if (!watching_) look_for_sleep();
  if (!std::exchange(measuring_, true)) measure_.after(kMeasureAfter, [this] { measure_next(); });
  arm();
  return flow;
}

void EntryLinks::open_again(FlowNumber flow, const Attachment& attachment) {
  believe(false);
  Attachment nearest_first = attachment;
  distances_.sort(nearest_first.candidates, io::wall_now());
  flows_.open_again(io::mono_now(), flow, nearest_first);
  arm();
}

EntryLinks::Taken EntryLinks::take(FlowNumber flow, ByteView bytes) {
  const std::size_t taken = flows_.take(io::mono_now(), flow, bytes);
  arm();
  return {taken, taken == bytes.size() && flows_.room(flow) >= flow::kTailRoom};
}

void EntryLinks::finish(FlowNumber flow) {
  flows_.finish(io::mono_now(), flow);
  arm();
}

void EntryLinks::consumed(FlowNumber flow, std::size_t bytes) {
  flows_.consumed(io::mono_now(), flow, bytes);
  arm();
}

void EntryLinks::leave(FlowNumber flow) {
  flows_.leave(io::mono_now(), flow);
  arm();
}

void EntryLinks::drop(const std::string& why) {
  std::vector<Socket*> all;
  for (const auto& [number, socket] : sockets_) all.push_back(socket.get());
  for (Socket* socket : all) socket->lost(wire::FallbackCause::unreachable, why);
}

// --- what the flows want
// --------------------------------------------------------------------------

void EntryLinks::dial(LinkNumber link, const Candidate& entry) {
  sockets_.emplace(link, std::make_unique<Socket>(*this, link, entry));
}

void EntryLinks::has_output(LinkNumber link) {
  const auto at = sockets_.find(link);
  if (at != sockets_.end()) at->second->flush();
}

void EntryLinks::passed_over(const Candidate& entry, wire::FallbackCause cause,
                             std::string_view detail) {
  fallbacks_.note(entry.url.authority.str(), cause, detail);
}

// The socket may be in the middle of a callback, so it is destroyed later.
void EntryLinks::forget(LinkNumber link) {
  const auto at = sockets_.find(link);
  if (at == sockets_.end()) return;
  loop_.post([gone = std::shared_ptr<Socket>(std::move(at->second))] {});
  sockets_.erase(at);
}

// Entries that do not answer are asked again with the next flow.
void EntryLinks::measure_next() {
  while (!offered_.empty()) {
    const Candidate entry = std::move(offered_.back());
    offered_.pop_back();
    if (distances_.knows(entry.url.authority.str(), io::wall_now())) continue;
    flows_.reach(entry);
    return measure_.after(kMeasureAfter, [this] { measure_next(); });
  }
  measuring_ = false;
}

void EntryLinks::measured(const Candidate& entry, Duration handshake) {
  distances_.measured(entry.url.authority.str(), handshake, io::wall_now());
}

// --- time
// -----------------------------------------------------------------------------------------

// An armed timer that is too early looks and arms anew: most deadlines are put off before they
// come.
void EntryLinks::arm() {
  const MonoTime now = io::mono_now();
  auto next = flows_.next_tick();
  if (tell_) {
    const auto away = flows_.away();
    if (const auto line = notice_.step(now, away)) tell_(*line);
    if (const auto news = notice_.next()) next = next ? std::min(*next, *news) : *news;
  }
  if (!next || (armed_ && *armed_ <= *next)) return;
  armed_ = next;
  timer_.after(std::max(Duration{0}, *next - now), [this] {
    armed_.reset();
    flows_.tick(io::mono_now());
    arm();
  });
}

void EntryLinks::look_for_sleep() {
  watching_ = flows_.size() > 0;
  if (!watching_) return;
  const Duration slept = io::time_asleep();
  if (slept - std::exchange(slept_, slept) >= kLongSleep) drop("this machine was asleep");
  watch_.after(kSleepLook, [this] { look_for_sleep(); });
}

}  // namespace rap::client
