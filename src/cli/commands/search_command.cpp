// blip search: finds photos of an index by words and by photos.
#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "app/images/open_image.hpp"
#include "app/library/library_search.hpp"
#include "app/library/thumbnails.hpp"
#include "blip/error.hpp"
#include "cli/commands.hpp"
#include "cli/commands/search_catalogue.hpp"
#include "cli/input/image_folder.hpp"
#include "cli/input/model_download.hpp"
#include "cli/options/command_line.hpp"
#include "cli/options/library_options.hpp"
#include "cli/options/sheet_options.hpp"
#include "cli/output/console.hpp"
#include "cli/output/interrupt.hpp"
#include "cli/output/reporter.hpp"

namespace blip::cli {
namespace {

constexpr std::string_view kSearchFooter =
    "Examples:\n"
    "  blip search \"two dogs on a beach\"\n"
    "  blip search photo.jpg --top 5\n"
    "  blip search photo.jpg \"at night\" --photo-weight 0.5\n"
    "  blip search \"a beach\" --not people --after 2024-06 --path 'Trips/*' --format jsonl\n"
    "  blip search chair.jpg \"but red\" --where 'price<100' --index products.db\n"
    "  blip search --like SKU-17 --index products.db\n"
    "  blip search \"a market\" --near 48.86,2.35,10km --camera canon --tag food --open\n"
    "\n"
    "Exit code: 0 searched, whatever was found; 1 some photos could not be read again; 2 nothing "
    "could\n"
    "run, for want of an index, of its model or of a place for the output.\n";

struct SearchOptions {
  std::vector<std::string> words;
  app::LibraryQuery query;
  ItemOptions items;
  std::string after;
  std::string before;
  std::string near;
  int top = 10;
  int candidates = 64;
  bool no_rerank = false;
  bool no_captions = false;
  std::optional<float> word_weight;
  bool exact = false;
  bool approximate = false;
  std::string index;
  std::string typed_for_photos;  // an option that was typed and means nothing to a catalogue
  std::string typed_for_items;   // and to an index of photos
  InputOptions reading;
  ModelOptions model{""};
  OutputOptions output;
  SheetOptions sheet;

