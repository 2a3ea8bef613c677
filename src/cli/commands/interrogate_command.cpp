// blip interrogate: a prompt that says how an image might have been made.
#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/captioner.hpp"
#include "app/interrogator.hpp"
#include "blip/error.hpp"
#include "checkpoint/model_directory.hpp"
#include "cli/commands.hpp"
#include "cli/image_run.hpp"
#include "cli/input/model_download.hpp"
#include "cli/options/command_line.hpp"
#include "cli/options/sidecar_choices.hpp"
#include "cli/options/text_choices.hpp"
#include "core/user_cache.hpp"

namespace blip::cli {
namespace {

using app::InterrogationMode;

constexpr std::string_view kInterrogateFooter =
    "Examples:\n"
    "  blip interrogate photo.jpg --captioner Salesforce/blip-image-captioning-large \\\n"
    "      -m openai/clip-vit-large-patch14\n"
    "  blip interrogate pictures --mode fast --list artists=artists.txt -o prompts.jsonl --resume\n"
    "  blip interrogate pictures --mode negative --sidecar .txt\n";

// Captions of the CLIP Interrogator have so many tokens.
constexpr int kCaptionTokens = 32;

constexpr int kMaxPhrases = 1000;
constexpr int kMaxCandidates = 1'000'000;

struct InterrogateOptions {
  InputOptions inputs;
  ModelOptions model{kRetrievalModel};
  std::string captioner = std::string(kCaptioningModel);
  std::string mode = "best";
  std::vector<std::string> lists;
  bool only_named_lists = false;
  std::optional<int> max_flavors;
  int min_flavors = 8;
  int candidates = 2048;
  bool keeps_nothing = false;
  SidecarChoices sidecars;
  OutputOptions output;
  app::PhraseLists phrases;  // once resolved

