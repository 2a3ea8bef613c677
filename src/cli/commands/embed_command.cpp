// blip embed: turns images or texts into vectors.
#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "app/embedder.hpp"
#include "blip/error.hpp"
#include "cli/commands.hpp"
#include "cli/image_run.hpp"
#include "cli/input/model_download.hpp"
#include "cli/options/command_line.hpp"
#include "cli/options/retrieval_options.hpp"
#include "cli/output/interrupt.hpp"
#include "cli/output/reporter.hpp"
#include "tasks/embedding.hpp"

namespace blip::cli {
namespace {

constexpr std::string_view kEmbedFooter =
    "Examples:\n"
    "  blip embed ~/Pictures --recursive -o photos.npy\n"
    "  blip embed --text \"a dog on a beach\" --text \"a cat on a sofa\"\n"
    "  blip embed --texts captions.txt -o captions.jsonl\n"
    "\n"
    "In Python: numpy.load(\"photos.npy\") is float32 [n, d], open(\"photos.names.txt\") has n "
    "lines, the\n"
    "names of its rows (a name with a line break in it, or that begins with \", as a JSON "
    "string).\n";

// Texts that go through the model, and are reported, together.
constexpr std::size_t kTextsTogether = 64;

std::unique_ptr<RetrievalOptions> parse_embed_options(Arguments arguments) {
  auto options = std::make_unique<RetrievalOptions>();
  OptionParser app;
  options->inputs.declare(app, "IMAGE", "Files, folders and http(s) URLs", /*sharded=*/true);
  options->texts.declare(app, "to embed, instead of images");
  options->model.declare(app, /*batched=*/true);
  options->declare_style(app);
  options->output.declare(
      app, {"jsonl", "json", "npy"},
      "Keep the embeddings that FILE has, do the rest; failed images are tried again");
  const CommandHelp help = {
      .name = "embed",
      .synopsis = "[options] IMAGE...\n       blip embed [options] --text TEXT...",
      .summary =
          "Turns images or texts into vectors of unit length, whose products say how well "
          "images and texts fit each other: the rows of a NumPy array, or JSON objects.",
      .footer = kEmbedFooter,
      .exit_codes = kExitCodes};
  if (!parse_arguments(app, help, arguments)) return nullptr;
  options->resolve();
  const InputSelection& selection = options->inputs.selection;
  if (!options->texts.given()) {
    options->inputs.require_images(help.name);
  } else if (!selection.names.empty() || !selection.list.empty()) {
    throw UsageError("give either images or --text, so that every row is of the same kind");
  } else if (options->output.resume) {
    throw UsageError("--resume needs images");
  }
  return options;
}

app::RecordSchema schema_of_embeddings(std::string_view subject) {
  app::RecordSchema schema;
  schema.subject = subject;
  schema.subject_is_path = subject == "path";
  schema.results = {"embedding"};
  return schema;
}

// Embeddings beside a matching head are normalised once more, so that the numbers are to the last
// bit those that earlier versions wrote into people's files.
Tensor as_before(Tensor embeddings, const app::Embedder& embedder) {
  if (embedder.model().has_matching_head()) normalize_rows(embeddings);
  return embeddings;
}

app::Finding finding_of(std::span<const float> embedding) {
  return {.about = {},
          .results = {
              {.values = {std::vector<float>(embedding.begin(), embedding.end())}, .line = {}}}};
}

ExitCode embed_images(const RetrievalOptions& options) {
  ImageRun run(options.inputs, options.output, options.model.batch, schema_of_embeddings("path"));
  const app::Embedder embedder(
      find_model(options.model, options.inputs.pictures, options.output.quiet), options.style);
  Context context({.num_threads = options.model.threads});
  run.start(embedder.pictures(), context.num_threads());
  while (const auto batch = run.next_batch()) {
    std::vector<std::vector<app::Finding>> findings;
    if (!batch->images().empty()) {
      const Tensor embeddings =
          as_before(embedder.embed(embedder.encode(batch->images(), context), context), embedder);
      for (std::size_t i = 0; i < batch->images().size(); ++i) {
        findings.push_back({finding_of(row_of(embeddings, i))});
      }
    }
    run.report(*batch, std::move(findings));
  }
  return run.finish();
}

// Texts that the model takes together; if it refuses, one by one, to find out which it refuses.
std::vector<app::Record> embed_texts_of(const app::Embedder& embedder,
                                        std::span<const std::string> texts, Context& context) {
  std::vector<app::Record> records;
  try {
    const Tensor embeddings = as_before(embedder.embed(embedder.tokens(texts), context), embedder);
    for (std::size_t i = 0; i < texts.size(); ++i) {
      records.push_back(
          {.path = texts[i], .findings = {finding_of(row_of(embeddings, i))}, .error = {}});
    }
    return records;
  } catch (const Error& error) {
    if (texts.size() == 1) return {{.path = texts[0], .findings = {}, .error = error.what()}};
  }
  for (std::size_t i = 0; i < texts.size(); ++i) {
    records.push_back(std::move(embed_texts_of(embedder, texts.subspan(i, 1), context).front()));
  }
  return records;
}

ExitCode embed_texts(const RetrievalOptions& options) {
  const std::span<const std::string> texts = options.texts.texts;
  Reporter reporter;
  const InterruptWatcher watcher([&reporter] { reporter.end_interrupted(); });
  const app::Embedder embedder(
      find_model(options.model, options.inputs.pictures, options.output.quiet), options.style);
  Context context({.num_threads = options.model.threads});
  reporter.open(options.output, schema_of_embeddings("text"));
  reporter.start_progress(texts.size(), "texts");
  for (std::size_t at = 0; at < texts.size(); at += kTextsTogether) {
    const std::size_t count = std::min(kTextsTogether, texts.size() - at);
    reporter.report(embed_texts_of(embedder, texts.subspan(at, count), context));
  }
  return reporter.finish();
}

}  // namespace

ExitCode run_embed(Arguments arguments) {
  const auto options = parse_embed_options(arguments);
  if (!options) return ExitCode::ok;
  return options->texts.given() ? embed_texts(*options) : embed_images(*options);
}

}  // namespace blip::cli
