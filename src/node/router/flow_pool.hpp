// Objects found by a small number: a slab of flows whose index is what a label's end refers to.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

namespace rap::router {

template <class T>
class FlowPool {
 public:
  std::uint32_t insert(std::unique_ptr<T> item) {
    ++size_;
    if (!free_.empty()) {
      const std::uint32_t id = free_.back();
      free_.pop_back();
      items_[id] = std::move(item);
      return id;
    }
    items_.push_back(std::move(item));
    return static_cast<std::uint32_t>(items_.size() - 1);
  }
  T* find(std::uint32_t id) { return id < items_.size() ? items_[id].get() : nullptr; }
  std::unique_ptr<T> remove(std::uint32_t id) {
    if (find(id) == nullptr) return nullptr;
    --size_;
    free_.push_back(id);
    return std::move(items_[id]);
  }
  // fn(id, item); fn may remove the item it is given.
  template <class Fn>
  void for_each(Fn fn) {
    for (std::uint32_t i = 0; i < items_.size(); ++i) {
      if (items_[i]) fn(i, *items_[i]);
    }
  }
  std::size_t size() const { return size_; }

 private:
  std::vector<std::unique_ptr<T>> items_;
  std::vector<std::uint32_t> free_;
  std::size_t size_ = 0;
};

}  // namespace rap::router
