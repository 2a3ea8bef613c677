#include "cli/caption_options.hpp"

#include <CLI/CLI.hpp>
#include <array>
#include <cstdlib>
#include <limits>
#include <string_view>
#include <utility>

#include "checkpoint/model_directory.hpp"
#include "cli/command_line.hpp"
#include "cli/image_folder.hpp"

namespace blip::cli {
namespace {

// Beyond this the attention over the image alone takes gigabytes.
constexpr int kMaxImageSize = 2048;
constexpr int kMaxBatch = 1024;
constexpr int kMaxThreads = 1024;

constexpr std::string_view kFooter =
    "Examples:\n"
    "  blip caption photo.jpg --beams 3\n"
    "  blip caption ~/Pictures --recursive --output captions.jsonl --resume\n"
    "\n"
    "Exit code: 0 all done; 1 some images failed (each named on stderr); 2 nothing could run, for\n"
    "want of a model, of any input or of a place for the output; 128 + N stopped by signal N.\n";

// What the option texts say before they become values.
struct Words {
  std::string shard;
  std::string dtype = "auto";
  std::string early_stopping;
  std::string format;
  bool null_separated = false;
  bool no_exif_rotation = false;
  bool sample = false;
};

CLI::Option* add_integer(CLI::App& app, const char* name, std::optional<int>& value,
                         const char* description, int least) {
  return app.add_option(name, value, description)->type_name("N")->check(whole_number(least));
}

void add_inputs(CLI::App& app, CaptionOptions& options, Words& words) {
  const char* group = "Input";
  app.add_option("IMAGE", options.inputs.names,
                 "Files and folders. Of a folder, the images by their endings (" + image_endings() +
                     "), in order of their names, hidden ones left out")
      ->group(group);
  app.add_flag("-r,--recursive", options.inputs.recursive, "Look into subfolders too")
      ->group(group);
  app.add_option("--from-file", options.inputs.list,
                 "Read names from LIST, one per line, - for standard input")
      ->type_name("LIST")
      ->group(group);
  app.add_flag("-0,--null", words.null_separated,
               "LIST is NUL-separated, as find -print0 writes it")
      ->group(group);
  app.add_option("--shard", words.shard,
                 "Do part I of N (3/64) of the list, every N-th image; all parts together are "
                 "the whole")
      ->type_name("I/N")
      ->group(group);
  app.add_flag("--no-exif-rotation", words.no_exif_rotation,
               "Take photos as stored, not as the camera was held")
      ->group(group);
}

void add_model(CLI::App& app, CaptionOptions& options, Words& words) {
  const char* group = "Model";
  app.add_option(
         "-m,--model", options.model,
         "A model directory or the name of a bundled model [" + std::string(kDefaultModel) + "]")
      ->type_name("MODEL")
      ->group(group);
  app.add_option("--dtype", words.dtype,
                 "Hold weights as f32, f16, bf16 or as stored (auto) [auto]")
      ->type_name("TYPE")
      ->check(one_of({"auto", "f32", "f16", "bf16"}))
      ->group(group);
  app.add_option("--image-size", options.image_size,
                 "Resize images to N x N instead of the model's size")
      ->type_name("N")
      ->check(whole_number(1, kMaxImageSize))
      ->group(group);
  app.add_option("--batch", options.batch, "Images that go through the model together [8]")
      ->type_name("N")
      ->check(whole_number(1, kMaxBatch))
      ->group(group);
  app.add_option("--threads", options.threads, "Threads that compute [one per core]")
      ->type_name("N")
      ->check(whole_number(0, kMaxThreads))
      ->group(group);
}

void add_generation(CLI::App& app, CaptionOptions& options, Words& words) {
  GenerationOptions& generation = options.generation;
  const char* group = "Text (what is not set is as in transformers: greedy, 20 tokens)";
  app.add_option("-p,--prompt", options.prompt, "How every caption starts, e.g. \"a photo of\"")
      ->type_name("TEXT")
      ->group(group);
  add_integer(app, "--beams", generation.num_beams, "Beam search over N candidates; 1 is greedy", 1)
      ->group(group);
  add_integer(app, "--num-captions", generation.num_return_sequences,
              "Captions per image; needs as many beams, or --sample", 1)
      ->group(group);
  add_integer(app, "--max-new-tokens", generation.max_new_tokens,
              "Longest caption in tokens, prompt not counted", 1)
      ->group(group);
  add_integer(app, "--min-new-tokens", generation.min_new_tokens,
              "Shortest caption in tokens, prompt not counted", 0)
      ->group(group);
  add_integer(app, "--max-length", generation.max_length, "The same, prompt counted", 1)
      ->group(group);
  add_integer(app, "--min-length", generation.min_length, "The same, prompt counted", 0)
      ->group(group);
  app.add_option("--length-penalty", generation.length_penalty,
                 "Above 0 favours long captions in beam search, below 0 short ones")
      ->type_name("X")
      ->check(number(-100, 100))
      ->group(group);
  app.add_option("--early-stopping", words.early_stopping,
                 "End beam search when enough captions are finished (true), when better ones are "
                 "unlikely (false) or impossible (never)")
      ->type_name("WHEN")
      ->check(one_of({"true", "false", "never"}))
      ->group(group);
  app.add_option("--repetition-penalty", generation.repetition_penalty,
                 "Above 1 discourages repeated words")
      ->type_name("X")
      ->check(positive_number())
      ->group(group);
  add_integer(app, "--no-repeat-ngram", generation.no_repeat_ngram_size,
              "No N words in a row twice; 0 is off", 0)
      ->group(group);
}

void add_sampling(CLI::App& app, CaptionOptions& options, Words& words) {
  GenerationOptions& generation = options.generation;
  const char* group = "Sampling";
  app.add_flag("--sample", words.sample, "Draw words at random instead of taking the likeliest")
      ->group(group);
  app.add_option("--temperature", generation.temperature,
                 "Above 0; below 1 is bolder towards the "
                 "likely")
      ->type_name("X")
      ->check(positive_number())
      ->group(group);
  add_integer(app, "--top-k", generation.top_k, "Among the N likeliest; 0 is off", 0)->group(group);
  app.add_option("--top-p", generation.top_p, "Among the likeliest that make up this probability")
      ->type_name("P")
      ->check(number(0, 1))
      ->group(group);
  app.add_option("--seed", generation.seed,
                 "Makes captions repeatable; each depends on it and on the image's place in the "
                 "list")
      ->type_name("N")
      ->check(whole_number(0, std::numeric_limits<long long>::max()))
      ->group(group);
}

void add_output(CLI::App& app, CaptionOptions& options, Words& words) {
  const char* group = "Output";
  app.add_option("-f,--format", words.format,
                 "text, json (one array), jsonl (an object per line) or csv [by the ending of "
                 "--output, else text]")
      ->type_name("FORMAT")
      ->check(one_of({"text", "json", "jsonl", "csv"}))
      ->group(group);
  app.add_option("-o,--output", options.output, "Write to FILE instead of standard output")
      ->type_name("FILE")
      ->group(group);
  app.add_flag("--resume", options.resume,
               "Keep the captions that FILE has, do the rest; failed images are tried again")
      ->group(group);
  app.add_flag("-q,--quiet", options.quiet, "No progress line on the terminal")->group(group);
}

Format format_of(const Words& words, const std::string& output) {
  std::string name = words.format;
  if (name.empty() && !output.empty()) {
    name = std::filesystem::path(output).extension().string();
    if (!name.empty()) name.erase(0, 1);
  }
  if (name == "json") return Format::json;
  if (name == "jsonl") return Format::jsonl;
  if (name == "csv") return Format::csv;
  return Format::text;
}

WeightType weight_type_of(const std::string& dtype) {
  if (dtype == "f32") return WeightType::f32;
  if (dtype == "f16") return WeightType::f16;
  if (dtype == "bf16") return WeightType::bf16;
  return WeightType::stored;
}

std::optional<EarlyStopping> early_stopping_of(const std::string& when) {
  if (when == "true") return EarlyStopping::when_full;
  if (when == "false") return EarlyStopping::heuristic;
  if (when == "never") return EarlyStopping::never;
  return std::nullopt;
}

// A sampling option that nothing would heed is a mistake, unless the environment sets it for all.
void require_sampling(const CLI::App& app) {
  for (const char* name : {"--temperature", "--top-k", "--top-p", "--seed"}) {
    const CLI::Option* option = app.get_option(name);
    if (option->count() > 0 && std::getenv(option->get_envname().c_str()) == nullptr) {
      throw UsageError(std::string(name) + " needs --sample");
    }
  }
}

void check_combinations(const CaptionOptions& options, const Words& words) {
  if (options.inputs.names.empty() && options.inputs.list.empty()) {
    throw UsageError("no images given; see: blip caption --help");
  }
  if (words.null_separated && options.inputs.list.empty()) {
    throw UsageError("--null needs --from-file");
  }
  if (options.resume && options.output.empty()) throw UsageError("--resume needs --output FILE");
  if (options.resume && options.format == Format::json) {
    throw UsageError("--resume cannot continue a JSON array; use --format jsonl");
  }
  if (options.generation.top_p == 0.0F) throw UsageError("--top-p: must be above 0");
}

}  // namespace

std::optional<CaptionOptions> parse_caption_options(Arguments arguments) {
  CaptionOptions options;
  options.model = kDefaultModel;
  Words words;
  CLI::App app;
  add_inputs(app, options, words);
  add_model(app, options, words);
  add_generation(app, options, words);
  add_sampling(app, options, words);
  add_output(app, options, words);
  const CommandHelp help = {
      .name = "caption",
      .synopsis = "[options] IMAGE...",
      .summary =
          "Describes images. One image prints its caption alone, several print `path: caption`.",
      .footer = kFooter};
  if (!parse_arguments(app, help, arguments)) return std::nullopt;

  if (!words.shard.empty()) {
    const auto shard = Shard::parse(words.shard);
    if (!shard) throw UsageError("--shard: '" + words.shard + "' is not I/N with 1 <= I <= N");
    options.inputs.shard = *shard;
  }
  if (words.null_separated) options.inputs.separator = '\0';
  options.exif_rotation = !words.no_exif_rotation;
  options.weight_type = weight_type_of(words.dtype);
  options.format = format_of(words, options.output);
  options.generation.early_stopping = early_stopping_of(words.early_stopping);
  if (words.sample) {
    options.generation.do_sample = true;
  } else {
    require_sampling(app);
  }
  check_combinations(options, words);
  return options;
}

std::string with_option_names(std::string message) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 14> kNames = {{
      {"num_return_sequences", "--num-captions"},
      {"no_repeat_ngram_size", "--no-repeat-ngram"},
      {"repetition_penalty", "--repetition-penalty"},
      {"max_new_tokens", "--max-new-tokens"},
      {"min_new_tokens", "--min-new-tokens"},
      {"early_stopping", "--early-stopping"},
      {"length_penalty", "--length-penalty"},
      {"temperature", "--temperature"},
      {"max_length", "--max-length"},
      {"min_length", "--min-length"},
      {"num_beams", "--beams"},
      {"do_sample", "--sample"},
      {"top_k", "--top-k"},
      {"top_p", "--top-p"},
  }};
  for (const auto& [library, option] : kNames) {
    for (std::size_t at = message.find(library); at != std::string::npos;
         at = message.find(library, at + option.size())) {
      message.replace(at, library.size(), option);
    }
  }
  return message;
}

}  // namespace blip::cli
