#include "cli/commands/judged_texts.hpp"

#include "app/captioner.hpp"
#include "blip/error.hpp"
#include "cli/input/model_download.hpp"
#include "core/open_file.hpp"
#include "eval/result_records.hpp"

namespace blip::cli {
namespace {

eval::JudgedCaptions from_files(const JudgedTextOptions& options) {
  const auto results = eval::parse_caption_results(
      read_text_file(options.results, eval::kMaxResultBytes), options.results);
  const auto references = eval::parse_references(
      read_text_file(options.references, eval::kMaxResultBytes), options.references);
  return eval::pair_captions(results, options.results, references, options.references);
}

eval::JudgedCaptions from_model(JudgedTextOptions& options) {
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

}  // namespace

void JudgedTextOptions::declare(OptionParser& app) {
  app.add_option("--results", results,
                 "Captions: COCO's results ([{\"image_id\", \"caption\"}]) or what blip caption "
                 "--format json or jsonl wrote")
      ->type_name("FILE")
      ->group("Files");
  app.add_option("--references", references,
                 "What people said: COCO's annotations, records with \"captions\", or an object of "
                 "captions by path or stem")
      ->type_name("FILE")
      ->group("Files");
  data.declare(app);
  captioning.model.declare(app, /*batched=*/true);
  app.add_option("-p,--prompt", captioning.prompt,
                 "How every caption starts, e.g. \"a picture of\"; it is not judged")
      ->type_name("TEXT")
      ->group(GenerationChoices::kGroup);
  captioning.generation.declare(app);
  output.declare(app, "image");
}

void JudgedTextOptions::check(OptionParser& app, std::string_view command) {
  const bool from_files = !results.empty();
  if (from_files == data.given()) {
    throw UsageError("give either --results FILE or --data FILE...; see: blip " +
                     std::string(command) + " --help");
  }
  if (from_files && references.empty()) {
    throw UsageError("--results needs --references FILE");
  }
  if (!from_files && !references.empty()) {
    throw UsageError("--references needs --results; --data has its own");
  }
  if (!from_files) {
    captioning.model.resolve();
    captioning.generation.resolve(app);
    const auto& sequences = captioning.generation.options.num_return_sequences;
    if (sequences.value_or(1) != 1) throw UsageError("--num-captions: one can be judged");
    // As stored: data sets are read so where models are trained and judged.
    captioning.inputs.pictures.exif_rotation = false;
  }
}

eval::JudgedCaptions judged_texts(JudgedTextOptions& options) {
  return options.results.empty() ? from_model(options) : from_files(options);
}

}  // namespace blip::cli
