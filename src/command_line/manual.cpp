#include "command_line/manual.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <ostream>
#include <utility>

namespace rap::command_line {
namespace {

// Text in which roff sees no command: a backslash doubled, a hyphen that can be searched for and
// copied, no line that starts with a control character.
std::string roff(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else if (c == '\n') {
      out += ' ';
    } else {
      out.push_back(c);
    }
  }
  if (!out.empty() && (out[0] == '.' || out[0] == '\'')) out.insert(0, "\\&");
  return out;
}

std::string bold(const std::string& text) { return "\\fB" + roff(text) + "\\fR"; }
std::string italic(const std::string& text) { return "\\fI" + roff(text) + "\\fR"; }

// "-l" before "--login", each bold, with the type of its value in italics.
std::string option_term(const CLI::Option& option) {
  std::string out;
  const auto add = [&](const std::string& name) {
    if (!out.empty()) out += ", ";
    out += bold(name);
  };
  for (const std::string& name : option.get_snames()) add("-" + name);
  for (const std::string& name : option.get_lnames()) add("--" + name);
  if (option.get_items_expected_max() > 0 && !option.get_type_name().empty()) {
    out += " " + italic(option.get_type_name());
  }
  return out;
}

std::string positional_term(const CLI::Option& option) {
  const std::string name = option.get_name(true) + (option.get_expected_max() > 1 ? "..." : "");
  return option.get_required() ? italic(name) : "[" + italic(name) + "]";
}

void describe(const CLI::Option& option, const std::string& term, std::string& out) {
  out += ".TP\n" + term + "\n" + roff(option.get_description());
  if (!option.get_default_str().empty()) out += " (" + roff(option.get_default_str()) + ")";
  out += ".\n";
}

// Options of which one must be given stand in a group, which CLI11 has as a command without a name.
std::vector<const CLI::App*> children(const CLI::App& app, bool with_name) {
  std::vector<const CLI::App*> out;
  for (const CLI::App* child : app.get_subcommands({})) {
    if (child->get_name().empty() != with_name) out.push_back(child);
  }
  return out;
}

std::string alternatives(const CLI::App& group) {
  std::string out;
  for (const CLI::Option* option : group.get_options()) {
    if (!option->nonpositional() || option == group.get_help_ptr()) continue;
    out += (out.empty() ? "" : " | ") + option_term(*option);
  }
  return group.get_require_option_min() > 0 ? "{" + out + "}" : "[" + out + "]";
}

// The words of a command, options first, then what it takes.
std::string synopsis(const CLI::App& app, const std::string& path) {
  std::string out = bold(path);
  bool optional = false;
  for (const CLI::Option* option : app.get_options()) {
    if (!option->nonpositional()) continue;
    if (option->get_required()) {
      out += " " + option_term(*option);
    } else {
      optional = true;
    }
  }
  for (const CLI::App* group : children(app, false)) out += " " + alternatives(*group);
  if (optional) out += " [" + italic("OPTION") + "]...";
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_positional()) out += " " + positional_term(*option);
  }
  return out;
}

// --help is described once, with the program.
void describe_options(const CLI::App& app, std::string& out) {
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_positional()) describe(*option, positional_term(*option), out);
  }
  for (const CLI::Option* option : app.get_options()) {
    const bool help = app.get_parent() != nullptr && option == app.get_help_ptr();
    if (option->nonpositional() && !help) describe(*option, option_term(*option), out);
  }
  for (const CLI::App* group : children(app, false)) describe_options(*group, out);
}

bool runs(const CLI::App& app) {
  return children(app, true).empty() || app.get_require_subcommand_min() == 0;
}

// Every command below `app`, in the order of the tree.
void describe_commands(const CLI::App& app, const std::string& path, std::string& out) {
  for (const CLI::App* child : children(app, true)) {
    const std::string name = path + " " + child->get_name();
    if (runs(*child)) {
      out += ".SS " + synopsis(*child, name) + "\n" + roff(child->get_description()) + ".\n";
      describe_options(*child, out);
    }
    describe_commands(*child, name, out);
  }
}

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return text;
}

}  // namespace

std::string manual_page(const CLI::App& root, const std::string& version,
                        const std::vector<ManualSection>& sections) {
  const std::string& name = root.get_name();
  const bool has_commands = !children(root, true).empty();
  std::string out = ".TH " + roff(upper(name)) + " 1 \"\" \"" + roff(name + " " + version) + "\"\n";
  out += ".SH NAME\n" + roff(name) + " \\- " + roff(root.get_description()) + "\n";
  out += ".SH SYNOPSIS\n" +
         (has_commands ? bold(name) + " " + italic("COMMAND") + " [" + italic("OPTION") + "]..."
                       : synopsis(root, name)) +
         "\n";
  out += ".SH OPTIONS\n";
  describe_options(root, out);
  if (has_commands) {
    out += ".SH COMMANDS\n";
    describe_commands(root, name, out);
  }
  for (const ManualSection& section : sections) {
    out += ".SH " + roff(section.heading) + "\n";
    for (const auto& [term, text] : section.entries) {
      out += ".TP\n" + bold(term) + "\n" + roff(text) + "\n";
    }
  }
  return out;
}

void add_manual_flag(CLI::App& app, const std::string& version, std::vector<ManualSection> sections,
                     std::ostream& out) {
  app.add_flag_callback(
         "--man",
         [&app, version, sections = std::move(sections), &out] {
           out << manual_page(app, version, sections);
           throw CLI::Success();
         },
         "Print the manual page and exit")
      ->trigger_on_parse();
}

}  // namespace rap::command_line
