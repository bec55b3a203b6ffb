#include "adapters/tcp/tcp_adapter.hpp"

#include <algorithm>
#include <map>

#include "io/stream/tls_stream.hpp"
#include "io/system/system.hpp"

namespace rap::adapters {

class TcpAdapter::Target final : public io::StreamHandler, public io::Output {
 public:
  Target(TcpAdapter& adapter, TargetId id) : adapter_(adapter), id_(id) {}

  // An address that is connected to is still one that may be.
  bool is_allowed() const {
    const auto address = policy::IpAddress::parse(stream_->peer_ip());
    return !address || adapter_.judge_(request_, *address);
  }
  void connect(const ResourceRequest& request) {
    request_ = request;
    io::StreamOptions options;
    options.connect_timeout = adapter_.times_.connect;
    options.half_close = true;
    options.asker = request.organization.str();
    options.may_dial = [this](const policy::IpAddress& address, std::uint16_t) {
      return adapter_.judge_(request_, address);
    };
    stream_ = io::Stream::connect(adapter_.loop_, request.settings.host, request.settings.port,
                                  std::move(options), *this);
    stream_->set_output(this);
  }
  void write(ByteView data) {
    buffer_.insert(buffer_.end(), data.begin(), data.end());
    stream_->flush();
  }
  void finish() { stream_->finish_writing(); }
  void resume() { stream_->resume_reading(); }

  // The connection tells nothing from now on: what the target says is thrown away.
  void fall_silent() {
    silent_ = true;
    stream_->resume_reading();
  }
  void linger_until(MonoTime deadline) {
    fall_silent();
    deadline_ = deadline;
  }
  bool is_expired(MonoTime now) const { return deadline_ <= now; }
  TargetId id() const { return id_; }
  OrganizationId organization() const { return request_.organization; }
  std::size_t unsent() const { return buffer_.size() - sent_; }

  void on_open() override {
    open_ = true;
    if (!silent_) adapter_.events_->target_opened(id_);
  }
  std::size_t on_data(MutableBytes data) override {
    if (silent_) return data.size();
    const std::size_t taken = adapter_.events_->target_data(id_, data);
    if (taken < data.size()) stream_->pause_reading();
    return taken;
  }
  void on_end() override {
    if (!silent_) adapter_.events_->target_ended(id_);
  }
  void on_close(const io::StreamError& error) override {
    const bool silent = silent_;
    // The id is free before the egress hears of it.
    adapter_.bury(adapter_.take(*this));
    if (!silent) report(error);
  }

  ByteView peek() override { return ByteView(buffer_).subspan(sent_); }
  void consume(std::size_t n) override {
    sent_ += n;
    if (sent_ == buffer_.size()) {
      buffer_.clear();
      sent_ = 0;
    } else if (sent_ >= kCompactBytes) {
      buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(sent_));
      sent_ = 0;
    }
    if (!silent_) adapter_.events_->target_consumed(id_, n);
  }

 private:
  static constexpr std::size_t kCompactBytes = 512 * 1024;

  void report(const io::StreamError& error) {
    using Kind = io::StreamError::Kind;
    const auto failure = error.kind == Kind::refused   ? TargetFailure::refused
                         : error.kind == Kind::reset   ? TargetFailure::reset
                         : open_                       ? TargetFailure::reset
                         : error.kind == Kind::timeout ? TargetFailure::timeout
                         : error.kind == Kind::denied  ? TargetFailure::denied
                         : error.kind == Kind::busy    ? TargetFailure::lookup_limit
                                                       : TargetFailure::unreachable;
    if (open_) return adapter_.events_->target_lost(id_, failure);
    adapter_.events_->target_failed(id_, failure);
  }

  TcpAdapter& adapter_;
  TargetId id_;
  ResourceRequest request_;
  bool open_ = false;
  bool silent_ = false;
  MonoTime deadline_;  // of one that lingers
  Bytes buffer_;
  std::size_t sent_ = 0;
  std::unique_ptr<io::Stream> stream_;
};

