// blip compare: what BLIP, CLIP, ViT and DALL-E make of one photo.
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "app/compare/comparison.hpp"
#include "app/compare/comparison_report.hpp"
#include "app/draw/picture_file.hpp"
#include "app/images/open_image.hpp"
#include "blip/error.hpp"
#include "checkpoint/model_directory.hpp"
#include "cli/commands.hpp"
#include "cli/input/model_download.hpp"
#include "cli/options/command_line.hpp"
#include "cli/options/run_options.hpp"
#include "cli/output/console.hpp"
#include "cli/output/progress.hpp"
#include "core/file_ending.hpp"
#include "core/replacement_file.hpp"
#include "core/user_cache.hpp"

namespace blip::cli {
namespace {

constexpr std::string_view kCompareFooter =
    "Examples:\n"
    "  blip compare photo.jpg\n"
    "  blip compare photo.jpg \"a dog\" \"a cat\" --clip openai/clip-vit-base-patch32\n"
    "  blip compare photo.jpg --clip ./clip --draw ./dalle-mini -o comparison.html\n"
    "\n"
    "Exit code: 0 all done; 1 some models failed (each named); 2 nothing could run.\n";

// The word that leaves a model out.
constexpr std::string_view kNone = "none";

struct CompareOptions {
  std::string image;
  std::vector<std::string> texts;
  std::string captioner = std::string(kCaptioningModel);
  std::string answerer = std::string(kQuestionModel);
  std::string matcher = std::string(kRetrievalModel);
  std::string classifier = std::string(kClassificationModel);
  std::string clip;
  std::string drawer;
  std::string question;
  std::string dtype = "stored";
  int top = 5;
  int seed = 0;
  int threads = 0;
  bool no_exif_rotation = false;
  std::string format;
  std::string file;
  std::string drawing_file;
  bool quiet = false;
};

void declare_models(OptionParser& app, CompareOptions& options) {
  const auto declare = [&](const char* name, std::string& model, const std::string& purpose) {
    app.add_option(name, model, purpose)->type_name("MODEL")->group("Models");
  };
  const auto usual = [](std::string_view model) {
    return " [" + std::string(model) + "]; none leaves it out";
  };
  declare("--captioner", options.captioner,
          "BLIP that writes the caption" + usual(kCaptioningModel));
  declare("--answerer", options.answerer, "BLIP that answers the question" + usual(kQuestionModel));
  declare("--matcher", options.matcher, "BLIP that matches texts" + usual(kRetrievalModel));
  declare("--classifier", options.classifier,
          "ViT, or another model with classes of its own" + usual(kClassificationModel));
  declare("--clip", options.clip, "CLIP or SigLIP; none comes with blip");
  declare("--draw", options.drawer,
          "DALL-E mini or mega, which draws the caption; none comes with blip");
  app.add_option("--dtype", options.dtype,
                 "Numbers that weights are computed with: stored, f32, f16, bf16 or int8 [stored]")
      ->type_name("TYPE")
      ->check(one_of({"stored", "f32", "f16", "bf16", "int8"}))
      ->group("Models");
  app.add_option("--threads", options.threads, "Use N threads; 0: one per core [0]")
      ->type_name("N")
      ->check(whole_number(0))
      ->group("Models");
}

void declare_output(OptionParser& app, CompareOptions& options) {
  app.add_option("-f,--format", options.format,
                 "text, json or html (one page with the pictures in it) [by the ending of "
                 "--output, else text]")
      ->type_name("FORMAT")
      ->check(one_of({"text", "json", "html"}))
      ->group("Output");
  app.add_option("-o,--output", options.file, "Write to FILE instead of standard output")
      ->type_name("FILE")
      ->group("Output");
  app.add_option("--drawing", options.drawing_file, "Write the picture of --draw to FILE too")
      ->type_name("FILE")
      ->group("Output");
  app.add_flag("-q,--quiet", options.quiet, "Do not say what is being run")->group("Output");
}

std::string format_of(const std::string& file) {
  const std::string ending = file_ending(file);
  if (ending == "html" || ending == "htm") return "html";
  return ending == "json" ? "json" : "text";
}

std::unique_ptr<CompareOptions> parse_compare_options(Arguments arguments) {
  auto options = std::make_unique<CompareOptions>();
  OptionParser app;
  app.add_option("IMAGE", options->image, "A file or an http(s) URL")->group("Input");
  app.add_option("TEXT", options->texts, "Texts to be matched with it, beside its caption")
      ->group("Input");
  app.add_option("--question", options->question, "What to ask about it [what is in the picture?]")
      ->type_name("TEXT")
      ->group("Input");
  app.add_flag("--no-exif-rotation", options->no_exif_rotation,
               "Take photos as stored, not as the camera was held")
      ->group("Input");
  declare_models(app, *options);
  app.add_option("--top", options->top, "Tell the N best tags and classes [5]")
      ->type_name("N")
      ->check(whole_number(1))
      ->group("Output");
  app.add_option("--seed", options->seed, "Another number draws another picture [0]")
      ->type_name("N")
      ->check(whole_number(0))
      ->group("Models");
  declare_output(app, *options);
  const CommandHelp help = {
      .name = "compare",
      .synopsis = "[options] IMAGE [TEXT...]",
      .summary =
          "Shows what BLIP, CLIP, ViT and DALL-E make of one photo, with their sizes, memory and "
          "times: a caption, an answer, how well texts fit, tags, classes, and a picture of the "
          "caption. Opens one model after the other.",
      .footer = kCompareFooter};
  if (!parse_arguments(app, help, arguments)) return nullptr;
  if (options->image.empty()) throw UsageError("no image given; see: blip compare --help");
  if (!options->drawer.empty() && options->captioner == kNone) {
    throw UsageError("--draw draws the caption, and --captioner none leaves that out");
  }
  for (const std::string& file : {options->file, options->drawing_file}) {
    require_directory_of(file);
  }
  if (options->format.empty()) options->format = format_of(options->file);
  if (!options->drawing_file.empty()) {
    if (options->drawer.empty()) throw UsageError("--drawing needs --draw MODEL");
    try {
      if (app::picture_format_of(options->drawing_file) == app::PictureFormat::npy) {
        throw UsageError("--drawing writes a picture, .png or .jpg");
      }
    } catch (const Error& error) {
      throw UsageError(error.what());
    }
  }
  return options;
}

app::ComparisonOptions comparison_options(const CompareOptions& options) {
  const auto found = [&](const std::string& name) {
    return name.empty() || name == kNone ? std::filesystem::path()
                                         : find_model(name, options.quiet);
  };
  app::ComparisonOptions comparison = {.captioner = found(options.captioner),
                                       .answerer = found(options.answerer),
                                       .matcher = found(options.matcher),
                                       .clip = found(options.clip),
                                       .classifier = found(options.classifier),
                                       .drawer = found(options.drawer),
                                       .weight_type = weight_type_of(options.dtype),
                                       .texts = options.texts,
                                       .top = static_cast<std::size_t>(options.top),
                                       .seed = static_cast<std::uint64_t>(options.seed)};
  if (!options.question.empty()) comparison.question = options.question;
  const std::filesystem::path cache = user_cache_directory();
  if (!cache.empty()) comparison.kept_labels = cache / "labels";
  return comparison;
}

void write_report(const CompareOptions& options, const app::Comparison& comparison) {
  std::string report;
  if (options.format == "html") {
    report = app::comparison_as_page(comparison);
  } else if (options.format == "json") {
    report = app::comparison_as_json(comparison);
  } else {
    report = app::comparison_as_text(comparison);
  }
  if (options.file.empty() || options.file == "-") {
    print(report);
  } else {
    replace_file(options.file, report);
  }
}

// Says which texts a model could not match, and returns how many.
std::size_t unmatched_texts(const app::ComparedModel& model) {
  std::size_t count = 0;
  for (const app::TaskFindings& task : model.tasks) {
    for (const app::ScoredText& result : task.results) {
      if (result.error.empty()) continue;
      ++count;
      print_message(printable(model.name + ": " + result.error));
    }
  }
  return count;
}

}  // namespace

ExitCode run_compare(Arguments arguments) {
  const auto options = parse_compare_options(arguments);
  if (!options) return ExitCode::ok;

  ImageOptions as_seen;
  as_seen.apply_exif_orientation = !options->no_exif_rotation;
  const Image photo = app::open_image(options->image, as_seen);
  const app::ComparisonOptions models = comparison_options(*options);
  const app::Comparison comparison =
      app::compare_models(options->image, photo, models, {.num_threads = options->threads},
                          [&](std::string_view system) {
                            if (!options->quiet && terminal_shows_progress()) {
                              write_to_stderr("blip: " + std::string(system) + "\n");
                            }
                          });
  if (comparison.models.empty()) throw UsageError("every model is left out");
  std::size_t failed = 0;
  std::size_t unmatched = 0;
  for (const app::ComparedModel& model : comparison.models) {
    unmatched += unmatched_texts(model);
    if (model.error.empty()) continue;
    ++failed;
    print_message(model.error);
  }
  if (failed == comparison.models.size()) return ExitCode::cannot_run;
  // The picture first: it is not lost if the report cannot be written.
  for (const app::ComparedModel& model : comparison.models) {
    if (model.picture && !options->drawing_file.empty()) {
      app::write_picture(options->drawing_file, *model.picture);
    }
  }
  write_report(*options, comparison);
  return failed + unmatched == 0 ? ExitCode::ok : ExitCode::some_failed;
}

}  // namespace blip::cli
