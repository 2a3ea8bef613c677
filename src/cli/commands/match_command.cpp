// blip match: says how well texts fit images.
#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

#include "app/matcher.hpp"
#include "cli/commands.hpp"
#include "cli/image_run.hpp"
#include "cli/input/model_download.hpp"
#include "cli/options/command_line.hpp"
#include "cli/options/retrieval_options.hpp"

namespace blip::cli {
namespace {

constexpr std::string_view kMatchFooter =
    "Examples:\n"
    "  blip match photo.jpg \"a dog on a beach\" \"a cat on a sofa\"\n"
    "  blip match --text \"a screenshot\" ~/Pictures --recursive -o screenshots.csv --resume\n"
    "  blip match photo.jpg --texts captions.txt --style original --format jsonl\n";

std::unique_ptr<RetrievalOptions> parse_match_options(Arguments arguments) {
  auto options = std::make_unique<RetrievalOptions>();
  OptionParser app;
  options->inputs.selection.columns.text = "text";
  options->inputs.declare(app, "IMAGE",
                          "A file, a folder or an http(s) URL; with --text or --texts, several of "
                          "them",
                          /*sharded=*/true);
  options->texts.declare(app, "to match with every image");
  options->model.declare(app, /*batched=*/true);
  options->declare_style(app);
  options->explain.declare(app);
  options->output.declare(
      app, record_formats(),
      "Keep the results that FILE has, do the rest; failed images are tried again");
  const CommandHelp help = {
      .name = "match",
      .synopsis = "[options] IMAGE TEXT...\n       blip match [options] --text TEXT... IMAGE...",
      .summary =
          "Says how well texts fit images: itm, the probability that they belong together, "
          "and itc, the cosine of their embeddings. Models without a matching head, such as CLIP, "
          "give itc alone. One image prints a table, several put `path: ` before each line.",
      .footer = kMatchFooter,
      .exit_codes = kExitCodes};
  if (!parse_arguments(app, help, arguments)) return nullptr;
  options->resolve();
  options->explain.resolve(app);
  options->inputs.require_images(help.name);
  options->texts.take_words(options->inputs.selection, help.name);
  return options;
}

app::RecordSchema schema_of(const RetrievalOptions& options) {
  app::RecordSchema schema;
  schema.about = {"text"};
  schema.results = {"itm", "itc"};
  schema.text_with_path = options.output.resume || !options.inputs.names_one_image();
  if (!schema.text_with_path) schema.text_heading = "   itm      itc  text\n";
  schema.asked_by_input = options.inputs.has_texts();
  if (!schema.asked_by_input) schema.asked = options.texts.texts;
  return schema;
}

// matches: for each image, that with every text
std::vector<std::vector<app::Finding>> findings_of(
    const std::vector<std::vector<app::Match>>& matches, app::Images images,
    const std::vector<std::string>& common) {
  std::vector<std::vector<app::Finding>> findings(images.size());
  for (std::size_t image = 0; image < images.size(); ++image) {
    const auto& own = images[image]->text;
    const auto texts = own ? std::vector<std::string>{*own} : common;
    for (std::size_t text = 0; text < texts.size(); ++text) {
      const std::optional<float> itm = matches[image][text].itm;
      const float itc = matches[image][text].itc;
      const std::string shown = itm ? fmt::format("{:6.4f}", *itm) : "     -";
      findings[image].push_back(
          {.about = {texts[text]},
           .results = {{.values = {itm ? app::Value(*itm) : app::Value(std::monostate()), itc},
                        .line = fmt::format("{}  {:7.4f}  {}", shown, itc, texts[text])}}});
    }
  }
  return findings;
}

// matches: of every image
void write_explanations(const app::ExplanationFolder& folder, app::Images images,
                        const std::vector<std::vector<app::Match>>& matches) {
  for (std::size_t i = 0; i < images.size(); ++i) {
    for (std::size_t k = 0; k < matches[i].size(); ++k) {
      folder.write(images[i]->name, images[i]->index, k, matches[i].size(),
                   matches[i][k].explanation.value());
    }
  }
}

}  // namespace

ExitCode run_match(Arguments arguments) {
  const auto options = parse_match_options(arguments);
  if (!options) return ExitCode::ok;

  ImageRun run(options->inputs, options->output, options->model.batch, schema_of(*options));
  const app::ModelOptions model =
      find_model(options->model, options->inputs.pictures, options->output.quiet);
  Context context({.num_threads = options->model.threads});
  const app::Matcher matcher(model, options->style, options->texts.texts, context,
                             options->explain.options());
  const auto folder = options->explain.open(options->inputs);
  run.start(matcher.pictures(), context.num_threads(),
            [&](const Input& input) { matcher.check(input); });
  while (const auto batch = run.next_batch()) {
    const auto matches = matcher.match(batch->images(), context);
    if (folder) write_explanations(*folder, batch->images(), matches);
    run.report(*batch, findings_of(matches, batch->images(), options->texts.texts));
  }
  return run.finish();
}

}  // namespace blip::cli
