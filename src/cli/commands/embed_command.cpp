// blip embed: turns images or texts into vectors.
#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "blip/error.hpp"
#include "cli/commands.hpp"
#include "cli/embedder.hpp"
#include "cli/image_run.hpp"
#include "cli/options/command_line.hpp"
#include "cli/options/retrieval_options.hpp"
#include "cli/output/interrupt.hpp"
#include "cli/output/reporter.hpp"

namespace blip::cli {
namespace {

constexpr std::string_view kFooter =
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
constexpr std::ptrdiff_t kTextsTogether = 64;

std::unique_ptr<RetrievalOptions> parse_options(Arguments arguments) {
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
      .footer = kFooter,
      .exit_codes = kExitCodes};
  if (!parse_arguments(app, help, arguments)) return nullptr;
  options->settle();
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

RecordShape shape_of_embeddings(std::string_view subject) {
  RecordShape shape;
  shape.subject = subject;
  shape.results = {"embedding"};
  return shape;
}

Finding finding_of(Embedding embedding) {
  return {.about = {}, .results = {{.values = {std::move(embedding)}, .line = {}}}};
}

ExitCode embed_images(const RetrievalOptions& options) {
  const ImageRun run = {.inputs = options.inputs,
                        .output = options.output,
                        .batch = options.model.batch,
                        .shape = shape_of_embeddings("path")};
  std::unique_ptr<Embedder> embedder;
  return run_images(run, [&] {
    embedder = std::make_unique<Embedder>(options);
    const auto examine = [&](Images images) {
      std::vector<std::vector<Finding>> findings;
      for (Embedding& embedding : embedder->embed(images)) {
        findings.push_back({finding_of(std::move(embedding))});
      }
      return findings;
    };
    return task_of(*embedder, examine);
  });
}

Record record_of(const std::string& text, Embedding embedding) {
  return {.path = text, .findings = {finding_of(std::move(embedding))}, .error = {}};
}

// One by one, to find out which of them the model refuses.
std::vector<Record> embed_singly(Embedder& embedder, const std::vector<std::string>& texts) {
  std::vector<Record> records;
  for (const std::string& text : texts) {
    try {
      records.push_back(record_of(text, std::move(embedder.embed({text}).front())));
    } catch (const Error& error) {
      records.push_back({.path = text, .findings = {}, .error = error.what()});
    }
  }
  return records;
}

std::vector<Record> embed_together(Embedder& embedder, const std::vector<std::string>& texts) {
  std::vector<Embedding> embeddings;
  try {
    embeddings = embedder.embed(texts);
  } catch (const Error&) {
    return embed_singly(embedder, texts);
  }
  std::vector<Record> records;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    records.push_back(record_of(texts[i], std::move(embeddings[i])));
  }
  return records;
}

ExitCode embed_texts(const RetrievalOptions& options) {
  const std::vector<std::string>& texts = options.texts.texts;
  Reporter reporter;
  const InterruptWatcher watcher([&reporter] { reporter.leave_in_order(); });
  Embedder embedder(options);
  reporter.start(options.output,
                 {.format = options.output.format, .shape = shape_of_embeddings("text")},
                 texts.size(), "texts");
  reporter.guard([&] {
    for (auto next = texts.begin(); next != texts.end();) {
      const auto count = std::min(kTextsTogether, texts.end() - next);
      reporter.report(embed_together(embedder, {next, next + count}));
      next += count;
    }
  });
  return reporter.finish();
}

}  // namespace

ExitCode run_embed(Arguments arguments) {
  const auto options = parse_options(arguments);
  if (!options) return ExitCode::ok;
  return options->texts.given() ? embed_texts(*options) : embed_images(*options);
}

}  // namespace blip::cli
