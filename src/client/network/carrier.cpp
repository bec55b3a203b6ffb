#include "client/network/carrier.hpp"

namespace rap::client {

using wire::FlowReason;

Carrier::~Carrier() {
  if (link_ != nullptr) link_->reset(label_, FlowReason::peer_lost);
}

void Carrier::open(EntryLinks& links, const Attachment& attachment, wire::TrafficClass c) {
  links_ = &links;
  attachment_ = attachment;
  class_ = c;
  next_candidate_ = 0;
  try_next({FlowReason::no_route, false, {}});
}

void Carrier::try_next(const Ending& last) {
  while (next_candidate_ < attachment_.candidates.size()) {
    const Candidate& candidate = attachment_.candidates[next_candidate_++];
    EntryLink& link = links_->to(candidate);
    if (const auto label = link.open(*this, class_, candidate.token)) {
      link_ = &link;
      label_ = *label;
      return;
    }
  }
  if (!on_exhausted_ || !on_exhausted_(last)) end(last);
}

void Carrier::abort() {
  local_->abort();
  end({});
}

std::size_t Carrier::on_data(MutableBytes data) {
  const EntryLink::Taken taken =
      link_ != nullptr ? link_->send(label_, data) : EntryLink::Taken{0, false};
  if (!taken.go_on) local_->pause_reading();
  return taken.bytes;
}

void Carrier::on_end() {
  if (link_ != nullptr) link_->finish(label_);
}

// The local stream is gone; that is in order when both directions had ended.
void Carrier::on_close(const io::StreamError& error) {
  local_gone_ = true;
  end({std::nullopt, true, error.detail});
}

void Carrier::consume(std::size_t n) {
  inbox_at_ += n;
  if (inbox_at_ == inbox_.size()) {
    inbox_.clear();
    inbox_at_ = 0;
  }
  if (link_ != nullptr) link_->delivered(label_, n);
}

void Carrier::accepted() { local_->resume_reading(); }

void Carrier::received(ByteView data) {
  // Keep the memory within twice what is held.
  if (inbox_at_ > inbox_.size() / 2) {
    inbox_.erase(inbox_.begin(), inbox_.begin() + static_cast<std::ptrdiff_t>(inbox_at_));
    inbox_at_ = 0;
  }
  inbox_.insert(inbox_.end(), data.begin(), data.end());
  local_->flush();
}

void Carrier::ended(FlowReason reason, bool was_accepted, const std::string& detail) {
  EntryLink* link = std::exchange(link_, nullptr);
  const Ending ending{reason, was_accepted, detail};
  if (!was_accepted && reason == FlowReason::limit_reached && link != nullptr &&
      links_->filled(*link)) {
    --next_candidate_;  // on another link to the same entry, which did not look at the token
    return try_next(ending);
  }
  const auto cause = was_accepted ? std::nullopt : worth_another_entry(reason);
  if (cause) {
    const bool lost = reason == FlowReason::peer_lost && link != nullptr && link->dead();
    links_->passed_over(attachment_.candidates[next_candidate_ - 1], lost ? link->cause() : *cause,
                        detail.empty() ? to_string(reason) : std::string_view(detail));
    try_next(ending);
  } else {
    end(ending);
  }
}

void Carrier::end(const Ending& ending) {
  if (link_ != nullptr) std::exchange(link_, nullptr)->reset(label_, FlowReason::peer_lost);
  if (!on_end_) return;
  if (!local_gone_ && ending.reason) local_->abort();
  std::exchange(on_end_, nullptr)(*this, ending);
}

}  // namespace rap::client
