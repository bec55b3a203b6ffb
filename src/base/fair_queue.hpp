// A bounded queue whose places and turns are shared by those who fill it: each holder's items wait
// in a line of their own, the lines take turns, and when there is no more room the newest item of
// the longest line makes way for whoever has fewer. So what one holder asks for, however much,
// neither keeps another waiting behind all of it nor takes the last place.
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace rap {

template <class T>
class FairQueue {
 public:
  // Yields what finds no place: nothing, the newest item of a longer line, or the newcomer itself.
  std::optional<T> push(std::string_view holder, T item, std::size_t max_items) {
    std::optional<T> without_place;
    auto own = lines_.find(holder);
    if (size_ >= max_items) {
      const std::size_t has = own == lines_.end() ? 0 : own->second.size();
      const auto longest =
          std::ranges::max_element(lines_, {}, [](const auto& line) { return line.second.size(); });
      // With only one more than the newcomer's, the two would but change places.
      if (longest == lines_.end() || longest->second.size() < has + 2) return item;
      without_place = std::move(longest->second.back());
      longest->second.pop_back();
      --size_;
    }
    if (own == lines_.end()) {
      own = lines_.emplace(holder, std::deque<T>{}).first;
      turns_.push_back(own);
    }
    own->second.push_back(std::move(item));
    ++size_;
    return without_place;
  }

  // The oldest item of the line whose turn it is.
  std::optional<T> pop() {
    if (turns_.empty()) return std::nullopt;
    const auto line = turns_.front();
    turns_.pop_front();
    T item = std::move(line->second.front());
    line->second.pop_front();
    --size_;
    if (line->second.empty()) {
      lines_.erase(line);
    } else {
      turns_.push_back(line);
    }
    return item;
  }

  void clear() {
    turns_.clear();
    lines_.clear();
    size_ = 0;
  }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

 private:
  // Strangers choose the keys: no hash of them.
  using Lines = std::map<std::string, std::deque<T>, std::less<>>;

  Lines lines_;  // none is empty
  std::deque<typename Lines::iterator> turns_;  // each line once
  std::size_t size_ = 0;
};

}  // namespace rap
