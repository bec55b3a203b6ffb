#include "command_line/parsing.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <numeric>

namespace rap::command_line {
namespace {

// A word that CLI11 would take apart has this before it until its option has it. No word of a
// person begins so by accident, and one that does gets another.
constexpr char kWhole = '\x01';

std::string guarded(const std::string& word) {
  return word.starts_with('[') || word.starts_with(kWhole) ? kWhole + word : word;
}

std::string bared(std::string word) {
  if (word.starts_with(kWhole)) word.erase(0, 1);
  return word;
}

void take_whole_words(CLI::App& app) {
  for (CLI::Option* option : app.get_options()) {
    if (option->get_items_expected_max() > 0) option->transform(std::function(bared));
  }
  for (CLI::App* child : app.get_subcommands({})) take_whole_words(*child);
}

// Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> two_above;
  std::vector<std::size_t> above(b.size() + 1);
  std::iota(above.begin(), above.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::vector<std::size_t> row(b.size() + 1);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = a[i - 1] == b[j - 1];
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (same ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], two_above[j - 2] + 1);
      }
    }
    two_above = std::exchange(above, std::move(row));
  }
  return above.back();
}

// A slip in a short word, up to three in a long one.
std::size_t tolerance(std::string_view word) {
  return std::clamp<std::size_t>(word.size() / 3, 1, 3);
}

std::string did_you_mean(const std::optional<std::string>& word) {
  return word ? " Did you mean '" + *word + "'?" : "";
}

std::vector<std::string> commands_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* child : app.get_subcommands({})) names.push_back(child->get_name());
  return names;
}

std::vector<std::string> options_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

std::string listed(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

bool has_positionals(const CLI::App& app) {
  return std::ranges::any_of(app.get_options(),
                             [](const CLI::Option* o) { return o->get_positional(); });
}

}  // namespace

void parse_words(CLI::App& root, std::vector<std::string> words) {
  take_whole_words(root);
  std::ranges::transform(words, words.begin(), guarded);
  std::ranges::reverse(words);  // as CLI11 wants them
  root.parse(std::move(words));
}

std::optional<std::string> nearest(std::string_view word,
                                   const std::vector<std::string>& candidates) {
  std::optional<std::string> best;
  std::size_t least = tolerance(word) + 1;
  for (const std::string& candidate : candidates) {
    const std::size_t far = distance(word, candidate);
    if (far >= least) continue;
    least = far;
    best = candidate;
  }
  if (best) return best;
  const auto begun = std::ranges::find_if(
      candidates, [&](const std::string& c) { return !word.empty() && c.starts_with(word); });
  return begun == candidates.end() ? std::nullopt : std::optional(*begun);
}

namespace {

// Follows the words down the tree, as far as it has them.
struct Followed {
  const CLI::App* app;
  std::string path;
  std::optional<std::string> unknown = std::nullopt;  // what is said of the first that it lacks
};

Followed follow(const CLI::App& root, const std::vector<std::string>& words) {
  Followed followed{&root, root.get_name()};
  auto& [app, path, unknown] = followed;
  for (std::size_t i = 0; i < words.size() && words[i] != "--"; ++i) {
    const std::string& word = words[i];
    if (word.starts_with("--")) {
      const std::string name = word.substr(0, word.find('='));
      const CLI::Option* option = app->get_option_no_throw(name);
      if (option == nullptr) {
        unknown = "'" + path + "' has no option '" + name + "'." +
                  did_you_mean(nearest(name, options_of(*app))) + " See '" + path + " --help'.";
        return followed;
      }
      if (option->get_items_expected_max() > 0 && name == word) ++i;  // its value
      continue;
    }
    if (word.starts_with('-')) continue;
    const auto names = commands_of(*app);
    if (std::ranges::find(names, word) != names.end()) {
      app = app->get_subcommand(word);
      path += " " + word;
    } else if (!names.empty() && !has_positionals(*app)) {
      unknown = "There is no command '" + path + " " + word + "'." +
                did_you_mean(nearest(word, names)) + " '" + path + " --help' lists what there is.";
      return followed;
    }
  }
  return followed;
}

}  // namespace

std::optional<std::string> explain_unknown_word(const CLI::App& root,
                                                const std::vector<std::string>& words) {
  return follow(root, words).unknown;
}

std::string explain_error(const CLI::App& root, const std::vector<std::string>& words,
                          const CLI::ParseError& error) {
  const Followed followed = follow(root, words);
  if (followed.unknown) return *followed.unknown;
  const std::string see = ". See '" + followed.path + " --help'.";
  if (followed.app->get_require_subcommand_min() == 0) return error.what() + see;
  return "'" + followed.path + "' does nothing by itself; it has " +
         listed(commands_of(*followed.app)) + see;
}

std::expected<void, int> parse_program(CLI::App& app, int argc, const char* const* argv) {
  try {
    app.parse(argc, argv);
    return {};
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) {
      return std::unexpected(app.exit(e));
    }
    std::cerr << app.get_name() << ": " << explain_error(app, {argv + 1, argv + argc}, e)
              << std::endl;
    return std::unexpected(kWrongUsage);
  }
}

}  // namespace rap::command_line
