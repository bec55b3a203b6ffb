#include "command_line/completion.hpp"

#include <CLI/CLI.hpp>
#include <map>
#include <vector>

namespace rap::command_line {
namespace {

struct Word {
  std::string text;
  std::string description;
};

// One command: its path below the program ("", "admin nodes"), and what may follow it.
struct Place {
  std::string path;
  std::vector<Word> words;
};

struct Tree {
  std::vector<Place> places;
  Listings listings;
  std::map<std::string, std::string> values;  // of an option, separated by spaces
};

// CLI11 shows a closed set in the option's type: "CLASS:{input,file_transfer}".
std::string closed_set(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const std::size_t open = type.find('{');
  const std::size_t close = type.find('}', open);
  if (open == type.npos || close == type.npos) return {};
  std::string out = type.substr(open + 1, close - open - 1);
  for (char& c : out) {
    if (c == ',') c = ' ';
  }
  return out;
}

void flatten(const CLI::App& app, const std::string& path, Tree& tree) {
  Place place{path, {}};
  for (const CLI::App* child : app.get_subcommands({})) {
    place.words.push_back({child->get_name(), child->get_description()});
  }
  for (const CLI::Option* option : app.get_options()) {
    const std::string values = closed_set(*option);
    if (option->get_positional()) {
      for (std::size_t at = 0; at < values.size();) {
        const std::size_t end = std::min(values.find(' ', at), values.size());
        place.words.push_back({values.substr(at, end - at), option->get_description()});
        at = end + 1;
      }
      continue;
    }
    for (const std::string& name : option->get_lnames()) {
      place.words.push_back({"--" + name, option->get_description()});
      if (!values.empty()) tree.values["--" + name] = values;
    }
  }
  tree.places.push_back(std::move(place));
  for (const CLI::App* child : app.get_subcommands({})) {
    flatten(*child, path.empty() ? child->get_name() : path + " " + child->get_name(), tree);
  }
}

// The text in single quotes; `inner` is put before each character of `special` inside.
std::string in_quotes(const std::string& text, std::string_view special = "",
                      std::string_view inner = "") {
  std::string out = "'";
  for (char c : text) {
    if (c == '\'') {
      out += "'\\''";
      continue;
    }
    if (special.find(c) != special.npos) out += inner;
    out.push_back(c);
  }
  return out + "'";
}

// The shell patterns of all places but the root, for finding out where the cursor is.
std::string known_paths(const Tree& tree, std::string_view separator) {
  std::string out;
  for (const Place& place : tree.places) {
    if (place.path.empty()) continue;
    if (!out.empty()) out += separator;
    out += in_quotes(place.path);
  }
  return out;
}

// Bash takes USER@ for words of their own. What is listed is a server's text: it is quoted, and
// never expanded as `compgen -W` would.
std::string bash_listings(const Tree& tree, const std::string& program) {
  if (tree.listings.empty()) return {};
  std::string out =
      "  [[ $current == -* || $previous != \"${place##* }\" && $previous != @ && $previous != -* "
      "]] "
      "&& return\n  case $place in\n";
  for (const auto& [place, words] : tree.listings) {
    out += "    " + in_quotes(place) + ") words=" + in_quotes(words) + " ;;\n";
  }
  return out +
         "    *) return ;;\n  esac\n  [[ $current == @ ]] && current=\n"
         "  while IFS= read -r next; do\n"
         "    [[ $next == \"$current\"* ]] && COMPREPLY+=(\"$(printf %q \"$next\")\")\n"
         "  done < <(" +
         program + " $words 2>/dev/null)\n";
}

std::string bash_script(const Tree& tree, const std::string& program) {
  std::string out =
      "# bash completion of " + program + "\n_" + program + "() {\n" +
      "  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}\n"
      "  local place= next i words=\n"
      "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
      "    next=\"${place:+$place }${COMP_WORDS[i]}\"\n"
      "    case $next in\n      " +
      known_paths(tree, "|") + ") place=$next ;;\n    esac\n  done\n" + "  case $place in\n";
  for (const Place& place : tree.places) {
    std::string words;
    for (const Word& word : place.words) words += (words.empty() ? "" : " ") + word.text;
    out += "    " + in_quotes(place.path) + ") words=" + in_quotes(words) + " ;;\n";
  }
  out += "  esac\n  case $previous in\n";
  for (const auto& [option, values] : tree.values) {
    out += "    " + option + ") words=" + in_quotes(values) + " ;;\n";
  }
  return out + "  esac\n  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n" +
         bash_listings(tree, program) + "}\ncomplete -o default -F _" + program + " " + program +
         "\n";
}

std::string zsh_script(const Tree& tree, const std::string& program) {
  std::string out = "#compdef " + program + "\n_" + program + "() {\n" +
                    "  local place= next i\n  local -a items\n"
                    "  for ((i = 2; i < CURRENT; i++)); do\n"
                    "    next=\"${place:+$place }${words[i]}\"\n"
                    "    case $next in\n      (" +
                    known_paths(tree, "|") + ") place=$next ;;\n    esac\n  done\n" +
                    "  case $place in\n";
  for (const Place& place : tree.places) {
    out += "    (" + in_quotes(place.path) + ") items=(";
    for (const Word& word : place.words) {
      out += " " + in_quotes(word.text + ":" + word.description);
    }
    if (const auto listing = tree.listings.find(place.path); listing != tree.listings.end()) {
      out += " ${(f)\"$(" + program + " " + listing->second + " 2>/dev/null)\"}";
    }
    out += " ) ;;\n";
  }
  out += "  esac\n  case ${words[CURRENT-1]} in\n";
  for (const auto& [option, values] : tree.values) {
    out += "    (" + option + ") items=( " + values + " ) ;;\n";
  }
  return out + "  esac\n  _describe " + program + " items || _files\n}\n" + "compdef _" + program +
         " " + program + "\n";
}

std::string fish_script(const Tree& tree, const std::string& program) {
  std::string out = "# fish completion of " + program + "\nfunction __" + program + "_place\n" +
                    "  set -l known " + known_paths(tree, " ") + "\n  set -l place\n" +
                    "  for word in (commandline -opc)[2..-1]\n"
                    "    set -l next (string trim -- \"$place $word\")\n"
                    "    contains -- $next $known; and set place $next\n"
                    "  end\n  test \"$place\" = \"$argv[1]\"\nend\n"
                    "complete -c " +
                    program + " -f\n";
  for (const Place& place : tree.places) {
    for (const Word& word : place.words) {
      const bool is_option = word.text.starts_with("--");
      const std::string name = is_option ? word.text.substr(2) : word.text;
      const auto values = is_option ? tree.values.find(word.text) : tree.values.end();
      out += "complete -c " + program + " -n " +
             in_quotes("__" + program + "_place \"" + place.path + "\"") +
             (is_option ? " -l " : " -a ") + in_quotes(name, "\\", "\\") + " -d " +
             in_quotes(word.description, "\\", "\\");
      if (values != tree.values.end()) out += " -x -a " + in_quotes(values->second);
      out += "\n";
    }
  }
  for (const auto& [place, words] : tree.listings) {
    out += "complete -c " + program + " -n " +
           in_quotes("__" + program + "_place \"" + place + "\"") + " -a " +
           in_quotes("(" + program + " " + words + " 2>/dev/null)") + "\n";
  }
  return out;
}

}  // namespace

std::optional<Shell> shell_from(std::string_view name) {
  if (name == "bash") return Shell::bash;
  if (name == "zsh") return Shell::zsh;
  if (name == "fish") return Shell::fish;
  return std::nullopt;
}

std::string completion_script(const CLI::App& root, Shell shell, const Listings& listings) {
  Tree tree;
  tree.listings = listings;
  flatten(root, "", tree);
  switch (shell) {
    case Shell::bash: return bash_script(tree, root.get_name());
    case Shell::zsh: return zsh_script(tree, root.get_name());
    case Shell::fish: return fish_script(tree, root.get_name());
  }
  return {};
}

}  // namespace rap::command_line
