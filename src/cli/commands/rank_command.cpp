// blip rank: finds the images that fit a text best, or the texts that fit an image best.
#include <fmt/format.h>

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "app/ranker.hpp"
#include "cli/commands.hpp"
#include "cli/image_run.hpp"
#include "cli/input/model_download.hpp"
#include "cli/options/command_line.hpp"
#include "cli/options/retrieval_options.hpp"

namespace blip::cli {
namespace {

constexpr std::string_view kRankFooter =
    "Examples:\n"
    "  blip rank \"a dog on a beach\" ~/Pictures --recursive\n"
    "  blip rank photo.jpg --texts captions.txt --top 3\n"
    "  blip rank \"a red car\" *.jpg -m openai/clip-vit-base-patch32 --rerank nano-retrieval\n"
    "  blip rank \"a red car\" --from-file photos.txt --no-rerank --top 100 --format csv\n";

struct RankingOptions {
  RetrievalOptions retrieval;
  std::optional<std::string> query;  // what images are ranked for; none: texts are, for images
  int candidates = 256;
  int top = 10;
  bool rerank = true;
  std::string reranker;  ///< the model that re-ranks; empty: the one that embeds

  [[nodiscard]] app::RankerOptions ranker() const {
    return {.candidates = static_cast<std::size_t>(candidates),
            .rerank = rerank,
            .top = static_cast<std::size_t>(top),
            .reranker = {}};
  }
};

void declare_ranking(OptionParser& app, RankingOptions& options, bool& no_rerank) {
  const char* group = "Ranking";
  app.add_option(
         "-k,--rank-k", options.candidates,
         "Rerank the N with the highest cosine, as the paper does with 256 for COCO and 128 "
         "for Flickr30k [256]")
      ->type_name("N")
      ->check(whole_number(1, 100'000))
      ->group(group);
  app.add_option("--top", options.top, "Print the N best [10]")
      ->type_name("N")
      ->check(whole_number(1))
      ->group(group);
  app.add_option("--rerank", options.reranker,
                 "Rerank with the matching head of this model instead of --model's, which may then "
                 "be one without, as CLIP. It reads the candidates again")
      ->type_name("MODEL")
      ->group(group);
  app.add_flag("--no-rerank", no_rerank, "Let the cosine decide alone: much faster")->group(group);
}

std::unique_ptr<RankingOptions> parse_rank_options(Arguments arguments) {
  auto options = std::make_unique<RankingOptions>();
  RetrievalOptions& retrieval = options->retrieval;
  bool no_rerank = false;
  OptionParser app;
  retrieval.inputs.declare(app, "WORDS",
                           "A text and then files, folders and http(s) URLs; with --text or "
                           "--texts, only these",
                           /*sharded=*/false);
  retrieval.texts.declare(app, "to rank for every image");
  retrieval.model.declare(app, /*batched=*/true);
  retrieval.declare_style(app);
  declare_ranking(app, *options, no_rerank);
  retrieval.output.declare(app, record_formats());
  const CommandHelp help = {
      .name = "rank",
      .synopsis = "[options] TEXT IMAGE...\n       blip rank [options] --text TEXT... IMAGE...",
      .summary =
          "Finds the images that fit a text best, or the texts that fit an image best: by "
          "the cosine of their embeddings (itc) and then, for the best of these, by it and "
          "the score of the matching head (itm is its probability), of this model or of another.",
      .footer = kRankFooter,
      .exit_codes = kExitCodes};
  if (!parse_arguments(app, help, arguments)) return nullptr;
  retrieval.resolve();
  options->rerank = !no_rerank;
  if (no_rerank && !options->reranker.empty()) {
    throw UsageError("--rerank and --no-rerank contradict each other");
  }
  std::vector<std::string>& words = retrieval.inputs.selection.names;
  if (!retrieval.texts.given()) {
    if (words.empty()) throw UsageError("no text given; see: blip rank --help");
    options->query = words.front();
    words.erase(words.begin());
  }
  retrieval.inputs.require_images(help.name);
  return options;
}

app::RecordSchema schema_of(const RankingOptions& options) {
  app::RecordSchema schema;
  schema.about = {"text"};
  schema.results = {"itc"};
  if (options.rerank) schema.results = {"score", "itc", "itm"};
  schema.failures = false;  // a ranking holds what was ranked
  return schema;
}

app::RankerOptions ranker_options(const RankingOptions& options) {
  app::RankerOptions ranker = options.ranker();
  if (!options.reranker.empty()) {
    const RetrievalOptions& retrieval = options.retrieval;
    ranker.reranker = {.model = find_model(options.reranker, retrieval.output.quiet),
                       .weight_type = retrieval.model.weight_type,
                       .pictures = retrieval.inputs.pictures};
  }
  return ranker;
}

std::string heading_of(const RankingOptions& options, std::string_view ranked) {
  return options.rerank ? fmt::format("   score      itc     itm  {}\n", ranked)
                        : fmt::format("    itc  {}\n", ranked);
}

// `shown` is what was ranked, as text shows it.
app::Finding finding_of(const app::Ranked& ranked, const std::string& text,
                        const std::string& shown, const RankingOptions& options) {
  app::Result result;
  if (!options.rerank) {
    result.values = {ranked.cosine};
    result.line = fmt::format("{:7.4f}  {}", ranked.cosine, shown);
  } else if (ranked.matching) {
    const float itm = ranked.matching->probability;
    result.values = {ranked.score(), ranked.cosine, itm};
    result.line =
        fmt::format("{:8.4f}  {:7.4f}  {:6.4f}  {}", ranked.score(), ranked.cosine, itm, shown);
  } else {  // the run was interrupted before the matching head saw it
    result.values = {std::monostate{}, ranked.cosine, std::monostate{}};
    result.line = fmt::format("{:>8}  {:7.4f}  {:>6}  {}", "-", ranked.cosine, "-", shown);
  }
  return {.about = {text}, .results = {std::move(result)}};
}

ExitCode rank_images(const RankingOptions& options) {
  const RetrievalOptions& retrieval = options.retrieval;
  app::RecordSchema schema = schema_of(options);
  schema.text_with_path = false;
  schema.text_heading = heading_of(options, "path");
  ImageRun run(retrieval.inputs, retrieval.output, retrieval.model.batch, std::move(schema));
  const app::ModelOptions model =
      find_model(retrieval.model, retrieval.inputs.pictures, retrieval.output.quiet);
  Context context({.num_threads = retrieval.model.threads});
  app::ImageRanker ranker(model, retrieval.style, *options.query, ranker_options(options), context);
  const auto ranking = [&] {
    std::vector<app::Record> records;
    for (const auto& [path, ranked] : ranker.ranking()) {
      records.push_back({.path = path,
                         .findings = {finding_of(ranked, *options.query, path, options)},
                         .error = {}});
    }
    return records;
  };

  run.start(ranker.pictures(), context.num_threads());
  Reporter& reporter = run.reporter();
  reporter.set_unwritten(ranking);
  while (const auto batch = run.next_batch()) {
    if (!batch->images().empty()) ranker.add(batch->images(), context);
    run.report_failures(*batch);
  }
  if (options.rerank) {
    reporter.start_progress(ranker.num_candidates(), "candidates");
    ranker.rerank(context, [&reporter](std::size_t done) { reporter.show_progress(done); });
  }
  reporter.set_unwritten({});
  reporter.add(ranking());
  return run.finish();
}

ExitCode rank_texts(const RankingOptions& options) {
  const RetrievalOptions& retrieval = options.retrieval;
  const std::vector<std::string>& texts = retrieval.texts.texts;
  app::RecordSchema schema = schema_of(options);
  schema.text_with_path = !retrieval.inputs.names_one_image();
  if (!schema.text_with_path) schema.text_heading = heading_of(options, "text");
  ImageRun run(retrieval.inputs, retrieval.output, retrieval.model.batch, std::move(schema));
  const app::ModelOptions model =
      find_model(retrieval.model, retrieval.inputs.pictures, retrieval.output.quiet);
  Context context({.num_threads = retrieval.model.threads});
  const app::TextRanker ranker(model, retrieval.style, texts, ranker_options(options), context);
  run.start(ranker.pictures(), context.num_threads());
  while (const auto batch = run.next_batch()) {
    std::vector<std::vector<app::Finding>> findings;
    for (const auto& ranked : ranker.rank(batch->images(), context)) {
      std::vector<app::Finding>& best = findings.emplace_back();
      for (const app::Ranked& text : ranked) {
        best.push_back(finding_of(text, texts[text.index], texts[text.index], options));
      }
    }
    run.report(*batch, std::move(findings));
  }
  return run.finish();
}

}  // namespace

ExitCode run_rank(Arguments arguments) {
  const auto options = parse_rank_options(arguments);
  if (!options) return ExitCode::ok;
  return options->query ? rank_images(*options) : rank_texts(*options);
}

}  // namespace blip::cli
