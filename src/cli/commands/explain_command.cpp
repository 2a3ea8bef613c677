// blip explain: shows where in an image the model looked for each word of a text.
#include <memory>
#include <string>
#include <string_view>

#include "app/explain/explainer.hpp"
#include "app/explain/explanation_file.hpp"
#include "app/images/open_image.hpp"
#include "checkpoint/model_directory.hpp"
#include "cli/commands.hpp"
#include "cli/input/model_download.hpp"
#include "cli/options/command_line.hpp"
#include "cli/options/explain_choices.hpp"
#include "cli/options/retrieval_options.hpp"
#include "cli/output/console.hpp"
#include "core/file_ending.hpp"

namespace blip::cli {
namespace {

constexpr std::string_view kExplainFooter =
    "Examples:\n"
    "  blip explain photo.jpg \"a dog on a beach\"\n"
    "  blip explain photo.jpg \"a dog on a beach\" --layer 1 --head 3 -o maps.npy\n"
    "\n"
    "Exit code: 0 all done; 2 nothing could run.\n";

struct ExplainOptions {
  std::string image;
  std::string text;
  bool no_exif_rotation = false;
  RetrievalOptions retrieval;  // the model and the style
  AttentionChoices attention;
  std::string file;
  bool quiet = false;
};

std::unique_ptr<ExplainOptions> parse_explain_options(Arguments arguments) {
  auto options = std::make_unique<ExplainOptions>();
  OptionParser app;
  app.add_option("IMAGE", options->image, "A file or an http(s) URL")->group("Input");
  app.add_option("TEXT", options->text, "What is to be seen in it")->group("Input");
  app.add_flag("--no-exif-rotation", options->no_exif_rotation,
               "Take photos as stored, not as the camera was held")
      ->group("Input");
  options->retrieval.model.declare(app, /*batched=*/false);
  options->retrieval.declare_style(app);
  options->attention.declare(app, "", "Attention");
  app.add_option("-o,--output", options->file,
                 "A picture (.png), or the maps (.npy) with the words beside them (.names.txt) "
                 "[NAME.explain.png here]")
      ->type_name("FILE")
      ->group("Output");
  app.add_flag("-q,--quiet", options->quiet, "No progress line on the terminal")->group("Output");
  const CommandHelp help = {
      .name = "explain",
      .synopsis = "[options] IMAGE TEXT",
      .summary =
          "Shows where in an image the model looked for each word of a text: Grad-CAM of its "
          "cross-attention. Prints the name of the file. The model has to be one that `blip match` "
          "takes. `blip caption` and `blip ask` explain what they write, with an option of the "
          "same name.",
      .footer = kExplainFooter};
  if (!parse_arguments(app, help, arguments)) return nullptr;
  if (options->image.empty() || options->text.empty()) {
    throw UsageError("an image and a text are needed; see: blip explain --help");
  }
  if (options->file.empty()) {
    options->file = app::plain_name_of(options->image) + ".explain.png";
  }
  const std::string ending = file_ending(options->file);
  if (ending != "png" && ending != "npy") {
    throw UsageError(options->file + ": neither a .png nor a .npy");
  }
  require_directory_of(options->file);
  options->retrieval.model.resolve();
  options->retrieval.resolve_style();
  options->attention.resolve();
  return options;
}

}  // namespace

ExitCode run_explain(Arguments arguments) {
  const auto options = parse_explain_options(arguments);
  if (!options) return ExitCode::ok;

  ImageOptions as_seen;
  as_seen.apply_exif_orientation = !options->no_exif_rotation;
  const Image photo = app::open_image(options->image, as_seen);
  const app::Explainer explainer(find_model(options->retrieval.model, {}, options->quiet),
                                 options->retrieval.style, options->attention.options);
  Context context({.num_threads = options->retrieval.model.threads});
  const app::Explanation explanation =
      explainer.explain(explainer.pictures()(photo), options->text, context);
  if (file_ending(options->file) == "png") {
    app::write_explanation_png(options->file, photo, explanation);
  } else {
    app::write_explanation_npy(options->file, explanation);
  }
  print(options->file + "\n");
  return ExitCode::ok;
}

}  // namespace blip::cli
