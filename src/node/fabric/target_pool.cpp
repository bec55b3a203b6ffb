#include "node/fabric/target_pool.hpp"

#include <algorithm>

#include "io/stream/tls_stream.hpp"
#include "io/system/system.hpp"

namespace rap::fabric {

using router::TargetFailure;
using router::TargetId;

class TargetPool::Target final : public io::StreamHandler, public io::Output {
 public:
  Target(TargetPool& pool, TargetId id) : pool_(pool), id_(id) {}

  void connect(const std::string& host, std::uint16_t port) {
    stream_ = io::Stream::connect(
        pool_.loop_, host, port,
        {.tls = nullptr, .connect_timeout = kTargetConnectTimeout, .half_close = true}, *this);
    stream_->set_output(this);
  }
  void write(ByteView data) {
    buffer_.insert(buffer_.end(), data.begin(), data.end());
    stream_->flush();
  }
  void finish() { stream_->finish_writing(); }
  void resume() { stream_->resume_reading(); }
  // The flow is gone and its id free for another: what is left is only to be written out.
  void orphan(MonoTime deadline) {
    orphan_ = true;
    deadline_ = deadline;
    stream_->resume_reading();
  }
  bool expired(MonoTime now) const { return orphan_ && deadline_ <= now; }
  TargetId id() const { return id_; }
  bool is_orphan() const { return orphan_; }

  void on_open() override {
    open_ = true;
    pool_.egress_->target_opened(id_);
  }
  std::size_t on_data(MutableBytes data) override {
    if (orphan_) return data.size();
    const std::size_t taken = pool_.egress_->target_data(id_, data);
    if (taken < data.size()) stream_->pause_reading();
    return taken;
  }
  void on_end() override {
    if (!orphan_) pool_.egress_->target_ended(id_);
  }
  void on_close(const io::StreamError& error) override {
    if (!orphan_) report(error);
    pool_.over(*this);
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
    if (!orphan_) pool_.egress_->target_consumed(id_, n);
  }

 private:
  static constexpr std::size_t kCompactBytes = 512 * 1024;

  void report(const io::StreamError& error) {
    using Kind = io::StreamError::Kind;
    if (open_) return pool_.egress_->target_lost(id_);
    const auto failure = error.kind == Kind::refused   ? TargetFailure::refused
                         : error.kind == Kind::timeout ? TargetFailure::timeout
                                                       : TargetFailure::unreachable;
    pool_.egress_->target_failed(id_, failure);
  }

  TargetPool& pool_;
  TargetId id_;
  bool open_ = false;
  bool orphan_ = false;
  MonoTime deadline_;
  Bytes buffer_;
  std::size_t sent_ = 0;
  std::unique_ptr<io::Stream> stream_;
};

TargetPool::TargetPool(io::EventLoop& loop) : loop_(loop) {}
TargetPool::~TargetPool() = default;

void TargetPool::open(TargetId id, const std::string& host, std::uint16_t port) {
  auto& slot = targets_[id];
  if (slot) {
    slot->orphan(io::mono_now() + kTargetLinger);
    lingering_.push_back(std::move(slot));
  }
  slot = std::make_unique<Target>(*this, id);
  slot->connect(host, port);
}

void TargetPool::write(TargetId id, ByteView data) {
  if (const auto it = targets_.find(id); it != targets_.end()) it->second->write(data);
}
void TargetPool::finish(TargetId id) {
  if (const auto it = targets_.find(id); it != targets_.end()) it->second->finish();
}
void TargetPool::resume(TargetId id) {
  if (const auto it = targets_.find(id); it != targets_.end()) it->second->resume();
}

void TargetPool::close(TargetId id) {
  const auto it = targets_.find(id);
  if (it == targets_.end()) return;
  bury(std::move(it->second));
  targets_.erase(it);
}

void TargetPool::over(Target& target) {
  if (target.is_orphan()) {
    const auto it = std::find_if(lingering_.begin(), lingering_.end(),
                                 [&](const auto& t) { return t.get() == &target; });
    bury(std::move(*it));
    lingering_.erase(it);
    return;
  }
  close(target.id());
}

// A target may be on the stack when it ends: it dies on the next turn of the loop.
void TargetPool::bury(std::unique_ptr<Target> target) {
  loop_.post([dead = std::shared_ptr<Target>(std::move(target))] {});
}

void TargetPool::expire(MonoTime now) {
  std::erase_if(lingering_, [&](const auto& t) { return t->expired(now); });
}

}  // namespace rap::fabric
