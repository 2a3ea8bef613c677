// blip eval classify: how often a model names the class of a picture.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "app/any_classifier.hpp"
#include "blip/error.hpp"
#include "cli/commands/eval_tasks.hpp"
#include "cli/options/classifier_options.hpp"
#include "cli/options/command_line.hpp"
#include "cli/options/eval_data.hpp"
#include "cli/output/eval_output.hpp"
#include "eval/class_labels.hpp"
#include "eval/classification_accuracy.hpp"
#include "tasks/embedding.hpp"

namespace blip::cli {
namespace {

constexpr std::string_view kEvalClassifyFooter =
    "Examples:\n"
    "  blip eval classify -m google/vit-base-patch16-224 --data imagenet/val-{00..63}.tar\n"
    "  blip eval classify -m openai/clip-vit-base-patch32 --data photos --labels \"cat, dog\" \\\n"
    "      --template \"a photo of a {}.\"\n"
    "  blip eval classify --data photos --format json --per-image images.jsonl\n"
    "\n"
    "Exit code: 0 judged; 2 a class has no label, or something cannot be read.\n";

struct EvalClassifyOptions {
  EvalData data;
  ClassifierOptions classifier;
  EvalOutput output;
};

std::unique_ptr<EvalClassifyOptions> parse_eval_classify_options(Arguments arguments) {
  auto options = std::make_unique<EvalClassifyOptions>();
  OptionParser app;
  options->data.declare(app,
                        "; or a folder that has a folder of pictures for each class. A shard has "
                        "the class of a picture as KEY.cls, or as \"label\" in KEY.json, as lists "
                        "do");
  options->classifier.declare(app);
  options->output.declare(app, "image");
  const CommandHelp help = {
      .name = "eval classify",
      .synopsis = "[options] -m MODEL --data FOLDER|FILE...",
      .summary =
          "How often the first label, or one of the first five, is the class of a picture, in per "
          "cent, of all pictures and of each class. Classes are matched with the model's labels, "
          "or with those of --labels, by name or number.",
      .footer = kEvalClassifyFooter};
  if (!parse_arguments(app, help, arguments)) return nullptr;
  if (!options->data.given()) {
    throw UsageError("no --data given; see: blip eval classify --help");
  }
  options->classifier.resolve(app);
  return options;
}

// What is judged, picture after picture.
struct JudgedLabels {
  std::vector<std::size_t> labels;       // the right ones
  std::vector<std::size_t> ranks;        // of them, from 1
  std::vector<std::size_t> predictions;  // the best ones
};

std::vector<std::string> classes_of(const std::vector<dataset::AnnotatedPicture>& pictures) {
  std::vector<std::string> classes;
  classes.reserve(pictures.size());
  for (const dataset::AnnotatedPicture& picture : pictures) {
    if (picture.label.empty()) {
      throw Error(ErrorCode::invalid_argument, picture.key + ": has no label");
    }
    classes.push_back(picture.label);
  }
  return classes;
}

JudgedLabels judge(const EvalClassifyOptions& options, const app::AnyClassifier& classifier,
                   std::span<const std::string> labels, Context& context) {
  JudgedLabels judged;
  judged.labels = eval::ClassLabels(labels).labels_of(classes_of(options.data.pictures()));
  options.data.for_each_batch(
      {.reader = app::pictures_of(classifier),
       .batch = static_cast<std::size_t>(options.classifier.model.batch),
       .num_threads = context.num_threads(),
       .quiet = options.output.quiet()},
      [&](std::size_t first, app::Images images) {
        const Tensor logits =
            std::visit([&](const auto& each) { return each.logits(images, context); }, classifier);
        for (std::size_t i = 0; i < images.size(); ++i) {
          const auto row = row_of(logits, i);
          judged.ranks.push_back(eval::rank_of_label(row, judged.labels[first + i]));
          judged.predictions.push_back(
              static_cast<std::size_t>(std::max_element(row.begin(), row.end()) - row.begin()));
        }
      });
  return judged;
}

EvalScores scores_of(const eval::ClassificationScores& accuracy,
                     std::span<const std::string> labels) {
  EvalScores scores;
  const auto classes =
      std::count_if(accuracy.by_class.begin(), accuracy.by_class.end(),
                    [](const eval::ClassAccuracy& each) { return each.images > 0; });
  scores.json["images"] = accuracy.all.images;
  scores.json["classes"] = classes;
  scores.lines.emplace_back("images", fmt::format("{}", accuracy.all.images));
  scores.lines.emplace_back("classes", fmt::format("{}", classes));
  const auto add = [&](const char* key, const char* name, double value) {
    scores.json[key] = value;
    scores.lines.emplace_back(name, fmt::format("{:.2f}", value));
  };
  add("top1", "top-1", accuracy.all.top1);
  add("top5", "top-5", accuracy.all.top5);
  add("mean_per_class", "mean per class", accuracy.mean_per_class);
  // A list, because two classes of ImageNet have the same name.
  scores.json["by_class"] = nlohmann::ordered_json::array();
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const eval::ClassAccuracy& each = accuracy.by_class[i];
    if (each.images == 0) continue;
    nlohmann::ordered_json item;
    item["label"] = labels[i];
    item["images"] = each.images;
    item["top1"] = each.top1;
    item["top5"] = each.top5;
    scores.json["by_class"].push_back(std::move(item));
    scores.lines.emplace_back("  " + labels[i], fmt::format("{:.2f}", each.top1));
  }
  return scores;
}

std::vector<nlohmann::ordered_json> items_of(const EvalClassifyOptions& options,
                                             const JudgedLabels& judged,
                                             std::span<const std::string> labels) {
  std::vector<nlohmann::ordered_json> items;
  for (std::size_t i = 0; i < judged.labels.size(); ++i) {
    auto& item = items.emplace_back();
    item["image"] = options.data.pictures()[i].key;
    item["label"] = labels[judged.labels[i]];
    item["prediction"] = labels[judged.predictions[i]];
    item["rank"] = judged.ranks[i];
  }
  return items;
}

}  // namespace

ExitCode eval_classify(Arguments arguments) {
  const auto options = parse_eval_classify_options(arguments);
  if (!options) return ExitCode::ok;
  options->data.open();
  // As stored: data sets are read so where models are trained and judged.
  const app::PictureOptions pictures = {.exif_rotation = false};
  Context context({.num_threads = options->classifier.model.threads});
  const app::AnyClassifier classifier =
      options->classifier.open(pictures, options->output.quiet(), context);
  const std::span<const std::string> labels =
      std::visit([](const auto& each) { return each.labels(); }, classifier);
  const JudgedLabels judged = judge(*options, classifier, labels, context);
  const eval::ClassificationScores accuracy =
      eval::classification_scores(judged.labels, judged.ranks, labels.size());
  if (options->output.wants_items()) {
    options->output.write_items(items_of(*options, judged, labels));
  }
  options->output.write(scores_of(accuracy, labels));
  return ExitCode::ok;
}

}  // namespace blip::cli
