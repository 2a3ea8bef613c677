#include "cli/output/eval_output.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "app/records/output_file.hpp"
#include "cli/options/command_line.hpp"
#include "cli/output/console.hpp"

namespace blip::cli {
namespace {

std::string dumped(const nlohmann::ordered_json& json, int indent) {
  return json.dump(indent, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

std::string table_of(const EvalScores& scores) {
  std::size_t width = 0;
  for (const auto& [name, value] : scores.lines) width = std::max(width, name.size());
  std::string text;
  for (const auto& [name, value] : scores.lines) {
    text += fmt::format("{:<{}}  {:>8}\n", printable(name), width, value);
  }
  return text;
}

}  // namespace

void EvalOutput::declare(OptionParser& app, const std::string& items) {
  const char* group = "Output";
  app.add_option("-f,--format", format_, "text (a table) or json (an object) [text]")
      ->type_name("FORMAT")
      ->check(one_of({"text", "json"}))
      ->group(group);
  app.add_option("-o,--output", file_, "Write to FILE instead of standard output (-)")
      ->type_name("FILE")
      ->group(group);
  app.add_option(
         "--per-" + items, items_file_,
         "Write what was judged and the scores of every " + items + " to FILE, an object per line")
      ->type_name("FILE")
      ->group(group);
  app.add_flag("-q,--quiet", quiet_, "No progress line on the terminal")->group(group);
}

void EvalOutput::write(const EvalScores& scores) const {
  const std::string text = format_ == "json" ? dumped(scores.json, 2) : table_of(scores);
  if (file_.empty() || file_ == "-") {
    print(text);
    return;
  }
  app::OutputFile file = app::OutputFile::open(file_, false);
  file.write(text);
  file.close();
}

void EvalOutput::write_items(const std::vector<nlohmann::ordered_json>& items) const {
  if (!wants_items()) return;
  std::string text;
  for (const auto& item : items) text += dumped(item, -1);
  app::OutputFile file = app::OutputFile::open(items_file_, false);
  file.write(text);
  file.close();
}

}  // namespace blip::cli
