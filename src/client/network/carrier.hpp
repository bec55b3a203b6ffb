// A carrier of a sealed flow takes bytes between one local stream and the flow, both ways, and
// passes the backpressure of each on to the other. The flow outlives connections; the local stream
// does not notice but for the time it takes.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "client/network/entry_links.hpp"
#include "client/network/local_end.hpp"

namespace rap::client {

class Carrier final : public io::StreamHandler, public io::Output, private SealedFlowUser {
 public:
  struct Ending {
    wire::FlowEnding reason;  // none: both sides ended in order, or the local one left
    bool was_accepted = false;
    std::string detail;
  };
  // This is called once, last; it may post the destruction of the carrier, not do it.
  using OnEnd = std::function<void(const Ending&)>;

  Carrier(EntryLinks& links, OnEnd on_end) : links_(links), on_end_(std::move(on_end)) {}
  ~Carrier() override;

  // The local stream, made with this as its handler and output, paused.
  void set_local(std::unique_ptr<LocalEnd> local) { local_ = std::move(local); }
  // The attachment has terms to resume.
  void open(const Attachment& attachment, wire::TrafficClass c);
  // `fn` is asked when the flow has no tokens left to ask with; true: open() will be called again,
  // and the local stream waits for it. Without one, or with false, that is the end.
  void on_exhausted(std::function<bool(wire::FlowReason)> fn) { on_exhausted_ = std::move(fn); }
  // The carrier gives up: the local stream ends as a broken one.
  void abort();

 private:
  // The local stream calls these (io::StreamHandler).
  void on_open() override {}
  std::size_t on_data(MutableBytes data) override;
  void on_end() override;
  void on_close(const io::StreamError& error) override;
  // What goes to the local stream is taken from here (io::Output).
  ByteView peek() override { return ByteView(inbox_).subspan(inbox_at_); }
  void consume(std::size_t n) override;
  // The flow calls these (SealedFlowUser).
  void flow_accepted() override { local_->resume_reading(); }
  void flow_received(ByteView bytes) override;
  void flow_finished() override;
  void flow_writable() override { local_->resume_reading(); }
  bool flow_lacks_tokens(wire::FlowReason last) override {
    return on_exhausted_ && on_exhausted_(last);
  }
  void flow_ended(wire::FlowEnding ending, bool accepted, const std::string& detail) override;

  void end(const Ending& ending);

  EntryLinks& links_;
  OnEnd on_end_;
  std::function<bool(wire::FlowReason)> on_exhausted_;
  std::unique_ptr<LocalEnd> local_;
  std::optional<FlowNumber> flow_;
  bool local_finished_ = false;  // it has said all
  bool peer_finished_ = false;
  bool local_gone_ = false;
  Bytes inbox_;  // received, not yet taken by the local stream; at most one window
  std::size_t inbox_at_ = 0;
};

}  // namespace rap::client
