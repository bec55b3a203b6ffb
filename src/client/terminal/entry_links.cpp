#include "client/terminal/entry_links.hpp"

#include <algorithm>

namespace rap::client {

EntryLink& EntryLinks::to(const Candidate& entry) {
  const wire::Url& url = entry.url;
  const auto deny = deny_lists_->current();
  const auto it = std::ranges::find_if(
      links_, [&](const Entry& e) { return e.url == url && (e.link->dead() || e.deny == deny); });
  if (it != links_.end() && !it->link->dead()) return *it->link;
  auto link = std::make_unique<EntryLink>(loop_, entry, roots_pem_, deny, rng_);
  EntryLink& made = *link;
  if (it == links_.end()) {
    links_.push_back({url, deny, std::move(link)});
  } else {
    // The dead one may be in the middle of telling its flows.
    loop_.post([dead = std::shared_ptr<EntryLink>(std::move(it->link))] {});
    it->link = std::move(link);
    it->deny = deny;
  }
  return made;
}

}  // namespace rap::client
