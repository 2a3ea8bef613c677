#include "cli/options/help_text.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <string_view>
#include <vector>

#include "cli/output/console.hpp"

namespace blip::cli {
namespace {

constexpr std::size_t kTextColumn = 27;  // where the explanations start
constexpr std::size_t kLineWidth = 96;

// Appends `text`, broken between words, each new line starting at `column`. `used` is how much of
// the first line is taken.
void append_wrapped(std::string& out, std::string_view text, std::size_t column, std::size_t used) {
  while (!text.empty()) {
    const std::size_t length = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, length);
    text.remove_prefix(std::min(length + 1, text.size()));
    if (used + 1 + word.size() > kLineWidth && used > column) {
      out += "\n" + std::string(column, ' ');
      used = column;
    } else if (used > column) {
      out += ' ';
      ++used;
    }
    out += word;
    used += word.size();
  }
  out += '\n';
}

std::string option_names(const CLI::Option& option) {
  if (option.get_positional()) return option.get_name();
  std::string names = option.get_snames().empty() ? "    " : "-" + option.get_snames().front();
  if (!option.get_lnames().empty()) {
    if (!option.get_snames().empty()) names += ", ";
    names += "--" + option.get_lnames().front();
  }
  if (!option.get_type_name().empty()) names += " " + option.get_type_name();
  return names;
}

void append_option(std::string& out, const CLI::Option& option) {
  std::string line = "  " + option_names(option);
  if (line.size() + 2 > kTextColumn) {
    out += line + "\n";
    line.clear();
  }
  line.resize(kTextColumn, ' ');
  out += line;
  append_wrapped(out, option.get_description(), kTextColumn, kTextColumn);
}

}  // namespace

void print_help(const CLI::App& app, const CommandHelp& help) {
  std::string text = fmt::format("Usage: blip {} {}\n\n", help.name, help.synopsis);
  append_wrapped(text, help.summary, 0, 0);

  std::vector<std::string> groups;
  for (const CLI::Option* option : app.get_options()) {
    const std::string& group = option->get_group();
    if (option != app.get_help_ptr() &&
        std::find(groups.begin(), groups.end(), group) == groups.end())
      groups.push_back(group);
  }
  std::string variables;
  for (const std::string& group : groups) {
    text += "\n" + group + ":\n";
    for (const CLI::Option* option : app.get_options()) {
      if (option->get_group() != group || option == app.get_help_ptr()) continue;
      append_option(text, *option);
      if (!option->get_envname().empty()) variables += " " + option->get_envname();
    }
  }

  text += "\n  -h, --help               Show this\n";
  if (!variables.empty()) {
    text += "\n";
    append_wrapped(text,
                   "Environment: every option also reads BLIP_<OPTION>; the command line wins. "
                   "Switches take 1 or 0. Known:" +
                       variables,
                   2, 0);
  }
  text += "\n";
  text += help.footer;
  text += help.exit_codes;
  print(text);
}

}  // namespace blip::cli
