#include "cli/options/help_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
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

std::string option_names(const OptionDescription& option) {
  if (!option.words.empty()) return option.words;
  std::string names = option.short_name.empty() ? "    " : "-" + option.short_name;
  if (!option.long_name.empty()) {
    if (!option.short_name.empty()) names += ", ";
    names += "--" + option.long_name;
  }
  if (!option.type_name.empty()) names += " " + option.type_name;
  return names;
}

void append_option(std::string& out, const OptionDescription& option) {
  std::string line = "  " + option_names(option);
  if (line.size() + 2 > kTextColumn) {
    out += line + "\n";
    line.clear();
  }
  line.resize(kTextColumn, ' ');
  out += line;
  append_wrapped(out, option.text, kTextColumn, kTextColumn);
}

}  // namespace

void print_help(const std::vector<OptionDescription>& options, const CommandHelp& help) {
  std::string text = fmt::format("Usage: blip {} {}\n\n", help.name, help.synopsis);
  append_wrapped(text, help.summary, 0, 0);

  std::vector<std::string> groups;
  for (const OptionDescription& option : options) {
    if (std::find(groups.begin(), groups.end(), option.group) == groups.end())
      groups.push_back(option.group);
  }
  std::string variables;
  for (const std::string& group : groups) {
    text += "\n" + group + ":\n";
    for (const OptionDescription& option : options) {
      if (option.group != group) continue;
      append_option(text, option);
      if (!option.variable.empty()) variables += " " + option.variable;
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
