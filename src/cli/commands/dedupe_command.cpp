// blip dedupe: finds photos of an index that are there twice.
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "app/library/duplicates.hpp"
#include "app/library/thumbnails.hpp"
#include "app/records/record.hpp"
#include "cli/commands.hpp"
#include "cli/input/model_download.hpp"
#include "cli/options/command_line.hpp"
#include "cli/options/library_options.hpp"
#include "cli/options/sheet_options.hpp"
#include "cli/output/console.hpp"

namespace blip::cli {
namespace {

constexpr std::string_view kDedupeFooter =
    "Examples:\n"
    "  blip index ~/Pictures --recursive\n"
    "  blip dedupe\n"
    "  blip dedupe --alike --path 'Trips/*' --format jsonl\n"
    "\n"
    "Exit code: 0 looked, whatever was found; 2 nothing could run, for want of an index.\n";

struct DedupeOptions {
  app::DuplicateOptions finding;
  std::string index;
  std::string format = "text";
  int threads = 0;
  SheetOptions sheet;
};

std::unique_ptr<DedupeOptions> parse_dedupe_options(Arguments arguments) {
  auto options = std::make_unique<DedupeOptions>();
  OptionParser app;
  declare_index(app, options->index);
  app.add_option("--path", options->finding.filter.paths,
                 "Only photos whose path, or the end of it after a /, fits the pattern: 'Trips/*'")
      ->type_name("GLOB")
      ->one_value_each()
      ->group("Query");
  app.add_flag("--alike", options->finding.alike,
               "Show photos that are merely alike as well, as a burst of the same scene")
      ->group("Query");
  app.add_option("--cosine", options->finding.cosine,
                 "How alike they are at least: the cosine of their vectors [0.95]")
      ->type_name("C")
      ->check(number(0, 1))
      ->group("Query");
  app.add_option("-f,--format", options->format, "text, jsonl (an object per group) or json [text]")
      ->type_name("FORMAT")
      ->check(one_of({"text", "jsonl", "json"}))
      ->group("Output");
  app.add_option("--threads", options->threads, "Threads that compute [one per core]")
      ->type_name("N")
      ->check(whole_number(0, 1024))
      ->group("Output");
  options->sheet.declare(app);
  const CommandHelp help = {
      .name = "dedupe",
      .synopsis = "[options]",
      .summary =
          "Finds the photos of an index (blip index) that are there more than once: the same "
          "bytes, or the same picture encoded or scaled anew. The best of each group stands first. "
          "Nothing is deleted.",
      .footer = kDedupeFooter};
  if (!parse_arguments(app, help, arguments)) return nullptr;
  return options;
}

std::string_view name_of(const app::DuplicateGroup& group) {
  return group.kind == app::DuplicateGroup::Kind::copy ? "copy" : "alike";
}

nlohmann::ordered_json json_of(const app::DuplicateGroup& group) {
  auto files = nlohmann::ordered_json::array();
  for (const app::DuplicateFile& file : group.files) {
    files.push_back({{"path", app::path_text(file.path)},
                     {"size", file.size},
                     {"width", file.width},
                     {"height", file.height},
                     {"best", files.empty()}});
  }
  return {{"kind", name_of(group)}, {"files", std::move(files)}};
}

std::string text_of(const app::DuplicateGroup& group) {
  std::string text = fmt::format("{}\n", name_of(group));
  for (const app::DuplicateFile& file : group.files) {
    text += fmt::format("  {}  {} x {}, {}\n", printable(file.path), file.width, file.height,
                        human_bytes(static_cast<std::uint64_t>(file.size)));
  }
  return text;
}

app::SheetGroup sheet_of_group(search::LibraryIndex& index, const app::DuplicateGroup& group) {
  app::SheetGroup sheet{.heading = std::string(name_of(group)), .photos = {}};
  for (const app::DuplicateFile& file : group.files) {
    sheet.photos.push_back(
        {.path = file.path,
         .jpeg = app::find_thumbnail(index, file.picture, file.path),
         .note = fmt::format("{}{} x {}, {}", sheet.photos.empty() ? "best: " : "", file.width,
                             file.height, human_bytes(static_cast<std::uint64_t>(file.size)))});
  }
  return sheet;
}

}  // namespace

ExitCode run_dedupe(Arguments arguments) {
  const auto options = parse_dedupe_options(arguments);
  if (!options) return ExitCode::ok;

  search::LibraryIndex index(index_file(options->index), search::Access::read);
  Context context({.num_threads = options->threads});
  const auto groups = app::find_duplicates(index, options->finding, context);
  std::string output;
  auto array = nlohmann::ordered_json::array();
  for (const app::DuplicateGroup& group : groups) {
    if (options->format == "text") output += text_of(group);
    if (options->format == "jsonl") output += json_of(group).dump() + "\n";
    if (options->format == "json") array.push_back(json_of(group));
  }
  if (options->format == "json") output = array.dump() + "\n";
  print(output);
  if (options->sheet.wanted()) {
    std::vector<app::SheetGroup> sheets;
    for (const app::DuplicateGroup& group : groups) sheets.push_back(sheet_of_group(index, group));
    options->sheet.show("Photos that are there more than once", sheets);
  }
  return ExitCode::ok;
}

}  // namespace blip::cli
