// A carrier takes bytes between one local stream and one flow, both ways, and passes the
// backpressure of each on to the other. It opens the flow at the first entry that takes it.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "client/api/attachment.hpp"
#include "client/network/entry_links.hpp"
#include "client/network/local_end.hpp"

namespace rap::client {

class Carrier final : public io::StreamHandler, public io::Output, private FlowHandler {
 public:
  struct Ending {
    std::optional<wire::FlowReason>
        reason;  // none: both sides ended in order, or the local one left
    bool was_accepted = false;
    std::string detail;
  };
  // This is called once, last; it may post the destruction of the carrier, not do it.
  using OnEnd = std::function<void(Carrier&, const Ending&)>;

  explicit Carrier(OnEnd on_end) : on_end_(std::move(on_end)) {}
  ~Carrier() override;

  // The local stream, made with this as its handler and output, paused.
  void set_local(std::unique_ptr<LocalEnd> local) { local_ = std::move(local); }
  // The attachment's entries are tried in order until one accepts the flow.
  void open(EntryLinks& links, const Attachment& attachment, wire::TrafficClass c);
  // `fn` is asked when no entry took the flow for now; true: open() will be called again, and the
  // local stream waits for it. Without one, or with false, that is the end.
  void on_exhausted(std::function<bool(const Ending&)> fn) { on_exhausted_ = std::move(fn); }
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
  // The flow calls these (FlowHandler).
  void accepted() override;
  void received(ByteView data) override;
  void finished() override { local_->finish_writing(); }
  void writable() override { local_->resume_reading(); }
  void ended(wire::FlowReason reason, bool was_accepted, const std::string& detail) override;

  void try_next(const Ending& last);
  void end(const Ending& ending);

  OnEnd on_end_;
  std::function<bool(const Ending&)> on_exhausted_;
  std::unique_ptr<LocalEnd> local_;
  bool local_gone_ = false;
  EntryLinks* links_ = nullptr;
  Attachment attachment_;
  wire::TrafficClass class_ = wire::TrafficClass::input;
  std::size_t next_candidate_ = 0;
  EntryLink* link_ = nullptr;  // of the flow, while there is one
  FlowLabel label_ = 0;
  Bytes inbox_;  // received, not yet taken by the local stream; at most one window
  std::size_t inbox_at_ = 0;
};

}  // namespace rap::client
