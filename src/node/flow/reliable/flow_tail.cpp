#include "node/flow/reliable/flow_tail.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace rap::flow {

std::unique_ptr<TailMemory::Chunk> TailMemory::take() {
  all_.held += kTailChunk;
  if (spare_.empty()) return std::make_unique_for_overwrite<Chunk>();
  auto chunk = std::move(spare_.back());
  spare_.pop_back();
  return chunk;
}

void TailMemory::give_back(std::unique_ptr<Chunk> chunk) {
  all_.held -= kTailChunk;
  if (spare_.size() < kMaxSpareTailChunks) spare_.push_back(std::move(chunk));
}

void FlowTail::append(ByteView bytes) {
  while (!bytes.empty()) {
    const std::size_t at = static_cast<std::size_t>(end_ % kTailChunk);
    if (at == 0 || chunks_.empty()) {
      chunks_.push_back(memory_.take());
      if (share_ != nullptr) share_->held += kTailChunk;
    }
    const std::size_t n = std::min(bytes.size(), kTailChunk - at);
    std::ranges::copy(bytes.first(n),
                      chunks_.back()->bytes.begin() + static_cast<std::ptrdiff_t>(at));
    end_ += n;
    bytes = bytes.subspan(n);
  }
}

ByteView FlowTail::from(std::uint64_t position, std::size_t max) const {
  if (position < begin_ || position >= end_) return {};
  const std::size_t at = static_cast<std::size_t>(position % kTailChunk);
  const auto chunk = static_cast<std::size_t>(position / kTailChunk - begin_ / kTailChunk);
  const std::size_t n = std::min({max, kTailChunk - at, static_cast<std::size_t>(end_ - position)});
  return ByteView(chunks_[chunk]->bytes).subspan(at, n);
}

void FlowTail::release_to(std::uint64_t position) {
  // A chunk that begins at end_ does not exist yet, and one without a byte that is needed goes.
  std::size_t done = static_cast<std::size_t>(position / kTailChunk - begin_ / kTailChunk);
  if (position == end_) done = chunks_.size();
  for (std::size_t i = 0; i < done; ++i) memory_.give_back(std::move(chunks_[i]));
  if (share_ != nullptr) share_->held -= done * kTailChunk;
  chunks_.erase(chunks_.begin(), chunks_.begin() + static_cast<std::ptrdiff_t>(done));
  begin_ = position;
}

}  // namespace rap::flow
