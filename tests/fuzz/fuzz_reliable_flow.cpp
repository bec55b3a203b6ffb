// One end of a flow whose other end, path and owner do whatever they like: it keeps its
// bounds, delivers what follows what it delivered, and says of itself what cannot go back.

#include <algorithm>

#include "fuzz.hpp"
#include "node/flow/reliable/reliable_end.hpp"

namespace {

using namespace rap;
using fuzz::require;

// Small numbers, and now and then large ones.
std::uint64_t number(ByteReader& in) {
  const std::uint8_t kind = in.u8();
  if (kind < 200) return in.u8();
  return kind < 250 ? in.u32() % (2 * flow::kMaxWindow) : in.u64();
}

wire::FlowPosition position(ByteReader& in) {
  wire::FlowPosition out;
  out.received = number(in);
  out.limit = out.received + number(in);
  out.finished = in.u8() % 4 == 0;
  return out;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteReader in({data, size});
  flow::TailMemory memory;
  const auto side = in.u8() % 2 == 0 ? flow::FlowSide::opener : flow::FlowSide::holder;
  flow::ReliableEnd end(side, memory, MonoTime{});
  const Bytes some(70'000);
  MonoTime now{};
  std::uint64_t delivered = 0;
  bool over = false;
  const auto step = [&](const flow::ReliableEvent& event) {
    for (const flow::ReliableAction& one : end.step(now, event)) {
      require(!over);
      if (const auto* d = std::get_if<flow::action::Deliver>(&one)) delivered += d->bytes.size();
      over = over || std::holds_alternative<flow::action::Ended>(one);
    }
  };
  while (!in.failed() && size > 0) {
    const wire::FlowPosition before = end.position();
    switch (in.u8() % 12) {
      case 0: step(flow::event::Attached{position(in), number(in)}); break;
      case 1: step(flow::event::Detached{}); break;
      case 2:
        end.take(ByteView(some).first(std::min<std::uint64_t>(number(in), some.size())));
        break;
      case 3: step(flow::event::Finished{}); break;
      case 4: step(flow::event::Consumed{static_cast<std::size_t>(number(in))}); break;
      case 5:
        step(flow::event::Record{
            ByteView(some).first(std::min<std::uint64_t>(number(in), wire::kMaxData))});
        break;
      case 6: step(flow::event::PeerFinished{}); break;
      case 7: step(flow::event::Acknowledged{position(in)}); break;
      case 8: step(flow::event::Closed{wire::flow_reason_from(in.u8())}); break;
      case 9: step(flow::event::Credited{static_cast<std::uint32_t>(number(in))}); break;
      case 10:
        now += std::chrono::milliseconds{in.u16()};
        step(flow::event::Wakeup{});
        break;
      default: end.next_output(now, 1 + number(in) % wire::kMaxData);
    }
    const wire::FlowPosition after = end.position();
    require(after.received == delivered && after.received >= before.received);
    require(after.limit >= before.limit && after.received <= after.limit);
    require(!before.finished || after.finished);
    require(end.tail_bytes() <= flow::kMaxTail && end.undelivered() <= flow::kInitialWindow);
    require(!over || memory.held_bytes() == 0);
  }
  return 0;
}
