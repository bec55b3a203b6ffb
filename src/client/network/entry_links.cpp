#include "client/network/entry_links.hpp"

#include <algorithm>

namespace rap::client {

EntryLink& EntryLinks::to(const Candidate& entry) {
  const wire::Url& url = entry.url;
  const auto deny = deny_lists_->current();
  const auto good = std::ranges::find_if(links_, [&](const Entry& e) {
    return e.url == url && e.deny == deny && !e.link->dead() && e.link->has_room();
  });
  if (good != links_.end()) return *good->link;
  auto link = std::make_unique<EntryLink>(loop_, entry, roots_pem_, deny, rng_);
  EntryLink& made = *link;
  const auto dead =
      std::ranges::find_if(links_, [&](const Entry& e) { return e.url == url && e.link->dead(); });
  if (dead == links_.end()) {
    links_.push_back({url, deny, std::move(link)});
  } else {
    // The dead one may be in the middle of telling its flows.
    loop_.post([gone = std::shared_ptr<EntryLink>(std::move(dead->link))] {});
    dead->link = std::move(link);
    dead->deny = deny;
  }
  return made;
}

bool EntryLinks::filled(EntryLink& link) {
  if (link.dead() || link.flows() == 0) return false;
  link.limit_to(link.flows());
  return true;
}

void EntryLinks::follow(const Account& account) {
  roots_pem_ = account.roots_pem;
  deny_lists_ = account.deny_lists;
}

}  // namespace rap::client
