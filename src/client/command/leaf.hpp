// One command is declared in a few lines: its words, its options, its action.
//
//   Leaf(group, invocation, "create", "Create an organization")
//       .word("NAME", "Its name")
//       .runs([](World& w, ApiClient& api, const Words& a) { … a["NAME"] … });
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "client/command/command.hpp"

namespace rap::client {

// What the person typed, by the names the command declared.
class Words {
 public:
  const std::string& operator[](const std::string& name) const { return values_.at(name); }
  const std::vector<std::string>& list(const std::string& name) const { return lists_.at(name); }
  bool flag(const std::string& name) const { return flags_.at(name); }
  std::optional<std::int64_t> count(const std::string& name) const {
    return counts_.at(name);  // nullopt: it was left out
  }
  // A path segment.
  std::string path(const std::string& name) const { return segment(values_.at(name)); }

 private:
  friend class Leaf;
  std::map<std::string, std::string> values_;
  std::map<std::string, std::vector<std::string>> lists_;
  std::map<std::string, bool> flags_;
  std::map<std::string, std::optional<std::int64_t>> counts_;
};

class Leaf {
 public:
  using Action = std::function<Fallible<int>(World&, ApiClient&, const Words&)>;

  Leaf(CLI::App& group, Invocation& invocation, const std::string& name,
       const std::string& description);

  Leaf& word(const std::string& name, const std::string& help);   // required
  Leaf& words(const std::string& name, const std::string& help);  // one or more
  // "--role"; empty when left out, unless it is required or has a default.
  Leaf& option(const std::string& name, const std::string& type, const std::string& help);
  // "--limit", a whole number from 1 to `most`.
  Leaf& count(const std::string& name, const std::string& type, std::int64_t most,
              const std::string& help);
  Leaf& required();  // the last option
  Leaf& choices(const std::vector<std::string>& values);  // of the last word or option
  Leaf& choices(std::span<const std::string_view> values) {
    return choices(std::vector<std::string>(values.begin(), values.end()));
  }
  Leaf& flag(const std::string& name, const std::string& help);
  void runs(Action action);

 private:
  CLI::App* app_;
  Invocation& invocation_;
  std::shared_ptr<Words> words_ = std::make_shared<Words>();
  std::function<void()> require_last_;
  std::function<void(const std::vector<std::string>&)> restrict_last_;
};

}  // namespace rap::client
