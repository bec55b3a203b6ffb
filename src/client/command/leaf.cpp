#include "client/command/leaf.hpp"

#include "base/try.hpp"

#include <CLI/CLI.hpp>

namespace rap::client {
namespace {

auto only_members(CLI::Option* option) {
  return [option](const std::vector<std::string>& values) { option->check(CLI::IsMember(values)); };
}

}  // namespace

Leaf::Leaf(CLI::App& group, Invocation& invocation, const std::string& name,
           const std::string& description)
    : app_(add_command(group, invocation, name, description)), invocation_(invocation) {}

Leaf& Leaf::word(const std::string& name, const std::string& help) {
  CLI::Option* option =
      app_->add_option(name, words_->values_[name], help)->required()->type_name("");
  restrict_last_ = only_members(option);
  return *this;
}

Leaf& Leaf::words(const std::string& name, const std::string& help) {
  CLI::Option* option =
      app_->add_option(name, words_->lists_[name], help)->required()->type_name("");
  restrict_last_ = only_members(option);
  return *this;
}

Leaf& Leaf::option(const std::string& name, const std::string& type, const std::string& help) {
  CLI::Option* option = app_->add_option(name, words_->values_[name], help)->type_name(type);
  require_last_ = [option] { option->required(); };
  restrict_last_ = only_members(option);
  return *this;
}

Leaf& Leaf::count(const std::string& name, const std::string& type, std::int64_t most,
                  const std::string& help) {
  CLI::Option* option = app_->add_option(name, words_->counts_[name], help)
                            ->type_name(type)
                            ->check(CLI::Range(std::int64_t{1}, most));
  require_last_ = [option] { option->required(); };
  restrict_last_ = only_members(option);
  return *this;
}

Leaf& Leaf::required() {
  require_last_();
  return *this;
}

Leaf& Leaf::choices(const std::vector<std::string>& values) {
  restrict_last_(values);
  return *this;
}

Leaf& Leaf::flag(const std::string& name, const std::string& help) {
  app_->add_flag(name, words_->flags_[name], help);
  return *this;
}

void Leaf::runs(Action action) {
  app_->callback([&invocation = invocation_, words = words_, action = std::move(action)] {
    invocation.run = [words, action](World& world) -> Fallible<int> {
      auto api = RAP_TRY(open_api(world));
      return action(world, api, *words);
    };
  });
}

}  // namespace rap::client
