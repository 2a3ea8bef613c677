// blip eval search: how often `blip search` finds what it should, in an index that is there.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/catalogue/catalogue_search.hpp"
#include "app/library/library_search.hpp"
#include "app/records/record.hpp"
#include "blip/error.hpp"
#include "cli/commands/eval_tasks.hpp"
#include "cli/commands/judged_queries.hpp"
#include "cli/commands/search_catalogue.hpp"
#include "cli/input/model_download.hpp"
#include "cli/options/command_line.hpp"
#include "cli/options/library_options.hpp"
#include "cli/output/eval_output.hpp"
#include "eval/search_scores.hpp"

namespace blip::cli {
namespace {

constexpr std::string_view kEvalSearchFooter =
    "Examples:\n"
    "  blip index photos --index photos.db --caption-model nano-captioning\n"
    "  blip eval search queries.jsonl --index photos.db\n"
    "  blip eval search queries.jsonl --index photos.db --no-rerank --no-captions\n"
    "\n"
    "QUERIES has an object on each line: {\"query\": \"a red car\", \"path\": \"cars/7.jpg\"}, or "
    "\"paths\", a\n"
    "list, where several photos are right. A path is a whole one, or the end of one after a /. Of "
    "a\n"
    "catalogue, {\"query\": \"a red chair\", \"items\": [\"17\"]}, or {\"17\": 2, \"9\": 1} with "
    "grades. \"photo\"\n"
    "names a picture to search by, beside \"query\" or instead of it.\n"
    "\n"
    "Exit code: 0 judged; 2 something does not fit or cannot be read.\n";

struct EvalSearchOptions {
  std::string queries;
  std::string index;
  ModelOptions model{""};
  app::LibrarySearchOptions search{};
  int candidates = 64;
  bool no_rerank = false;
  bool no_captions = false;
  bool approximate = false;
  bool titles_only = false;
  bool words_only = false;
  std::optional<float> word_weight;
  std::string typed_for_photos;  // an option that was typed and means nothing to a catalogue
  EvalOutput output;