  [[nodiscard]] InterrogationMode interrogation_mode() const {
    if (mode == "fast") return InterrogationMode::fast;
    if (mode == "classic") return InterrogationMode::classic;
    if (mode == "negative") return InterrogationMode::negative;
    return InterrogationMode::best;
  }
};

void declare_phrases(OptionParser& app, InterrogateOptions& options) {
  const char* group = "Prompt";
  app.add_option("--mode", options.mode,
                 "fast (the caption, and the phrases that fit best), classic (the caption, a "
                 "medium, an artist, a movement, three flavors), best (a chain of phrases that "
                 "each brings the prompt nearer to the image, if that is nearer than the others: "
                 "slow) or negative (a chain of what fits least) [best]")
      ->type_name("MODE")
      ->check(one_of({"best", "fast", "classic", "negative"}))
      ->group(group);
  app.add_option("--list", options.lists,
                 "Take a list of phrases from FILE, one on each line, in the place of the one that "
                 "comes with blip: artists (names; there are none), flavors, mediums, movements, "
                 "trendings, negative; a list of another name, as lighting, is more flavors. May "
                 "be given several times")
      ->type_name("NAME=FILE")
      ->one_value_each()
      ->group(group);
  app.add_flag("--only-named-lists", options.only_named_lists,
               "Choose from the lists of --list alone")
      ->group(group);
  app.add_option("--max-flavors", options.max_flavors,
                 "Add at most N phrases; of mode classic N flavors [32, classic 3]")
      ->type_name("N")
      ->check(whole_number(1, kMaxPhrases))
      ->group(group);
  app.add_option("--min-flavors", options.min_flavors,
                 "Let a chain go on for N phrases even if they do not help [8]")
      ->type_name("N")
      ->check(whole_number(0, kMaxPhrases))
      ->group(group);
  app.add_option("--candidates", options.candidates,
                 "Let a chain choose from the N phrases that fit best alone [2048]")
      ->type_name("N")
      ->check(whole_number(1, kMaxCandidates))
      ->group(group);
  app.add_flag("--no-label-cache", options.keeps_nothing,
               "Do not keep the vectors of phrases for the next run")
      ->group(group);
}

app::PhraseLists phrases_of(const InterrogateOptions& options) {
  app::PhraseLists phrases = options.only_named_lists ? app::PhraseLists{} : app::bundled_phrases();
  for (const std::string& list : options.lists) {
    const std::size_t equals = list.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == list.size()) {
      throw UsageError("--list: '" + list + "' is not NAME=FILE");
    }
    phrases.set(list.substr(0, equals), lines_of(list.substr(equals + 1)));
  }
  if (options.only_named_lists && options.lists.empty()) {
    throw UsageError("--only-named-lists needs --list");
  }
  return phrases;
}

std::unique_ptr<InterrogateOptions> parse_interrogate_options(Arguments arguments) {
  auto options = std::make_unique<InterrogateOptions>();
  OptionParser app;
  options->inputs.selection.columns.text = "caption";
  options->inputs.selection.columns.otherwise = "";  // the captioner writes what is missing
  options->inputs.declare(app, "IMAGE", "Files, folders and http(s) URLs", /*sharded=*/true);
  options->model.declare(app, /*batched=*/true);
  app.add_option("--captioner", options->captioner,
                 fmt::format("The model that writes the captions, of images that have none in a "
                             "list [{}]",
                             options->captioner))
      ->type_name("MODEL")
      ->group("Model");
  declare_phrases(app, *options);
  options->output.declare(
      app, record_formats(),
      "Keep the prompts that FILE has, do the rest; failed images are tried again");
  options->sidecars.declare(app);
  const CommandHelp help = {
      .name = "interrogate",
      .synopsis = "[options] IMAGE...",
      .summary =
          "Writes a prompt that says how an image might have been made, as the CLIP Interrogator "
          "does: a caption by one model, and the phrases that another, which embeds images and "
          "texts, finds nearest to the image.",
      .footer = kInterrogateFooter,
      .exit_codes = kExitCodes};
  if (!parse_arguments(app, help, arguments)) return nullptr;
  options->inputs.resolve();
  options->inputs.require_images(help.name);
  options->phrases = phrases_of(*options);
  options->model.resolve();
  options->sidecars.resolve(app, /*captions=*/1, options->output);
  options->output.resolve();
  const std::vector<std::string>& names = options->inputs.selection.names;
  if (options->interrogation_mode() != InterrogationMode::negative &&
      std::find(names.begin(), names.end(), "-") != names.end()) {
    throw UsageError(
        "an image on standard input can be read once, and two models want it: name a file");
  }
  return options;
}

app::RecordSchema schema_of(const InterrogateOptions& options, bool has_captions) {
  app::RecordSchema schema;
  schema.asked_by_input = options.inputs.has_texts();
  if (schema.asked_by_input) schema.about = {"caption"};
  schema.results = {"prompt", "similarity", "phrases"};
  // Of a list with captions: the one that the model wrote where the list has none.
  if (has_captions) {
    schema.results.emplace_back(schema.asked_by_input ? "written_caption" : "caption");
  }
  // A file that is to be resumed tells by the names what it holds.
  schema.text_with_path = options.output.resume || !options.inputs.names_one_image();
  return schema;
}

// Writes captions. Its model takes pictures of another size than the one that ranks phrases, so
// they are read once more, by the threads that read them for that one.
class PictureCaptions {
 public:
  explicit PictureCaptions(const app::ModelOptions& model)
      : captioner_(model, {.prompt = {}, .generation = {.max_new_tokens = kCaptionTokens}}) {}

  // Called by several threads. Throws blip::Error.
  void read(const Input& input) {
    if (has_own(input.text)) return;
    Tensor pixels = captioner_.pictures()(input.path);
    const std::lock_guard lock(mutex_);
    pixels_.insert_or_assign(input.index, std::move(pixels));
  }