TcpAdapter::TcpAdapter(io::EventLoop& loop, TargetJudge judge, TcpTimes times,
                       LingeringBounds bounds)
    : loop_(loop), judge_(std::move(judge)), times_(times), bounds_(bounds) {}
TcpAdapter::~TcpAdapter() = default;

void TcpAdapter::open(TargetId id, const ResourceRequest& request) {
  auto& slot = targets_[id];
  slot = std::make_unique<Target>(*this, id);
  slot->connect(request);
}

void TcpAdapter::write(TargetId id, ByteView data) {
  if (const auto it = targets_.find(id); it != targets_.end()) it->second->write(data);
}
void TcpAdapter::finish(TargetId id) {
  if (const auto it = targets_.find(id); it != targets_.end()) it->second->finish();
}
void TcpAdapter::resume(TargetId id) {
  if (const auto it = targets_.find(id); it != targets_.end()) it->second->resume();
}

void TcpAdapter::close(TargetId id) {
  const auto it = targets_.find(id);
  if (it != targets_.end()) bury(take(*it->second));
}

void TcpAdapter::release(TargetId id) {
  const auto it = targets_.find(id);
  if (it == targets_.end()) return;
  it->second->linger_until(io::mono_now() + times_.linger);
  lingering_.push_back(std::move(it->second));
  targets_.erase(it);
  while (end_one_too_many()) {
  }
}

// A flow that is over costs its person nothing any more, so that what its target has not taken
// would have no bound. False: there is room for all that linger.
bool TcpAdapter::end_one_too_many() {
  std::map<OrganizationId, LingeringBounds> of;
  std::size_t bytes = 0;
  for (const auto& target : lingering_) {
    LingeringBounds& has =
        of.try_emplace(target->organization(), LingeringBounds{0, 0}).first->second;
    ++has.targets;
    has.bytes += target->unsent();
    bytes += target->unsent();
  }
  const bool too_much = bytes > bounds_.bytes;
  if (!too_much && lingering_.size() <= bounds_.targets) return false;
  const auto most = too_much ? &LingeringBounds::bytes : &LingeringBounds::targets;
  const auto greediest =
      std::ranges::max_element(of, {}, [most](const auto& one) { return one.second.*most; });
  const auto oldest = std::ranges::find_if(lingering_, [&](const auto& target) {
    return target->organization() == greediest->first && (!too_much || target->unsent() > 0);
  });
  bury(take(**oldest));
  return true;
}

// Takes the target out of whichever list it is in.
std::unique_ptr<TcpAdapter::Target> TcpAdapter::take(const Target& target) {
  std::unique_ptr<Target> taken;
  if (const auto it = targets_.find(target.id());
      it != targets_.end() && it->second.get() == &target) {
    taken = std::move(it->second);
    targets_.erase(it);
    return taken;
  }
  const auto it = std::ranges::find(lingering_, &target, &std::unique_ptr<Target>::get);
  if (it == lingering_.end()) return nullptr;
  taken = std::move(*it);
  lingering_.erase(it);
  return taken;
}

// A target may be on the stack when it ends: it dies on the next turn of the loop.
void TcpAdapter::bury(std::unique_ptr<Target> target) {
  if (!target) return;
  target->fall_silent();
  loop_.post([dead = std::shared_ptr<Target>(std::move(target))] {});
}

void TcpAdapter::judge_again() {
  std::vector<TargetId> denied;
  for (const auto& [id, target] : targets_) {
    if (!target->is_allowed()) denied.push_back(id);
  }
  for (const TargetId id : denied) {
    bury(take(*targets_.at(id)));
    events_->target_lost(id, TargetFailure::denied);
  }
}

void TcpAdapter::expire(MonoTime now) {
  std::erase_if(lingering_, [&](const auto& target) { return target->is_expired(now); });
}

}  // namespace rap::adapters
