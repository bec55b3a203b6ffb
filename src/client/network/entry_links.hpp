// The links of one command: one per entry, made when it is needed and again when it is lost, and
// more when an entry takes no more flows on one.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "client/api/attachment.hpp"
#include "client/api/entry_fallback.hpp"
#include "client/core/profile.hpp"
#include "client/network/entry_link.hpp"

namespace rap::client {

class EntryLinks {
 public:
  EntryLinks(io::EventLoop& loop, const Account& account, RandomSource& rng, FallbackLog& fallbacks)
      : loop_(loop),
        roots_pem_(account.roots_pem),
        deny_lists_(account.deny_lists),
        rng_(rng),
        fallbacks_(fallbacks) {}

  // The link is under the deny list of now: one that was made under another carries its old flows
  // to their end, and no new ones.
  EntryLink& to(const Candidate& entry);
  // Links are made with the roots and the deny list of this account from now on.
  void follow(const Account& account);
  // The entry takes no more flows on the link than it has; the answer is false when it has none, so
  // that another link would do no better.
  bool filled(EntryLink& link);
  void passed_over(const Candidate& entry, wire::FallbackCause cause, std::string_view detail) {
    fallbacks_.note(entry.url.authority.str(), cause, detail);
  }

 private:
  struct Entry {
    wire::Url url;
    std::shared_ptr<const crypto::DenyList> deny;
    std::unique_ptr<EntryLink> link;
  };

  io::EventLoop& loop_;
  std::string roots_pem_;
  std::shared_ptr<DenyListStore> deny_lists_;
  RandomSource& rng_;
  FallbackLog& fallbacks_;
  std::vector<Entry> links_;
};

}  // namespace rap::client