  std::vector<std::string> of(app::Images images, Context& context) {
    std::vector<std::string> captions(images.size());
    std::vector<std::size_t> places;
    std::vector<app::PreparedImage> uncaptioned;
    for (std::size_t i = 0; i < images.size(); ++i) {
      if (has_own(images[i]->text)) {
        captions[i] = *images[i]->text;
        continue;
      }
      places.push_back(i);
      uncaptioned.push_back({.name = images[i]->name,
                             .index = images[i]->index,
                             .pixel_values = taken(images[i]->index),
                             .error = {}});
    }
    std::vector<const app::PreparedImage*> pointers;
    for (const app::PreparedImage& image : uncaptioned) pointers.push_back(&image);
    const std::vector<app::Captions> written = captioner_.caption(pointers, context);
    for (std::size_t i = 0; i < places.size(); ++i) {
      captions[places[i]] = written[i].front().text;
    }
    return captions;
  }

 private:
  static bool has_own(const std::optional<std::string>& text) { return text && !text->empty(); }

  Tensor taken(std::size_t index) {
    const std::lock_guard lock(mutex_);
    return std::move(pixels_.extract(index).mapped());
  }

  app::Captioner captioner_;
  std::mutex mutex_;
  std::map<std::size_t, Tensor> pixels_;  // by the places of images that were read
};

app::Finding finding_of(const app::Interrogation& found, const app::PreparedImage& image,
                        const std::optional<std::string>& caption,
                        const app::RecordSchema& schema) {
  app::Finding finding;
  if (schema.asked_by_input) finding.about = {image.text.value_or("")};
  app::Result result{.values = {found.prompt, found.similarity, found.phrases},
                     .line = found.prompt};
  if (caption) {
    const bool is_own = schema.asked_by_input && !image.text.value_or("").empty();
    result.values.push_back(is_own ? app::Value(std::monostate{}) : app::Value(*caption));
  }
  finding.results.push_back(std::move(result));
  return finding;
}

app::InterrogatorOptions interrogator_options(const InterrogateOptions& options) {
  app::InterrogatorOptions interrogator = {
      .mode = options.interrogation_mode(),
      .phrases = options.phrases,
      .min_flavors = static_cast<std::size_t>(options.min_flavors),
      .candidates = static_cast<std::size_t>(options.candidates)};
  if (options.max_flavors) {
    interrogator.max_flavors = static_cast<std::size_t>(*options.max_flavors);
  }
  const std::filesystem::path cache =
      options.keeps_nothing ? std::filesystem::path() : user_cache_directory();
  if (!cache.empty()) interrogator.kept_labels = cache / "labels";
  return interrogator;
}

}  // namespace

ExitCode run_interrogate(Arguments arguments) {
  const auto options = parse_interrogate_options(arguments);
  if (!options) return ExitCode::ok;

  const bool has_captions = options->interrogation_mode() != InterrogationMode::negative;
  const app::RecordSchema schema = schema_of(*options, has_captions);
  ImageRun run(options->inputs, options->output, options->model.batch, schema);
  Context context({.num_threads = options->model.threads});
  const app::PictureOptions& pictures = options->inputs.pictures;
  const bool quiet = options->output.quiet;
  const app::Interrogator interrogator(find_model(options->model, pictures, quiet),
                                       interrogator_options(*options), context);
  std::optional<PictureCaptions> captions;
  if (has_captions) {
    captions.emplace(app::ModelOptions{.model = find_model(options->captioner, quiet),
                                       .weight_type = options->model.weight_type,
                                       .pictures = pictures});
  }
  run.start(interrogator.pictures(), context.num_threads(), [&](const Input& input) {
    if (captions) captions->read(input);
  });
  while (const auto batch = run.next_batch()) {
    const app::Images images = batch->images();
    std::vector<std::string> texts;
    if (captions) texts = captions->of(images, context);
    const auto found = interrogator.interrogate(images, texts, context);
    std::vector<std::vector<app::Finding>> findings;
    for (std::size_t i = 0; i < images.size(); ++i) {
      findings.push_back({finding_of(found[i], *images[i],
                                     captions ? std::optional(texts[i]) : std::nullopt, schema)});
    }
    run.report(*batch, findings);
  }
  return run.finish();
}

}  // namespace blip::cli
