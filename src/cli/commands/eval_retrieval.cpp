// blip eval retrieval: recall at k of scores from a file or of a model on a data set.
#include <fmt/format.h>

#include <memory>
#include <optional>
#include <utility>

#include "app/embedder.hpp"
#include "app/retrieval_scorer.hpp"
#include "blip/error.hpp"
#include "cli/commands/eval_tasks.hpp"
#include "cli/input/model_download.hpp"
#include "cli/options/command_line.hpp"
#include "cli/options/eval_data.hpp"
#include "cli/options/retrieval_options.hpp"
#include "cli/output/eval_output.hpp"
#include "core/open_file.hpp"
#include "eval/npy_matrix.hpp"
#include "eval/result_records.hpp"
#include "eval/retrieval_pairs.hpp"
#include "eval/retrieval_recall.hpp"

namespace blip::cli {
namespace {

constexpr std::string_view kEvalRetrievalFooter =
    "Examples:\n"
    "  blip eval retrieval --scores scores.npy --texts-per-image 5\n"
    "  blip eval retrieval --scores i2t.npy --text-scores t2i.npy --pairs image-of-text.json\n"
    "  blip eval retrieval -m Salesforce/blip-itm-base-flickr --data test.tar --style original -k "
    "128\n"
    "\n"
    "Exit code: 0 judged; 2 something does not fit or cannot be read.\n";

struct EvalRetrievalOptions {
  std::string scores;
  std::string text_scores;
  std::string pairs;
  std::optional<int> texts_per_image;
  EvalData data;
  RetrievalOptions retrieval;
  int candidates = 256;
  bool no_rerank = false;
  EvalOutput output;
};

void declare_files(OptionParser& app, EvalRetrievalOptions& options) {
  const char* group = "Files";
  app.add_option("--scores", options.scores,
                 "Scores [images, texts], the higher the better: a NumPy array of float32 or "
                 "float64")
      ->type_name("FILE")
      ->group(group);
  app.add_option("--text-scores", options.text_scores,
                 "Scores [texts, images] for finding images, where they are others")
      ->type_name("FILE")
      ->group(group);
  app.add_option("--pairs", options.pairs,
                 "What belongs together: a JSON list with the image of each text, or with a list "
                 "of texts for each image")
      ->type_name("FILE")
      ->group(group);
  app.add_option("--texts-per-image", options.texts_per_image,
                 "Instead of --pairs: texts are in the order of their images, N of each")
      ->type_name("N")
      ->check(whole_number(1))
      ->group(group);
}

void check_files(const EvalRetrievalOptions& options) {
  const bool from_files = !options.scores.empty();
  if (from_files == options.data.given()) {
    throw UsageError(
        "give either --scores FILE or --data FILE...; see: blip eval retrieval --help");
  }
  const bool has_pairs = !options.pairs.empty();
  if (from_files && has_pairs == options.texts_per_image.has_value()) {
    throw UsageError("--scores needs one of --pairs FILE and --texts-per-image N");
  }
  if (!from_files && (has_pairs || options.texts_per_image || !options.text_scores.empty())) {
    throw UsageError("--pairs, --texts-per-image and --text-scores need --scores");
  }
}

std::unique_ptr<EvalRetrievalOptions> parse_eval_retrieval_options(Arguments arguments) {
  auto options = std::make_unique<EvalRetrievalOptions>();
  OptionParser app;
  declare_files(app, *options);
  options->data.declare(app);
  options->retrieval.model.declare(app, /*batched=*/true);
  options->retrieval.declare_style(app);
  app.add_option("-k,--rank-k", options->candidates,
                 "Rerank the N with the highest cosine, as the paper does with 256 for COCO and "
                 "128 for Flickr30k [256]")
      ->type_name("N")
      ->check(whole_number(1, 100'000))
      ->group("Ranking");
  app.add_flag("--no-rerank", options->no_rerank, "Let the cosine decide alone: much faster")
      ->group("Ranking");
  options->output.declare(app, "query");
  const CommandHelp help = {
      .name = "eval retrieval",
      .synopsis =
          "[options] --scores FILE --pairs FILE\n"
          "       blip eval retrieval [options] -m MODEL --data FILE...",
      .summary =
          "Recall at 1, 5 and 10: how often the best text of an image (TR), and the image of a "
          "text (IR), is among the first that are found.",
      .footer = kEvalRetrievalFooter};
  if (!parse_arguments(app, help, arguments)) return nullptr;
  check_files(*options);
  if (options->scores.empty()) {
    options->retrieval.model.resolve();
    options->retrieval.resolve_style();
    // As stored: data sets are read so where models are trained and judged.
    options->retrieval.inputs.pictures.exif_rotation = false;
  }
  return options;
}

eval::ScoreMatrix read_scores(const std::string& file, bool texts_first) {
  eval::NpyMatrix matrix = eval::parse_npy_matrix(read_text_file(file, eval::kMaxNpyBytes), file);
  if (!texts_first) {
    return {
        .num_images = matrix.rows, .num_texts = matrix.columns, .values = std::move(matrix.values)};
  }
  eval::ScoreMatrix scores = {.num_images = matrix.columns, .num_texts = matrix.rows, .values = {}};
  scores.values.reserve(matrix.values.size());
  for (std::size_t image = 0; image < matrix.columns; ++image) {
    for (std::size_t text = 0; text < matrix.rows; ++text) {
      scores.values.push_back(matrix.values[text * matrix.columns + image]);
    }
  }
  return scores;
}

eval::RetrievalScores from_files(const EvalRetrievalOptions& options) {
  const eval::ScoreMatrix scores = read_scores(options.scores, false);
  const std::vector<std::size_t> image_of_text =
      options.texts_per_image
          ? eval::images_in_order(scores.num_images,
                                  static_cast<std::size_t>(*options.texts_per_image))
          : eval::parse_image_of_text(read_text_file(options.pairs, eval::kMaxResultBytes),
                                      options.pairs);
  try {
    if (options.text_scores.empty()) return eval::retrieval_scores(scores, image_of_text);
    return eval::retrieval_scores(scores, read_scores(options.text_scores, true), image_of_text);
  } catch (const Error& error) {
    throw Error(error.code(), options.scores + ": " + error.what());
  }
}

eval::RetrievalScores from_model(EvalRetrievalOptions& options) {
  options.data.open();
  std::vector<std::string> texts;
  std::vector<std::size_t> image_of_text;
  const std::vector<dataset::AnnotatedPicture>& pictures = options.data.pictures();
  for (std::size_t image = 0; image < pictures.size(); ++image) {
    if (pictures[image].captions.empty()) {
      throw Error(ErrorCode::invalid_argument, pictures[image].key + ": has no captions");
    }
    for (const std::string& caption : pictures[image].captions) {
      texts.push_back(caption);
      image_of_text.push_back(image);
    }
  }
  const RetrievalOptions& retrieval = options.retrieval;
  const app::Embedder embedder(
      find_model(retrieval.model, retrieval.inputs.pictures, options.output.quiet()),
      retrieval.style, options.no_rerank ? MatchingHead::optional : MatchingHead::required);
  Context context({.num_threads = retrieval.model.threads});
  const auto for_each_batch = [&](const app::VisitImages& visit) {
    options.data.for_each_batch({.reader = embedder.pictures(),
                                 .batch = static_cast<std::size_t>(retrieval.model.batch),
                                 .num_threads = context.num_threads(),
                                 .quiet = options.output.quiet()},
                                [&](std::size_t first, app::Images images) {
                                  visit(first, embedder.encode(images, context));
                                });
  };
  const app::DirectedScores scores =
      app::score_retrieval(embedder.model(), embedder.tokens(texts), for_each_batch,
                           {.style = retrieval.style,
                            .rerank = !options.no_rerank,
                            .candidates = static_cast<std::size_t>(options.candidates)},
                           context);
  return eval::retrieval_scores(scores.image_to_text, scores.text_to_image, image_of_text);
}

void add_recall(EvalScores& scores, const std::string& name, const eval::RecallScores& recall) {
  const std::string key = name == "TR" ? "text_retrieval" : "image_retrieval";
  const auto add = [&](const char* field, const std::string& label, double value, int digits) {
    scores.json[key][field] = value;
    scores.lines.emplace_back(name + label, fmt::format("{:.{}f}", value, digits));
  };
  add("r1", "@1", recall.r1, 2);
  add("r5", "@5", recall.r5, 2);
  add("r10", "@10", recall.r10, 2);
  add("mean", " mean", recall.mean, 2);
  add("median_rank", " median rank", recall.median_rank, 1);
  add("mean_rank", " mean rank", recall.mean_rank, 2);
}

EvalScores scores_of(const eval::RetrievalScores& retrieval) {
  EvalScores scores;
  scores.json["images"] = retrieval.text_ranks.size();
  scores.json["texts"] = retrieval.image_ranks.size();
  scores.lines.emplace_back("images", fmt::format("{}", retrieval.text_ranks.size()));
  scores.lines.emplace_back("texts", fmt::format("{}", retrieval.image_ranks.size()));
  add_recall(scores, "TR", retrieval.text_retrieval);
  add_recall(scores, "IR", retrieval.image_retrieval);
  scores.json["r_mean"] = retrieval.r_mean;
  scores.lines.emplace_back("r_mean", fmt::format("{:.2f}", retrieval.r_mean));
  return scores;
}

std::vector<nlohmann::ordered_json> items_of(const eval::RetrievalScores& retrieval) {
  std::vector<nlohmann::ordered_json> items;
  for (std::size_t i = 0; i < retrieval.text_ranks.size(); ++i) {
    auto& item = items.emplace_back();
    item["image"] = i;
    item["rank"] = retrieval.text_ranks[i];
  }
  for (std::size_t i = 0; i < retrieval.image_ranks.size(); ++i) {
    auto& item = items.emplace_back();
    item["text"] = i;
    item["rank"] = retrieval.image_ranks[i];
  }
  return items;
}

}  // namespace

ExitCode eval_retrieval(Arguments arguments) {
  const auto options = parse_eval_retrieval_options(arguments);
  if (!options) return ExitCode::ok;
  const eval::RetrievalScores retrieval =
      options->scores.empty() ? from_model(*options) : from_files(*options);
  if (options->output.wants_items()) options->output.write_items(items_of(retrieval));
  options->output.write(scores_of(retrieval));
  return ExitCode::ok;
}

}  // namespace blip::cli
