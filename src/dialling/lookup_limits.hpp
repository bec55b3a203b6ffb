// How many names may be looked up at once: overall, and for each asker (an organization). Nobody's
// dead names so keep another's from being looked up, or the program's own.
#pragma once

#include <cstddef>
#include <map>
#include <string>

namespace rap::dialling {

inline constexpr std::size_t kMaxLookups = 256;  // of all askers
inline constexpr std::size_t kMaxLookupsPerAsker = 16;
inline constexpr std::size_t kMaxOwnLookups =
    64;  // of the program itself: peers, the control plane

class LookupLimits {
 public:
  // False: the asker has to wait. An empty name stands for the program itself.
  bool take(const std::string& asker) {
    if (asker.empty()) return own_ < kMaxOwnLookups && ++own_ > 0;
    if (all_ >= kMaxLookups) return false;
    std::size_t& of_asker = by_asker_[asker];
    if (of_asker >= kMaxLookupsPerAsker) return false;
    ++of_asker;
    ++all_;
    return true;
  }
  void give_back(const std::string& asker) {
    if (asker.empty()) {
      --own_;
      return;
    }
    const auto it = by_asker_.find(asker);
    if (--it->second == 0) by_asker_.erase(it);
    --all_;
  }
  std::size_t under_way() const { return all_ + own_; }

 private:
  std::size_t own_ = 0;
  std::size_t all_ = 0;
  std::map<std::string, std::size_t> by_asker_;
};

}  // namespace rap::dialling
