// blip match: says how well texts fit images.
#include <fmt/format.h>

#include <memory>
#include <optional>
#include <vector>

#include "cli/commands.hpp"
#include "cli/image_run.hpp"
#include "cli/matcher.hpp"
#include "cli/options/command_line.hpp"
#include "cli/options/retrieval_options.hpp"
#include "cli/output/console.hpp"
#include "tasks/embedding.hpp"

namespace blip::cli {
namespace {

constexpr std::string_view kFooter =
    "Examples:\n"
    "  blip match photo.jpg \"a dog on a beach\" \"a cat on a sofa\"\n"
    "  blip match --text \"a screenshot\" ~/Pictures --recursive -o screenshots.csv --resume\n"
    "  blip match photo.jpg --texts captions.txt --style original --format jsonl\n";

std::unique_ptr<RetrievalOptions> parse_options(Arguments arguments) {
  auto options = std::make_unique<RetrievalOptions>();
  OptionParser app;
  options->inputs.declare(app, "IMAGE",
                          "A file, a folder or an http(s) URL; with --text or --texts, several of "
                          "them",
                          /*sharded=*/true);
  options->texts.declare(app, "to match with every image");
  options->model.declare(app, /*batched=*/true);
  options->declare_style(app);
  options->output.declare(
      app, record_formats(),
      "Keep the results that FILE has, do the rest; failed images are tried again");
  const CommandHelp help = {
      .name = "match",
      .synopsis = "[options] IMAGE TEXT...\n       blip match [options] --text TEXT... IMAGE...",
      .summary =
          "Says how well texts fit images: itm, the probability that they belong together, "
          "and itc, the cosine of their embeddings. One image prints a table, several put "
          "`path: ` before each line.",
      .footer = kFooter,
      .exit_codes = kExitCodes};
  if (!parse_arguments(app, help, arguments)) return nullptr;
  options->settle();
  options->inputs.require_images(help.name);
  options->texts.take_words(options->inputs.selection, help.name);
  return options;
}

RecordShape shape_of_matches() {
  RecordShape shape;
  shape.about = {"text"};
  shape.results = {"itm", "itc"};
  return shape;
}

// The texts, and what the model makes of them once for all images.
struct Texts {
  std::vector<std::string> words;
  std::vector<Tokens> tokens;
  Tensor embeddings;  // [texts, D]
};

std::vector<std::vector<Finding>> examine(Matcher& matcher, const Texts& texts, Images images) {
  const std::vector<EncodedImage> encoded = matcher.encode(images);
  const Tensor embeddings = matcher.embed(encoded);
  std::vector<std::vector<Finding>> findings(images.size());
  for (std::size_t image = 0; image < images.size(); ++image) {
    const std::vector<Matching> matchings = matcher.match(encoded[image], texts.tokens);
    for (std::size_t text = 0; text < texts.words.size(); ++text) {
      const float itm = matchings[text].probability;
      const float itc = dot(row_of(embeddings, image), row_of(texts.embeddings, text));
      findings[image].push_back({.about = {texts.words[text]},
                                 .results = {{.values = {itm, itc},
                                              .line = fmt::format("{:6.4f}  {:7.4f}  {}", itm, itc,
                                                                  printable(texts.words[text]))}}});
    }
  }
  return findings;
}

}  // namespace

ExitCode run_match(Arguments arguments) {
  const auto options = parse_options(arguments);
  if (!options) return ExitCode::ok;

  const bool with_path = options->output.resume || !options->inputs.names_one_image();
  const ImageRun run = {.inputs = options->inputs,
                        .output = options->output,
                        .batch = options->model.batch,
                        .shape = shape_of_matches(),
                        .text_with_path = with_path,
                        .text_heading = with_path ? "" : "   itm      itc  text\n",
                        .asked = options->texts.texts};
  std::unique_ptr<Matcher> matcher;
  Texts texts{.words = options->texts.texts, .tokens = {}, .embeddings = {}};
  return run_images(run, [&] {
    matcher = std::make_unique<Matcher>(*options);
    texts.tokens = matcher->tokens(texts.words);
    texts.embeddings = matcher->embed(texts.tokens);
    return task_of(*matcher, [&](Images images) { return examine(*matcher, texts, images); });
  });
}

}  // namespace blip::cli
