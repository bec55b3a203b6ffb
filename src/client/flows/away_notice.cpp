#include "client/flows/away_notice.hpp"

namespace rap::client {

std::optional<std::string> AwayNotice::step(MonoTime now,
                                            const std::optional<SealedFlows::Away>& away) {
  if (!away) {
    next_.reset();
    if (!since_) return std::nullopt;
    const auto took = std::chrono::duration_cast<std::chrono::seconds>(now - *since_);
    since_.reset();
    said_.clear();
    return "rap: " + resource_ + " is back after " + std::to_string(took.count()) + " s.";
  }
  const MonoTime due = since_ && next_ ? *next_ : away->since + kAwayMoment;
  next_ = due;
  if (now < due) return std::nullopt;
  if (!since_) since_ = away->since;
  next_ = now + kAwayNewsEvery;
  std::string news = "rap: reconnecting to " + resource_ + " by " + away->entry + "…";
  if (!away->detail.empty()) news += " (" + away->detail + ")";
  if (news == said_) return std::nullopt;
  said_ = news;
  return news;
}

}  // namespace rap::client
