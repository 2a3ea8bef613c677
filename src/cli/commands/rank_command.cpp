// blip rank: finds the images that fit a text best, or the texts that fit an image best.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "cli/commands.hpp"
#include "cli/image_run.hpp"
#include "cli/matcher.hpp"
#include "cli/options/command_line.hpp"
#include "cli/options/retrieval_options.hpp"
#include "cli/output/console.hpp"
#include "cli/ranking.hpp"
#include "tasks/embedding.hpp"

namespace blip::cli {
namespace {

constexpr std::string_view kFooter =
    "Examples:\n"
    "  blip rank \"a dog on a beach\" ~/Pictures --recursive\n"
    "  blip rank photo.jpg --texts captions.txt --top 3\n"
    "  blip rank \"a red car\" --from-file photos.txt --no-rerank --top 100 --format csv\n";

struct RankingOptions {
  RetrievalOptions retrieval;
  std::optional<std::string> query;  // what images are ranked for; none: texts are, for images
  int candidates = 256;
  int top = 10;
  bool rerank = true;

  [[nodiscard]] std::size_t num_candidates() const {
    return static_cast<std::size_t>(rerank ? candidates : top);
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
  app.add_flag("--no-rerank", no_rerank, "Let the cosine decide alone: much faster")->group(group);
}

std::unique_ptr<RankingOptions> parse_options(Arguments arguments) {
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
          "the score of the matching head (itm is its probability).",
      .footer = kFooter,
      .exit_codes = kExitCodes};
  if (!parse_arguments(app, help, arguments)) return nullptr;
  retrieval.settle();
  options->rerank = !no_rerank;
  std::vector<std::string>& words = retrieval.inputs.selection.names;
  if (!retrieval.texts.given()) {
    if (words.empty()) throw UsageError("no text given; see: blip rank --help");
    options->query = words.front();
    words.erase(words.begin());
  }
  retrieval.inputs.require_images(help.name);
  return options;
}

RecordShape shape_of(const RankingOptions& options) {
  RecordShape shape;
  shape.about = {"text"};
  shape.results = {"itc"};
  if (options.rerank) shape.results = {"score", "itc", "itm"};
  shape.failures = false;  // a ranking holds what was ranked
  return shape;
}

std::string heading_of(const RankingOptions& options, std::string_view ranked) {
  return options.rerank ? fmt::format("   score      itc     itm  {}\n", ranked)
                        : fmt::format("    itc  {}\n", ranked);
}

// `shown` is what was ranked, as text shows it.
Finding finding_of(const Ranked& ranked, const std::string& text, const std::string& shown,
                   bool reranked) {
  Result result;
  if (reranked) {
    result.values = {ranked.score, ranked.cosine, ranked.matching.probability};
    result.line = fmt::format("{:8.4f}  {:7.4f}  {:6.4f}  {}", ranked.score, ranked.cosine,
                              ranked.matching.probability, printable(shown));
  } else {
    result.values = {ranked.cosine};
    result.line = fmt::format("{:7.4f}  {}", ranked.cosine, printable(shown));
  }
  return {.about = {text}, .results = {std::move(result)}};
}

ExitCode rank_images(const RankingOptions& options) {
  const RetrievalOptions& retrieval = options.retrieval;
  const ImageRun run = {.inputs = retrieval.inputs,
                        .output = retrieval.output,
                        .batch = retrieval.model.batch,
                        .shape = shape_of(options),
                        .text_with_path = false,
                        .text_heading = heading_of(options, "path")};
  std::unique_ptr<Matcher> matcher;
  Tokens text;
  std::optional<ImageRanking> ranking;
  const auto examine = [&](Images images) {
    const std::vector<EncodedImage> encoded = matcher->encode(images);
    const Tensor embeddings = matcher->embed(encoded);
    for (std::size_t i = 0; i < images.size(); ++i) {
      ranking->offer(images[i]->input.path.string(), encoded[i], row_of(embeddings, i));
    }
    return std::vector<std::vector<Finding>>(images.size());  // not before all are known
  };
  const auto conclude = [&] {
    std::vector<Record> records;
    for (const ImageRanking::Entry& entry : ranking->conclude(*matcher, text)) {
      if (records.size() == static_cast<std::size_t>(options.top)) break;
      records.push_back(
          {.path = entry.name,
           .findings = {finding_of(entry.ranked, *options.query, entry.name, options.rerank)},
           .error = {}});
    }
    return records;
  };
  return run_images(run, [&] {
    matcher = std::make_unique<Matcher>(retrieval);
    text = matcher->tokens({*options.query}).front();
    ranking.emplace(matcher->embed(std::span(&text, 1)), options.num_candidates(), options.rerank);
    return task_of(*matcher, examine, conclude);
  });
}

ExitCode rank_texts(const RankingOptions& options) {
  const RetrievalOptions& retrieval = options.retrieval;
  const std::vector<std::string>& texts = retrieval.texts.texts;
  const bool with_path = !retrieval.inputs.names_one_image();
  const ImageRun run = {.inputs = retrieval.inputs,
                        .output = retrieval.output,
                        .batch = retrieval.model.batch,
                        .shape = shape_of(options),
                        .text_with_path = with_path,
                        .text_heading = with_path ? "" : heading_of(options, "text")};
  std::unique_ptr<Matcher> matcher;
  std::vector<Tokens> tokens;
  Tensor embeddings;
  const auto examine = [&](Images images) {
    std::vector<std::vector<Finding>> findings;
    for (const EncodedImage& image : matcher->encode(images)) {
      auto ranked =
          rank_texts(*matcher, image, tokens, embeddings, options.num_candidates(), options.rerank);
      ranked.resize(std::min(ranked.size(), static_cast<std::size_t>(options.top)));
      std::vector<Finding> best;
      best.reserve(ranked.size());
      for (const Ranked& text : ranked) {
        best.push_back(finding_of(text, texts[text.index], texts[text.index], options.rerank));
      }
      findings.push_back(std::move(best));
    }
    return findings;
  };
  return run_images(run, [&] {
    matcher = std::make_unique<Matcher>(retrieval);
    tokens = matcher->tokens(texts);
    embeddings = matcher->embed(tokens);
    return task_of(*matcher, examine);
  });
}

}  // namespace

ExitCode run_rank(Arguments arguments) {
  const auto options = parse_options(arguments);
  if (!options) return ExitCode::ok;
  return options->query ? rank_images(*options) : rank_texts(*options);
}

}  // namespace blip::cli
