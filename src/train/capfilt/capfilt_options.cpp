#include "train/capfilt/capfilt_options.hpp"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "cli/options/command_line.hpp"
#include "train/capfilt/image_rows.hpp"

namespace blip::train {
namespace {

constexpr std::string_view kFooter =
    "Examples:\n"
    "  blip train capfilt --captioner runs/caption --filter runs/retrieval \\\n"
    "      --data web-{000000..000127}.tar --human coco.tar --output bootstrapped\n"
    "  blip train capfilt --filter runs/retrieval --data pairs.json --images ~/pairs -o filtered\n";

// What salesforce/BLIP's generate() has for nucleus sampling; its lengths count the prompt.
constexpr float kTopP = 0.9F;
constexpr int kTopK = 50;
constexpr float kSamplingRepetitionPenalty = 1.1F;
constexpr int kMinLength = 5;
constexpr int kMaxLength = 20;
constexpr std::uint64_t kSeed = 42;

constexpr int kMaxThreads = 1024;
constexpr int kMaxShardSize = 1'000'000;
constexpr int kMaxReportImages = 10'000;  // 100 MB of page

const char* dtype_name(WeightType type) {
  switch (type) {
    case WeightType::f32:
      return "f32";
    case WeightType::f16:
      return "f16";
    case WeightType::bf16:
      return "bf16";
    case WeightType::i8:
      return "int8";
    case WeightType::stored:
      break;
  }
  return "stored";
}

WeightType weight_type_named(const std::string& name) {
  for (const auto type : {WeightType::f32, WeightType::f16, WeightType::bf16, WeightType::i8}) {
    if (name == dtype_name(type)) return type;
  }
  return WeightType::stored;
}

void declare_data(cli::OptionParser& app, CapfiltOptions& options) {
  const char* group = "Data";
  app.add_option(
         "--data", options.web,
         "Pairs from the web: WebDataset shards (.tar) and annotation lists (.json, .jsonl); "
         "braces name several (web-{000..127}.tar)")
      ->type_name("FILE...")
      ->required()
      ->group(group);
  app.add_option("--human", options.human, "Annotated data, which is passed on unfiltered")
      ->type_name("FILE...")
      ->group(group);
  app.add_option("--images", options.images, "Where the pictures of annotation lists are")
      ->type_name("DIR")
      ->group(group);
}

void declare_output(cli::OptionParser& app, CapfiltOptions& options) {
  const char* group = "Output";
  app.add_option("-o,--output", options.output,
                 "The directory to fill: shards, or a list if all data are lists; decisions.jsonl; "
                 "report.html")
      ->type_name("DIR")
      ->required()
      ->group(group);
  app.add_option("--shard-size", options.shard_size,
                 "Images of the data for each shard, and lost at most by a crash")
      ->type_name("N")
      ->check(cli::whole_number(1, kMaxShardSize))
      ->group(group);
  app.add_option("--report-images", options.report_images, "Images shown in report.html")
      ->type_name("N")
      ->check(cli::whole_number(0, kMaxReportImages))
      ->group(group);
  app.add_flag("--resume", options.resume, "Continue the run that filled the directory")
      ->group(group);
  app.add_flag("-q,--quiet", options.quiet, "No progress line on the terminal")->group(group);
}

void declare_models(cli::OptionParser& app, CapfiltOptions& options, std::string& dtype) {
  const char* group = "Models";
  app.add_option("--captioner", options.captioner,
                 "Writes a text for every image [none: the web's texts alone]")
      ->type_name("MODEL")
      ->group(group);
  app.add_option("--filter", options.filter,
                 "Has an image-text matching head, which judges texts [none: all are kept]")
      ->type_name("MODEL")
      ->group(group);
  app.add_option("--threshold", options.threshold, "Probability of a match that keeps a text")
      ->type_name("P")
      ->check(cli::number(0, 1))
      ->group(group);
  app.add_option("--dtype", dtype, "Hold weights as stored, f32, f16, bf16 or int8 [stored]")
      ->type_name("TYPE")
      ->check(cli::one_of({"stored", "f32", "f16", "bf16", "int8"}))
      ->group(group);
  app.add_option("--threads", options.threads, "Threads that compute [one per core]")
      ->type_name("N")
      ->check(cli::whole_number(0, kMaxThreads))
      ->group(group);
}

void declare_sampling(cli::OptionParser& app, CapfiltOptions& options) {
  const char* group = "Captions (nucleus sampling, unless --beams says otherwise)";
  GenerationOptions& generation = options.generation;
  app.add_option("-p,--prompt", options.prompt,
                 "How the captioner's sentence starts; it is cut off")
      ->type_name("TEXT")
      ->group(group);
  app.add_option("--beams", generation.num_beams, "Beam search over N candidates instead")
      ->type_name("N")
      ->check(cli::whole_number(1))
      ->group(group);
  app.add_option("--top-p", generation.top_p,
                 "Draw among the likeliest words that make up this probability [0.9]")
      ->type_name("P")
      ->check(cli::number(0, 1))
      ->group(group);
  app.add_option("--top-k", generation.top_k, "and are among the N likeliest; 0 is off [50]")
      ->type_name("N")
      ->check(cli::whole_number(0))
      ->group(group);
  app.add_option("--temperature", generation.temperature,
                 "Below 1 is bolder towards the likely [1]")
      ->type_name("X")
      ->check(cli::positive_number())
      ->group(group);
  app.add_option("--repetition-penalty", generation.repetition_penalty,
                 "Above 1 discourages repeated words [1.1; 1 with --beams]")
      ->type_name("X")
      ->check(cli::positive_number())
      ->group(group);
  app.add_option("--min-length", generation.min_length, "In tokens, prompt counted [5]")
      ->type_name("N")
      ->check(cli::whole_number(0))
      ->group(group);
  app.add_option("--max-length", generation.max_length, "In tokens, prompt counted [20]")
      ->type_name("N")
      ->check(cli::whole_number(1))
      ->group(group);
  app.add_option("--seed", generation.seed,
                 "Captions depend on it and on the image's place in the data [42]")
      ->type_name("N")
      ->check(cli::whole_number(0, std::numeric_limits<long long>::max()))
      ->group(group);
}

void settle_generation(const cli::OptionParser& app, GenerationOptions& generation) {
  generation.min_length = generation.min_length.value_or(kMinLength);
  generation.max_length = generation.max_length.value_or(kMaxLength);
  if (generation.num_beams) {
    for (const char* name : {"--top-p", "--top-k", "--temperature", "--seed"}) {
      if (app.was_typed(name)) {
        throw cli::UsageError(std::string(name) + " is of sampling, which --beams turns off");
      }
    }
    generation.top_p = std::nullopt;
    generation.top_k = std::nullopt;
    generation.temperature = std::nullopt;
    generation.seed = std::nullopt;
    return;
  }
  generation.do_sample = true;
  generation.top_p = generation.top_p.value_or(kTopP);
  if (generation.top_p == 0.0F) throw cli::UsageError("--top-p: must be above 0");
  generation.top_k = generation.top_k.value_or(kTopK);
  generation.repetition_penalty =
      generation.repetition_penalty.value_or(kSamplingRepetitionPenalty);
  generation.seed = generation.seed.value_or(kSeed);
}

}  // namespace

bool CapfiltOptions::writes_list() const {
  return std::all_of(web.begin(), web.end(), is_annotation_list) &&
         std::all_of(human.begin(), human.end(), is_annotation_list);
}

std::string CapfiltOptions::fingerprint() const {
  nlohmann::ordered_json settings = {{"data", web},
                                     {"human", human},
                                     {"images", images},
                                     {"captioner", captioner},
                                     {"filter", filter},
                                     {"threshold", threshold},
                                     {"shard-size", shard_size},
                                     {"dtype", dtype_name(weight_type)}};
  if (!captioner.empty()) {
    settings["prompt"] = prompt;
    settings["min-length"] = generation.min_length.value_or(0);
    settings["max-length"] = generation.max_length.value_or(0);
    if (generation.num_beams) settings["beams"] = *generation.num_beams;
    if (generation.top_p) settings["top-p"] = *generation.top_p;
    if (generation.top_k) settings["top-k"] = *generation.top_k;
    if (generation.temperature) settings["temperature"] = *generation.temperature;
    if (generation.repetition_penalty) {
      settings["repetition-penalty"] = *generation.repetition_penalty;
    }
    if (generation.seed) settings["seed"] = *generation.seed;
  }
  // A path may be anything; JSON is UTF-8.
  return settings.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + '\n';
}

std::unique_ptr<CapfiltOptions> parse_capfilt_options(cli::Arguments arguments) {
  auto options = std::make_unique<CapfiltOptions>();
  cli::OptionParser app;
  std::string dtype = "stored";
  declare_data(app, *options);
  declare_models(app, *options, dtype);
  declare_sampling(app, *options);
  declare_output(app, *options);
  const cli::CommandHelp help = {
      .name = "train capfilt",
      .synopsis = "--captioner MODEL --filter MODEL --data FILE... --output DIR [options]",
      .summary =
          "Bootstraps a data set from the web's: writes a synthetic text for every image and "
          "keeps\nthe texts, the web's and the synthetic, that fit their image.",
      .footer = kFooter,
      .exit_codes = cli::kExitCodes};
  if (!cli::parse_arguments(app, help, arguments)) return nullptr;
  if (options->captioner.empty() && options->filter.empty()) {
    throw cli::UsageError("nothing to do: name a --captioner, a --filter or both");
  }
  options->weight_type = weight_type_named(dtype);
  settle_generation(app, options->generation);
  return options;
}

}  // namespace blip::train
