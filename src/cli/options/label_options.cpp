#include "cli/options/label_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <system_error>
#include <utility>

#include "cli/options/command_line.hpp"
#include "cli/options/text_choices.hpp"
#include "core/file_ending.hpp"
#include "core/user_cache.hpp"

namespace blip::cli {
namespace {

// "cat, dog" → "cat", "dog"
std::vector<std::string> comma_separated(const std::string& text) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t comma = std::min(text.find(',', at), text.size());
    const std::size_t first = text.find_first_not_of(' ', at);
    if (first < comma) {
      const std::size_t last = text.find_last_not_of(' ', comma - 1);
      parts.push_back(text.substr(first, last + 1 - first));
    }
    at = comma + 1;
  }
  return parts;
}

}  // namespace

void LabelOptions::declare(OptionParser& app, std::string_view purpose) {
  const char* group = "Labels";
  app.add_option("--labels", sources_,
                 fmt::format("{}: a file with one on each line, - for standard input, or labels "
                             "with commas between them; may be given several times",
                             purpose))
      ->type_name("FILE|LABEL,...")
      ->one_value_each()
      ->group(group);
  app.add_option("--template", templates_,
                 fmt::format("Read a label in this sentence, {{}} being its place; of several the "
                             "mean is taken [{}]",
                             app::kPipelineTemplate))
      ->type_name("TEXT")
      ->one_value_each()
      ->group(group);
  app.add_flag("--no-label-cache", keeps_nothing_,
               "Do not keep the vectors of labels for the next run")
      ->group(group);
}

void LabelOptions::resolve() {
  for (const std::string& source : sources_) {
    std::error_code ignored;
    const bool is_there = std::filesystem::exists(source, ignored);  // a file, or a pipe
    const bool is_file = source == "-" || (is_there && !std::filesystem::is_directory(source));
    if (!is_file && file_ending(source) == "txt") {
      throw UsageError("--labels " + source + ": there is no such file");
    }
    std::vector<std::string> labels = is_file ? lines_of(source) : comma_separated(source);
    std::move(labels.begin(), labels.end(), std::back_inserter(set.labels));
  }
  set.labels = without_repeats(set.labels);
  if (set.labels.empty() && !sources_.empty()) throw UsageError("--labels names no label");
  for (const std::string& pattern : templates_) {
    if (pattern.find("{}") == std::string::npos) {
      throw UsageError(fmt::format("--template '{}' has no {{}} for the label", pattern));
    }
  }
  if (!templates_.empty()) set.templates = std::move(templates_);
}

std::filesystem::path LabelOptions::kept_labels() const {
  const std::filesystem::path cache = keeps_nothing_ ? "" : user_cache_directory();
  return cache.empty() ? cache : cache / "labels";
}

}  // namespace blip::cli
