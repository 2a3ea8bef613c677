// blip eval caption: BLEU, ROUGE-L and CIDEr of captions from a file or of a model on a data set.
#include <fmt/format.h>

#include <memory>

#include "app/captioner.hpp"
#include "blip/error.hpp"
#include "cli/commands/eval_tasks.hpp"
#include "cli/input/model_download.hpp"
#include "cli/options/caption_options.hpp"
#include "cli/options/command_line.hpp"
#include "cli/options/eval_data.hpp"
#include "cli/output/eval_output.hpp"
#include "core/open_file.hpp"
#include "eval/bleu.hpp"
#include "eval/caption_files.hpp"
#include "eval/cider.hpp"
#include "eval/result_records.hpp"
#include "eval/rouge_l.hpp"

namespace blip::cli {
namespace {

constexpr std::string_view kEvalCaptionFooter =
    "Examples:\n"
    "  blip eval caption --results captions.json --references captions_val2014.json\n"
    "  blip eval caption --results captions.jsonl --references captions.json --per-image "
    "scores.jsonl\n"
    "  blip eval caption -m nano-captioning --data dev-000000.tar --beams 3\n"
    "  blip eval caption -m Salesforce/blip-image-captioning-base --data coco_karpathy_test.json "
    "\\\n"
    "      --images ~/coco --prompt \"a picture of\" --beams 3 --max-length 20 --min-length 5\n"
    "\n"
    "Exit code: 0 judged; 2 something is missing, double or cannot be read.\n";

struct EvalCaptionOptions {
  std::string results;
  std::string references;
  EvalData data;
  CaptionOptions captioning;
  EvalOutput output;
};

std::unique_ptr<EvalCaptionOptions> parse_eval_caption_options(Arguments arguments) {
  auto options = std::make_unique<EvalCaptionOptions>();
  OptionParser app;
  app.add_option("--results", options->results,
                 "Captions: COCO's results ([{\"image_id\", \"caption\"}]) or what blip caption "
                 "--format json or jsonl wrote")
      ->type_name("FILE")
      ->group("Files");
  app.add_option("--references", options->references,
                 "What people said: COCO's annotations, records with \"captions\", or an object of "
                 "captions by path or stem")
      ->type_name("FILE")
      ->group("Files");
  options->data.declare(app);
  options->captioning.model.declare(app, /*batched=*/true);
  app.add_option("-p,--prompt", options->captioning.prompt,
                 "How every caption starts, e.g. \"a picture of\"; it is not judged")
      ->type_name("TEXT")
      ->group(GenerationChoices::kGroup);
  options->captioning.generation.declare(app);
  options->output.declare(app, "image");
  const CommandHelp help = {
      .name = "eval caption",
      .synopsis =
          "[options] --results FILE --references FILE\n"
          "       blip eval caption [options] -m MODEL --data FILE...",
      .summary =
          "Judges captions by BLEU, ROUGE-L and CIDEr, as pycocoevalcap does, Penn Treebank "
          "tokens included. Every image of the references needs one caption.",
      .footer = kEvalCaptionFooter};
  if (!parse_arguments(app, help, arguments)) return nullptr;
  const bool from_files = !options->results.empty();
  if (from_files == options->data.given()) {
    throw UsageError("give either --results FILE or --data FILE...; see: blip eval caption --help");
  }
  if (from_files && options->references.empty()) {
    throw UsageError("--results needs --references FILE");
  }
  if (!from_files && !options->references.empty()) {
    throw UsageError("--references needs --results; --data has its own");
  }
  if (!from_files) {
    options->captioning.model.resolve();
    options->captioning.generation.resolve(app);
    const auto& sequences = options->captioning.generation.options.num_return_sequences;
    if (sequences.value_or(1) != 1) throw UsageError("--num-captions: one can be judged");
    // As stored: data sets are read so where models are trained and judged.
    options->captioning.inputs.pictures.exif_rotation = false;
  }
  return options;
}

eval::JudgedCaptions from_files(const EvalCaptionOptions& options) {
  const auto results = eval::parse_caption_results(
      read_text_file(options.results, eval::kMaxResultBytes), options.results);
  const auto references = eval::parse_references(
      read_text_file(options.references, eval::kMaxResultBytes), options.references);
  return eval::pair_captions(results, options.results, references, options.references);
}

eval::JudgedCaptions from_model(EvalCaptionOptions& options) {
  options.data.open();
  eval::JudgedCaptions judged;
  for (const dataset::AnnotatedPicture& picture : options.data.pictures()) {
    if (picture.captions.empty()) {
      throw Error(ErrorCode::invalid_argument, picture.key + ": has no captions to compare with");
    }
    judged.images.push_back(picture.key);
    judged.set.references.push_back(picture.captions);
  }
  const CaptionOptions& captioning = options.captioning;
  const app::Captioner captioner(
      find_model(captioning.model, captioning.inputs.pictures, options.output.quiet()),
      {.prompt = captioning.prompt,
       .generation = captioning.generation.options,
       .banned_words = captioning.generation.banned_words});
  Context context({.num_threads = captioning.model.threads});
  options.data.for_each_batch(
      {.reader = captioner.pictures(),
       .batch = static_cast<std::size_t>(captioning.model.batch),
       .num_threads = context.num_threads(),
       .quiet = options.output.quiet()},
      [&](std::size_t /*first*/, app::Images images) {
        const auto all = captioning.generation.with_option_names(
            [&] { return captioner.caption(images, context); });
        // The prompt is no merit of the model's. (BLIP's own code cuts off its thirteen
        // characters.)
        for (const app::Captions& captions : all) {
          judged.set.captions.push_back(captioner.without_prompt(captions.front().text));
        }
      });
  return judged;
}

struct Metrics {
  eval::Bleu bleu;
  eval::RougeL rouge_l;
  eval::Cider cider;
};

EvalScores scores_of(const Metrics& metrics) {
  const std::size_t images = metrics.cider.images.size();
  EvalScores scores;
  scores.json["images"] = images;
  scores.lines.emplace_back("images", fmt::format("{}", images));
  // As papers print them, times 100.
  const auto add = [&](const std::string& key, const std::string& name, double value) {
    scores.json[key] = value;
    scores.lines.emplace_back(name, fmt::format("{:.2f}", 100 * value));
  };
  for (std::size_t n = 0; n < eval::kMaxN; ++n) {
    add(fmt::format("bleu_{}", n + 1), fmt::format("BLEU-{}", n + 1), metrics.bleu.corpus[n]);
  }
  add("rouge_l", "ROUGE-L", metrics.rouge_l.mean);
  add("cider", "CIDEr", metrics.cider.mean);
  return scores;
}

std::vector<nlohmann::ordered_json> items_of(const eval::JudgedCaptions& judged,
                                             const Metrics& metrics) {
  std::vector<nlohmann::ordered_json> items;
  for (std::size_t i = 0; i < judged.images.size(); ++i) {
    auto& item = items.emplace_back();
    item["image_id"] = judged.images[i];
    item["caption"] = judged.set.captions[i];
    for (std::size_t n = 0; n < eval::kMaxN; ++n) {
      item[fmt::format("bleu_{}", n + 1)] = metrics.bleu.images[i][n];
    }
    item["rouge_l"] = metrics.rouge_l.images[i];
    item["cider"] = metrics.cider.images[i];
  }
  return items;
}

}  // namespace

ExitCode eval_caption(Arguments arguments) {
  const auto options = parse_eval_caption_options(arguments);
  if (!options) return ExitCode::ok;
  const eval::JudgedCaptions judged =
      options->results.empty() ? from_model(*options) : from_files(*options);
  const eval::CaptionSet tokens = eval::tokenized(judged.set);
  const Metrics metrics = {
      .bleu = eval::bleu(tokens), .rouge_l = eval::rouge_l(tokens), .cider = eval::cider(tokens)};
  if (options->output.wants_items()) options->output.write_items(items_of(judged, metrics));
  options->output.write(scores_of(metrics));
  return ExitCode::ok;
}

}  // namespace blip::cli