  [[nodiscard]] bool by_words() const { return titles_only || words_only; }
  [[nodiscard]] app::ItemRanking ranking() const {
    if (titles_only) return app::ItemRanking::titles;
    if (words_only) return app::ItemRanking::words;
    return no_captions ? app::ItemRanking::vectors : app::ItemRanking::fused;
  }
};

std::unique_ptr<EvalSearchOptions> parse_eval_search_options(Arguments arguments) {
  auto options = std::make_unique<EvalSearchOptions>();
  OptionParser app;
  app.add_option("QUERIES", options->queries, "Texts with the photos that are right, JSON lines")
      ->type_name("FILE")
      ->group("Files");
  declare_index(app, options->index);
  options->model.declare(app, /*batched=*/false);
  app.add_option("-k,--rank-k", options->candidates,
                 "Rerank the N best with the model's matching head, if it has one [64]")
      ->type_name("N")
      ->check(whole_number(1, 100'000))
      ->group("Ranking");
  app.add_flag("--no-rerank", options->no_rerank, "By vectors and words alone")->group("Ranking");
  app.add_flag("--no-captions", options->no_captions,
               "Let the words of captions, or of items, count nothing")
      ->group("Ranking");
  app.add_flag("--words-only", options->words_only,
               "Items of a catalogue by words (BM25) alone, to compare with")
      ->group("Ranking");
  app.add_flag("--titles-only", options->titles_only,
               "Items of a catalogue by the words of titles (BM25) alone, to compare with")
      ->group("Ranking");
  app.add_flag("--approximate", options->approximate, "As blip search --approximate")
      ->group("Ranking");
  declare_word_weight(app, options->word_weight);
  options->output.declare(app, "query");
  const CommandHelp help = {.name = "eval search",
                            .synopsis = "[options] QUERIES",
                            .summary =
                                "Asks an index (blip index) for photos, or items of a catalogue, "
                                "by texts, as blip search does, and judges "
                                "by what should be found: recall at 1, 5 and 10, and nDCG at 10.",
                            .footer = kEvalSearchFooter};
  if (!parse_arguments(app, help, arguments)) return nullptr;
  if (options->queries.empty())
    throw UsageError("no file of queries; see: blip eval search --help");
  if (options->titles_only + options->words_only + options->no_captions > 1) {
    throw UsageError("--titles-only, --words-only and --no-captions exclude each other");
  }
  options->typed_for_photos = app.first_typed({"--rank-k", "--no-rerank", "--approximate"});
  options->search = {
      .top = 10,
      .candidates = static_cast<std::size_t>(options->candidates),
      .rerank = !options->no_rerank,
      .captions = !options->no_captions,
      .word_weight = options->word_weight ? double{*options->word_weight} : app::kCaptionWordWeight,
      .nearness = options->approximate ? app::Nearness::approximate : app::Nearness::automatic};
  return options;
}

// Takes the grade of a hit out of those that are wanted; 0: it is none of them. Each counts once,
// though it may be the end of several paths.
double take_wanted(std::vector<Wanted>& wanted, const std::string& name, bool is_path) {
  const auto found = std::ranges::find_if(wanted, [&](const Wanted& each) {
    return name == each.name || (is_path && name.ends_with("/" + each.name));
  });
  if (found == wanted.end()) return 0;
  const double grade = found->grade;
  wanted.erase(found);
  return grade;
}

EvalScores printed(const eval::SearchScores& scores) {
  EvalScores lines;
  lines.json["queries"] = scores.queries();
  lines.lines.emplace_back("queries", std::to_string(scores.queries()));
  const auto add = [&](const std::string& name, double part) {
    constexpr double kPercent = 100;
    lines.json[name] = kPercent * part;
    lines.lines.emplace_back(name, fmt::format("{:.2f}", kPercent * part));
  };
  for (std::size_t cut = 0; cut < eval::kSearchCuts.size(); ++cut) {
    add(fmt::format("recall@{}", eval::kSearchCuts[cut]), scores.recall(cut));
  }
  add("ndcg@10", scores.ndcg());
  return lines;
}

// Judges one list after the other.
class Judge {
 public:
  explicit Judge(const EvalOutput& output) : output_(output) {}

  // found: paths of photos, or ids of items
  void add(const JudgedQuery& query, const std::vector<std::string>& found, bool are_paths) {
    std::vector<Wanted> missing = query.wanted;
    std::vector<double> grades;
    grades.reserve(found.size());
    for (const std::string& name : found) grades.push_back(take_wanted(missing, name, are_paths));
    std::vector<double> wanted;
    wanted.reserve(query.wanted.size());
    for (const Wanted& each : query.wanted) wanted.push_back(each.grade);
    scores_.add(grades, wanted);
    if (!output_.wants_items()) return;
    auto names = nlohmann::ordered_json::array();
    for (const std::string& name : found) names.push_back(app::path_text(name));
    items_.push_back({{"query", query.text}, {"found", std::move(names)}});
    if (!query.photo.empty()) items_.back()["photo"] = app::path_text(query.photo);
  }
  void write() const {
    output_.write_items(items_);
    output_.write(printed(scores_));
  }

 private:
  const EvalOutput& output_;
  eval::SearchScores scores_;
  std::vector<nlohmann::ordered_json> items_;
};

void judge_photos(const EvalSearchOptions& options, const std::vector<JudgedQuery>& queries,
                  search::LibraryIndex& index, const search::IndexedModel& model,
                  const app::Embedder& embedder, Context& context, Judge& judge) {
  app::LibrarySearch search(index, model, embedder);
  for (const JudgedQuery& wanted : queries) {
    app::LibraryQuery query;
    if (!wanted.text.empty()) query.texts = {wanted.text};
    if (!wanted.photo.empty()) query.photos = {wanted.photo};
    const auto hits = search.find(query, options.search, context,
                                  [](const std::string& path, const std::string& error) {
                                    throw Error(ErrorCode::unreadable, path + ": " + error);
                                  });
    std::vector<std::string> paths;
    paths.reserve(hits.size());
    for (const app::LibraryHit& hit : hits) paths.push_back(hit.path);
    judge.add(wanted, paths, true);
  }
}

void judge_items(const EvalSearchOptions& options, const std::vector<JudgedQuery>& queries,
                 search::LibraryIndex& index, const search::IndexedModel& model,
                 const app::Embedder* embedder, Context& context, Judge& judge) {
  app::CatalogueSearch search(index, model, embedder);
  app::CatalogueSearchOptions searching = {.top = eval::kSearchDepth, .ranking = options.ranking()};
  if (options.word_weight) searching.word_weight = double{*options.word_weight};
  for (const JudgedQuery& wanted : queries) {
    app::CatalogueQuery query;
    if (!wanted.text.empty()) query.texts = {wanted.text};
    if (!wanted.photo.empty()) query.photos = {wanted.photo};
    const auto hits = search.find(query, searching, context);
    std::vector<std::string> ids;
    ids.reserve(hits.size());
    for (const app::ItemHit& hit : hits) ids.push_back(hit.key);
    judge.add(wanted, ids, false);
  }
}

}  // namespace

ExitCode eval_search(Arguments arguments) {
  const auto options = parse_eval_search_options(arguments);
  if (!options) return ExitCode::ok;

  const std::vector<JudgedQuery> queries = read_judged_queries(options->queries);
  search::LibraryIndex index(index_file(options->index), search::Access::read);
  const search::IndexedModel model = choose_model(options->model, index);
  const bool is_catalogue = search::CatalogueIndex::is_in(index);
  if (is_catalogue) {
    check_typed_for_photos(options->typed_for_photos, index);
  } else if (options->by_words()) {
    throw UsageError(index.file() +
                     ": is no index of a catalogue, which --titles-only and --words-only need");
  }
  Context context({.num_threads = options->model.threads});
  std::optional<app::Embedder> embedder;
  if (!options->by_words()) {
    embedder.emplace(find_model(options->model, {}, options->output.quiet()), TextStyle::hf);
  }
  Judge judge(options->output);
  if (is_catalogue) {
    judge_items(*options, queries, index, model, embedder ? &*embedder : nullptr, context, judge);
  } else {
    judge_photos(*options, queries, index, model, *embedder, context, judge);
  }
  judge.write();
  return ExitCode::ok;
}

}  // namespace blip::cli
