// blip eval search: how often `blip search` finds what it should, in an index that is there.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "app/library/library_search.hpp"
#include "app/records/record.hpp"
#include "blip/error.hpp"
#include "cli/commands/eval_tasks.hpp"
#include "cli/input/model_download.hpp"
#include "cli/options/command_line.hpp"
#include "cli/options/library_options.hpp"
#include "cli/options/text_choices.hpp"
#include "cli/output/eval_output.hpp"
#include "core/json_text.hpp"

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
    "list, where several photos are right. A path is a whole one, or the end of one after a /.\n"
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
  EvalOutput output;
};

struct WantedPhotos {
  std::string query;
  std::vector<std::string> paths;
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
  app.add_flag("--no-captions", options->no_captions, "Let the words of captions count nothing")
      ->group("Ranking");
  app.add_flag("--approximate", options->approximate, "As blip search --approximate")
      ->group("Ranking");
  options->output.declare(app, "query");
  const CommandHelp help = {
      .name = "eval search",
      .synopsis = "[options] QUERIES",
      .summary =
          "Asks an index (blip index) for photos by texts, as blip search does, and judges "
          "by what should be found: recall at 1, 5 and 10, and nDCG at 10.",
      .footer = kEvalSearchFooter};
  if (!parse_arguments(app, help, arguments)) return nullptr;
  if (options->queries.empty())
    throw UsageError("no file of queries; see: blip eval search --help");
  options->search = {
      .top = 10,
      .candidates = static_cast<std::size_t>(options->candidates),
      .rerank = !options->no_rerank,
      .captions = !options->no_captions,
      .nearness = options->approximate ? app::Nearness::approximate : app::Nearness::automatic};
  return options;
}

std::vector<WantedPhotos> read_queries(const std::string& file) {
  std::vector<WantedPhotos> queries;
  for (const std::string& line : lines_of(file)) {
    const std::string name = fmt::format("{}: query {}", file, queries.size() + 1);
    const nlohmann::json object = parse_json_object(line, name);
    const auto text_of = [&](const nlohmann::json& value) {
      if (!value.is_string() || value.get_ref<const std::string&>().empty()) {
        throw Error(ErrorCode::malformed,
                    name + ": needs texts: \"query\", and \"path\" or \"paths\"");
      }
      return value.get<std::string>();
    };
    WantedPhotos wanted{.query = text_of(object.value("query", nlohmann::json())), .paths = {}};
    const nlohmann::json list = object.value("paths", nlohmann::json::array());
    if (list.is_array()) {
      for (const nlohmann::json& path : list) wanted.paths.push_back(text_of(path));
    }
    if (wanted.paths.empty()) {
      wanted.paths.push_back(text_of(object.value("path", nlohmann::json())));
    }
    queries.push_back(std::move(wanted));
  }
  return queries;
}

// Takes the name of a hit from those that are wanted; false: it has none of them. Each counts once,
// though it may be the end of several paths.
bool take_wanted(std::vector<std::string>& wanted, const std::string& path) {
  const auto found = std::find_if(wanted.begin(), wanted.end(), [&](const std::string& name) {
    return path == name || path.ends_with("/" + name);
  });
  if (found == wanted.end()) return false;
  wanted.erase(found);
  return true;
}

// Means over the queries.
class SearchScores {
 public:
  void add(const WantedPhotos& wanted, const std::vector<app::LibraryHit>& hits) {
    ++queries_;
    std::vector<std::string> missing = wanted.paths;
    double gain = 0;
    std::size_t found = 0;
    for (std::size_t rank = 0; rank < std::min(hits.size(), kDepth); ++rank) {
      if (!take_wanted(missing, hits[rank].path)) continue;
      ++found;
      gain += discount(rank);
      for (std::size_t k = 0; k < kCuts.size(); ++k) {
        if (rank < kCuts[k] && found == 1) recall_[k] += 1;
      }
    }
    double best = 0;
    for (std::size_t rank = 0; rank < std::min(wanted.paths.size(), kDepth); ++rank) {
      best += discount(rank);
    }
    gain_ += gain / best;
  }

  [[nodiscard]] EvalScores scores() const {
    EvalScores scores;
    scores.json["queries"] = queries_;
    scores.lines.emplace_back("queries", std::to_string(queries_));
    const auto add = [&](const std::string& name, double value) {
      scores.json[name] = value;
      scores.lines.emplace_back(name, fmt::format("{:.2f}", value));
    };
    const double percent = 100 / static_cast<double>(std::max<std::size_t>(1, queries_));
    for (std::size_t k = 0; k < kCuts.size(); ++k) {
      add(fmt::format("recall@{}", kCuts[k]), percent * recall_[k]);
    }
    add("ndcg@10", percent * gain_);
    return scores;
  }

 private:
  static constexpr std::size_t kDepth = 10;
  static constexpr std::array<std::size_t, 3> kCuts = {1, 5, 10};
  static double discount(std::size_t rank) { return 1 / std::log2(2 + static_cast<double>(rank)); }

  std::size_t queries_ = 0;
  std::array<double, 3> recall_{};  // queries one of whose photos is among the first
  double gain_ = 0;
};

}  // namespace

ExitCode eval_search(Arguments arguments) {
  const auto options = parse_eval_search_options(arguments);
  if (!options) return ExitCode::ok;

  const std::vector<WantedPhotos> queries = read_queries(options->queries);
  const std::filesystem::path file = index_file(options->index);
  search::LibraryIndex index(file, search::Access::read);
  const search::IndexedModel model = choose_model(options->model, index, file.string());
  const app::Embedder embedder(find_model(options->model, {}, options->output.quiet()),
                               TextStyle::hf);
  Context context({.num_threads = options->model.threads});
  app::LibrarySearch search(index, model, embedder);
  SearchScores scores;
  std::vector<nlohmann::ordered_json> items;
  for (const WantedPhotos& wanted : queries) {
    app::LibraryQuery query;
    query.texts = {wanted.query};
    const auto hits = search.find(query, options->search, context,
                                  [](const std::string& path, const std::string& error) {
                                    throw Error(ErrorCode::unreadable, path + ": " + error);
                                  });
    scores.add(wanted, hits);
    if (!options->output.wants_items()) continue;
    auto paths = nlohmann::ordered_json::array();
    for (const app::LibraryHit& hit : hits) paths.push_back(app::path_text(hit.path));
    items.push_back({{"query", wanted.query}, {"found", std::move(paths)}});
  }
  options->output.write_items(items);
  options->output.write(scores.scores());
  return ExitCode::ok;
}

}  // namespace blip::cli