  [[nodiscard]] app::LibrarySearchOptions searching() const {
    return {.top = static_cast<std::size_t>(top),
            .candidates = static_cast<std::size_t>(candidates),
            .rerank = !no_rerank,
            .captions = !no_captions,
            .word_weight = word_weight ? double{*word_weight} : app::kCaptionWordWeight,
            .nearness = exact         ? app::Nearness::exact
                        : approximate ? app::Nearness::approximate
                                      : app::Nearness::automatic};
  }
};

void declare_query(OptionParser& app, SearchOptions& options) {
  constexpr double kMostWeight = 100;
  const char* group = "Query";
  app.add_option("QUERY", options.words,
                 "Words, which make one text, and names of photos, to which others are to be alike")
      ->group(group);
  app.add_option("--not", options.query.unwanted, "What is not to be on the photos")
      ->type_name("TEXT")
      ->one_value_each()
      ->group(group);
  app.add_option("--photo-weight", options.query.photo_weight,
                 "What a photo counts beside a text, which counts 1 [1]")
      ->type_name("W")
      ->check(number(0, kMostWeight))
      ->group(group);
  app.add_option("--not-weight", options.query.unwanted_weight, "What --not counts [0.5]")
      ->type_name("W")
      ->check(number(0, kMostWeight))
      ->group(group);
  app.add_option("--after", options.after, "Taken on DATE or later: 2024, 2024-06, 2024-06-01")
      ->type_name("DATE")
      ->group(group);
  app.add_option("--before", options.before, "Taken before DATE")->type_name("DATE")->group(group);
  app.add_option("--path", options.query.filter.paths,
                 "Photos whose path, or the end of it after a /, fits the pattern: 'Trips/*'")
      ->type_name("GLOB")
      ->one_value_each()
      ->group(group);
  app.add_option("--near", options.near,
                 "Taken no further from a place: degrees north, degrees east, and how far, as "
                 "48.86,2.35,10km")
      ->type_name("PLACE")
      ->group(group);
  app.add_option("--camera", options.query.filter.cameras,
                 "Taken by a camera whose name has this in it: canon, 'EOS*D'")
      ->type_name("GLOB")
      ->one_value_each()
      ->group(group);
  app.add_option("--tag", options.query.filter.tags,
                 "Photos that have this tag (blip index --tags); of several, all")
      ->type_name("TAG")
      ->one_value_each()
      ->group(group);
}

void declare_ranking(OptionParser& app, SearchOptions& options) {
  const char* group = "Ranking";
  app.add_option("--top", options.top, "Print the N best [10]")
      ->type_name("N")
      ->check(whole_number(1))
      ->group(group);
  app.add_option("-k,--rank-k", options.candidates,
                 "Rerank the N best with the model's matching head, if it has one [64]")
      ->type_name("N")
      ->check(whole_number(1, 100'000))
      ->group(group);
  app.add_flag("--no-rerank", options.no_rerank, "Do not read photos again: much faster")
      ->group(group);
  app.add_flag("--exact", options.exact,
               "Compare the vectors of all photos, however many there are")
      ->group(group);
  app.add_flag("--approximate", options.approximate,
               "Compare the most promising vectors alone: the way of libraries of 2,000,000 photos "
               "and more, possible from 100,000")
      ->group(group);
  app.add_flag("--no-captions", options.no_captions,
               "Let the words of captions, or of items, count nothing")
      ->group(group);
  declare_word_weight(app, options.word_weight);
}

// A photo is what there is a file of, or has the name of one.
void read_words(SearchOptions& options) {
  std::string text;
  for (const std::string& word : options.words) {
    std::error_code ignored;
    if (app::is_url(word) || std::filesystem::is_regular_file(word, ignored)) {
      options.query.photos.push_back(word);
    } else if (has_image_ending(word) && word.find(' ') == std::string::npos) {
      throw UsageError(word + ": no such file");
    } else {
      text += (text.empty() ? "" : " ") + word;
    }
  }
  if (!text.empty()) options.query.texts.push_back(text);
  const bool names_photos = !options.query.texts.empty() || !options.query.photos.empty();
  if (!names_photos && !options.items.names_item()) {
    throw UsageError("nothing to search for; see: blip search --help");
  }
}

std::unique_ptr<SearchOptions> parse_search_options(Arguments arguments) {
  auto options = std::make_unique<SearchOptions>();
  OptionParser app;
  declare_query(app, *options);
  options->items.declare(app);
  declare_ranking(app, *options);
  declare_index(app, options->index);
  options->reading.declare_reading(app);
  options->model.declare(app, /*batched=*/false);
  options->output.declare(app, record_formats());
  options->sheet.declare(app);
  const CommandHelp help = {
      .name = "search",
      .synopsis = "[options] QUERY...",
      .summary =
          "Finds the photos of an index (blip index) that fit a text best, or that are like a "
          "photo, or both: by the cosine of vectors (itc), by the words of captions, and by the "
          "matching head of the model (itm is its probability). In an index of a catalogue, finds "
          "items in the same way.",
      .footer = kSearchFooter};
  if (!parse_arguments(app, help, arguments)) return nullptr;
  read_words(*options);
  options->typed_for_photos =
      app.first_typed({"--rank-k", "--no-rerank", "--exact", "--approximate"});
  options->typed_for_items = app.first_typed({"--category"});
  if (options->exact && options->approximate) {
    throw UsageError("--exact and --approximate exclude each other");
  }
  if (!options->after.empty()) options->query.filter.after = app::first_moment(options->after);
  if (!options->before.empty()) options->query.filter.before = app::first_moment(options->before);
  if (!options->near.empty()) options->query.filter.near = app::surroundings_of(options->near);
  options->reading.resolve();
  options->output.resolve();
  return options;
}

app::Record record_of(const app::LibraryHit& hit) {
  app::Result result;
  result.values = {hit.score, hit.cosine, std::monostate{}, std::monostate{}};
  if (hit.matching) result.values[2] = hit.matching->probability;
  if (hit.caption) result.values[3] = *hit.caption;
  result.line = fmt::format("{:8.4f}  {}", hit.score, hit.path);
  if (hit.caption) result.line += "  (" + *hit.caption + ")";
  return {
      .path = hit.path, .findings = {{.about = {}, .results = {std::move(result)}}}, .error = {}};
}

// What was searched for, as a heading.
std::string title_of(const app::LibraryQuery& query) {
  std::string title;
  const auto add = [&title](const std::string& before, const std::vector<std::string>& parts) {
    for (const std::string& part : parts) title += (title.empty() ? "" : ", ") + before + part;
  };
  add("", query.texts);
  add("like ", query.photos);
  add("not ", query.unwanted);
  return title;
}

app::SheetGroup sheet_of(search::LibraryIndex& index, const std::vector<app::LibraryHit>& hits) {
  app::SheetGroup group;
  for (const app::LibraryHit& hit : hits) {
    group.photos.push_back({.path = hit.path,
                            .jpeg = app::find_thumbnail(index, hit.picture, hit.path),
                            .note = fmt::format("{:.4f}", hit.score),
                            .caption = hit.caption.value_or("")});
  }
  return group;
}

app::RecordSchema schema_of_hits() {
  app::RecordSchema schema;
  schema.results = {"score", "itc", "itm", "caption"};
  schema.failures = false;
  schema.text_with_path = false;  // it is at the end of the line
  schema.text_heading = "   score  path\n";
  return schema;
}

void check_kind_of_options(const SearchOptions& options, search::LibraryIndex& index) {
  if (search::CatalogueIndex::is_in(index)) {
    check_typed_for_photos(options.typed_for_photos, index);
    if (!options.query.filter.empty()) {
      throw UsageError(
          "--after, --before, --path, --near, --camera and --tag are for photos; a catalogue has "
          "--where");
    }
    return;
  }
  check_typed_for_items(options.typed_for_items, index);
  if (options.items.given()) {
    throw UsageError(index.file() +
                     ": is no index of a catalogue, which --like, --goes-with and --where need");
  }
}

app::CatalogueQuery item_query(const SearchOptions& options) {
  const app::LibraryQuery& photos = options.query;
  app::CatalogueQuery query{.texts = photos.texts,
                            .photos = photos.photos,
                            .unwanted = photos.unwanted,
                            .photo_weight = photos.photo_weight,
                            .unwanted_weight = photos.unwanted_weight};
  options.items.add_to(query);
  return query;
}

ExitCode search_items(const SearchOptions& options, search::LibraryIndex& index,
                      const search::IndexedModel& model, const app::Embedder& embedder,
                      Context& context, Reporter& reporter) {
  app::CatalogueSearch search(index, model, &embedder);
  app::CatalogueSearchOptions searching = {
      .top = static_cast<std::size_t>(options.top),
      .ranking = options.no_captions ? app::ItemRanking::vectors : app::ItemRanking::fused};
  if (options.word_weight) searching.word_weight = double{*options.word_weight};
  const std::vector<app::ItemHit> hits = search.find(item_query(options), searching, context);
  reporter.open(options.output, schema_of_items());
  reporter.add(records_of_items(hits));
  const ExitCode code = reporter.finish();
  if (options.sheet.wanted()) {
    options.sheet.show(title_of(options.query), sheet_of_items(index, hits));
  }
  return code;
}

}  // namespace

ExitCode run_search(Arguments arguments) {
  const auto options = parse_search_options(arguments);
  if (!options) return ExitCode::ok;

  Reporter reporter;
  const InterruptWatcher watcher([&reporter] { reporter.end_interrupted(); });
  search::LibraryIndex index(index_file(options->index), search::Access::read);
  const search::IndexedModel model = choose_model(options->model, index);
  const app::Embedder embedder(
      find_model(options->model, options->reading.pictures, options->output.quiet), TextStyle::hf);
  Context context({.num_threads = options->model.threads});
  check_kind_of_options(*options, index);
  if (search::CatalogueIndex::is_in(index)) {
    return search_items(*options, index, model, embedder, context, reporter);
  }
  app::LibrarySearch search(index, model, embedder);
  bool some_failed = false;
  const std::vector<app::LibraryHit> hits =
      search.find(options->query, options->searching(), context,
                  [&](const std::string& path, const std::string& error) {
                    some_failed = true;
                    print_message(path + ": " + error);
                  });
  reporter.open(options->output, schema_of_hits());
  std::vector<app::Record> records;
  for (const app::LibraryHit& hit : hits) records.push_back(record_of(hit));
  reporter.add(records);
  const ExitCode code = reporter.finish();
  if (options->sheet.wanted()) {
    std::vector<app::SheetGroup> groups;
    if (!hits.empty()) groups.push_back(sheet_of(index, hits));
    options->sheet.show(title_of(options->query), groups);
  }
  return some_failed ? ExitCode::some_failed : code;
}

}  // namespace blip::cli
