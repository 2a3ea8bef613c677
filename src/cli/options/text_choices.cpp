#include "cli/options/text_choices.hpp"

#include <fmt/format.h>

#include <iterator>
#include <unordered_set>

#include "cli/input/line_reader.hpp"
#include "cli/options/command_line.hpp"

namespace blip::cli {

void TextChoices::declare(OptionParser& app, std::string_view purpose) {
  const char* group = "Input";
  app.add_option("--" + thing_, texts,
                 fmt::format("A {} {}; may be given several times. Every word of the command line "
                             "is then an image",
                             thing_, purpose))
      ->type_name("TEXT")
      ->one_value_each()
      ->group(group);
  app.add_option("--" + thing_ + "s", file_,
                 fmt::format("Read {}s from FILE, one per line, - for standard input", thing_))
      ->type_name("FILE")
      ->group(group);
}

void TextChoices::resolve() {
  if (file_.empty()) return;
  std::vector<std::string> lines = lines_of(file_);
  std::move(lines.begin(), lines.end(), std::back_inserter(texts));
}

void TextChoices::take_words(InputSelection& selection, std::string_view command) {
  if (selection.list_format != ListFormat::names) {
    // Each line has a text of its own; one may stand for those that do not.
    if (texts.size() > 1) {
      throw UsageError(
          fmt::format("a list with a {} for each image takes one --{} at most, for "
                      "lines without one",
                      thing_, thing_));
    }
    if (given()) selection.columns.otherwise = texts.front();
    return;
  }
  if (given()) return;
  if (!selection.list.empty()) {
    throw UsageError(
        fmt::format("--from-file needs --{0} TEXT or --{0}s FILE, or a .jsonl or .tsv "
                    "with a {0} for each image",
                    thing_));
  }
  if (selection.names.size() < 2) {
    throw UsageError(fmt::format("no {} given; see: blip {} --help", thing_, command));
  }
  texts.assign(std::make_move_iterator(selection.names.begin() + 1),
               std::make_move_iterator(selection.names.end()));
  selection.names.resize(1);
}

void TextChoices::require_own_input(const InputSelection& selection) const {
  if (file_ == "-" && selection.list == "-") {
    throw UsageError(fmt::format("--from-file and --{}s cannot both read standard input", thing_));
  }
}

std::vector<std::string> lines_of(const std::string& file) {
  LineReader reader(file, '\n');
  std::vector<std::string> lines;
  while (auto line = reader.next({})) lines.push_back(std::move(*line));
  if (lines.empty()) {
    throw UsageError((file == "-" ? "standard input" : file) + ": holds no line of text");
  }
  return lines;
}

std::vector<std::string> without_repeats(const std::vector<std::string>& texts) {
  std::unordered_set<std::string> seen;
  std::vector<std::string> once;
  for (const std::string& text : texts) {
    if (seen.insert(text).second) once.push_back(text);
  }
  return once;
}

}  // namespace blip::cli
