// The bytes that one end of a flow has sent, or is to send, and the other end has not
// acknowledged: what is sent again when the flow gets another path. They lie in chunks, so that an
// idle flow holds none; chunks of several flows come from one memory, which keeps a few that are
// free, so that a steady stream allocates nothing.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

#include "base/bytes.hpp"

namespace rap::flow {

inline constexpr std::size_t kTailChunk = std::size_t{16} * 1024;
inline constexpr std::size_t kMaxSpareTailChunks = 256;  // 4 MiB: the tail of one busy flow

inline constexpr std::size_t kNoTailBound = std::numeric_limits<std::size_t>::max();

// What tails hold together, in whole chunks, and how much they are to hold.
struct TailShare {
  std::size_t most = kNoTailBound;
  std::size_t held = 0;

  std::size_t left() const { return most - std::min(most, held); }
};

// Outlives the tails that take from it.
class TailMemory {
 public:
  explicit TailMemory(std::size_t most = kNoTailBound) : all_{.most = most} {}

  struct Chunk {
    std::array<std::uint8_t, kTailChunk> bytes;
  };

  std::unique_ptr<Chunk> take();
  void give_back(std::unique_ptr<Chunk> chunk);
  // What all tails hold, in whole chunks.
  std::size_t held_bytes() const { return all_.held; }
  std::size_t left() const { return all_.left(); }

 private:
  std::vector<std::unique_ptr<Chunk>> spare_;
  TailShare all_;
};

class FlowTail {
 public:
  // `share` is of those that one person has, and outlives it too.
  explicit FlowTail(TailMemory& memory, TailShare* share = nullptr)
      : memory_(memory), share_(share) {}
  ~FlowTail() { release_to(end_); }
  FlowTail(const FlowTail&) = delete;
  FlowTail& operator=(const FlowTail&) = delete;

  // Positions in the flow: of the first byte that is here, and after the last.
  std::uint64_t begin() const { return begin_; }
  std::uint64_t end() const { return end_; }
  std::size_t size() const { return static_cast<std::size_t>(end_ - begin_); }

  // How much more all tails are to hold, and those of the share.
  std::size_t left() const {
    return share_ == nullptr ? memory_.left() : std::min(memory_.left(), share_->left());
  }

  void append(ByteView bytes);
  // Bytes from `position` on, at most `max`, and no more than lie together: it is asked again for
  // the rest. Empty at the end.
  ByteView from(std::uint64_t position, std::size_t max) const;
  // What is before `position`, which is begin() at least and end() at most, is needed no more.
  void release_to(std::uint64_t position);

 private:
  TailMemory& memory_;
  TailShare* share_;
  std::vector<std::unique_ptr<TailMemory::Chunk>> chunks_;  // front() has the byte at begin_
  std::uint64_t begin_ = 0;
  std::uint64_t end_ = 0;
};

}  // namespace rap::flow
