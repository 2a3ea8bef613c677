// blip eval caption: BLEU, ROUGE-L and CIDEr of captions from a file or of a model on a data set.
#include <fmt/format.h>

#include <memory>

#include "cli/commands/eval_tasks.hpp"
#include "cli/commands/judged_texts.hpp"
#include "eval/bleu.hpp"
#include "eval/cider.hpp"
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

std::unique_ptr<JudgedTextOptions> parse_eval_caption_options(Arguments arguments) {
  auto options = std::make_unique<JudgedTextOptions>();
  OptionParser app;
  options->declare(app);
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
  options->check(app, help.name);
  return options;
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
  const eval::JudgedCaptions judged = judged_texts(*options);
  const eval::CaptionSet tokens = eval::tokenized(judged.set);
  const Metrics metrics = {
      .bleu = eval::bleu(tokens), .rouge_l = eval::rouge_l(tokens), .cider = eval::cider(tokens)};
  if (options->output.wants_items()) options->output.write_items(items_of(judged, metrics));
  options->output.write(scores_of(metrics));
  return ExitCode::ok;
}

}  // namespace blip::cli
