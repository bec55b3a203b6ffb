// What tests of crashes stand on: a folder, and children that live in it until they are killed at
// an operation on a file, or to their end.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <new>

#include <sys/mman.h>

#include "cut.hpp"

namespace rap::crash {

// A value that the children of a test share with it.
template <class T>
class Shared {
 public:
  Shared()
      : value_(new(::mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                          -1, 0)) T) {}
  ~Shared() { ::munmap(value_, sizeof(T)); }
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;

  void reset() { new (value_) T; }
  T* operator->() { return value_; }
  T& operator*() { return *value_; }

 private:
  T* value_;
};

class Mortal : public testing::Test {
 public:
  ~Mortal() override;

 protected:
  using Work = std::function<int()>;  // its value is the child's exit status

  Mortal();

  // The wait status of a child that does `work`, to the cut or to its end.
  int live(std::uint64_t cut_after, cut::Where where, const Work& work);
  // The same without a cut: how many operations on files it took, and how many writes.
  struct Cost {
    std::uint64_t operations = 0;
    std::uint64_t writes = 0;
    std::uint64_t of(cut::Where where) const {
      return where == cut::Where::half ? writes : operations;
    }
  };
  Cost cost_of(const Work& work);
  static bool was_killed(int status);
  static bool was_fine(int status);  // its work returned 0

  std::filesystem::path root_;  // removed with the test

 private:
  Shared<Cost> cost_;
};

}  // namespace rap::crash
