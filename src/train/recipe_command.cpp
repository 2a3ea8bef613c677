// blip train pretrain, caption, retrieval, vqa, nlvr, clip, vqgan, draw: one command for every
// recipe.
#include <string>
#include <vector>

#include "cli/options/command_line.hpp"
#include "cli/output/console.hpp"
#include "train/commands.hpp"
#include "train/recipes/training_loop.hpp"
#include "train/run/run_checkpoint.hpp"
#include "train/run/training_config.hpp"

namespace blip::train {
namespace {

struct RecipeOptions {
  std::string config;
  std::vector<std::string> data;
  std::vector<std::string> validation;
  std::string images;
  std::string model;
  std::string output;
  std::vector<std::string> assignments;
  bool resume = false;
  bool print_config = false;
};

void declare(cli::OptionParser& app, RecipeOptions& options) {
  app.add_option("--config", options.config, "A recipe: a JSON file, of which only what differs")
      ->type_name("FILE");
  app.add_option("--data", options.data,
                 "Training data (data.train): shards (.tar) and annotation lists (.json, .jsonl)")
      ->type_name("FILE...");
  app.add_option("--validation", options.validation,
                 "Data to evaluate on after every epoch (data.validation)")
      ->type_name("FILE...");
  app.add_option("--images", options.images,
                 "Where the pictures of annotation lists are (data.images)")
      ->type_name("DIR");
  app.add_option("-m,--model", options.model, "What to start from (model.start)")
      ->type_name("MODEL");
  app.add_option("-o,--output", options.output,
                 "Where checkpoints, logs and models go (run.directory)")
      ->type_name("DIR");
  app.add_option("--set", options.assignments, "Any key of the recipe: --set run.epochs=3")
      ->type_name("KEY=VALUE")
      ->one_value_each();
  app.add_flag("--resume", options.resume, "Go on with the latest checkpoint, if there is one");
  app.add_flag("--print-config", options.print_config,
               "Print the recipe as it would be used, and do nothing");
}

TrainingConfig config_of(Task task, const RecipeOptions& options) {
  TrainingConfig config =
      options.config.empty() ? default_config(task) : read_config(task, options.config);
  if (!options.data.empty()) config.data.train = options.data;
  if (!options.validation.empty()) config.data.validation = options.validation;
  if (!options.images.empty()) config.data.images = options.images;
  if (!options.model.empty()) config.model.start = options.model;
  if (!options.output.empty()) config.run.directory = options.output;
  for (const std::string& assignment : options.assignments) set_option(config, assignment);
  return config;
}

cli::ExitCode run_recipe(Task task, std::string_view summary, cli::Arguments arguments) {
  cli::OptionParser app;
  RecipeOptions options;
  declare(app, options);
  const std::string name = "train " + std::string(name_of(task));
  const std::string footer =
      "Examples:\n  blip " + name +
      " --data train.json --images photos -m MODEL -o runs/1\n  blip " + name +
      " --config my.json --set optimizer.learning_rate=3e-5 --resume\n\n"
      "Exit code: 0 trained; 2 it could not; 128 + N stopped by signal N, with a checkpoint.\n";
  const cli::CommandHelp help = {.name = name,
                                 .synopsis = "[options] --data FILE... --output DIR",
                                 .summary = summary,
                                 .footer = footer};
  if (!cli::parse_arguments(app, help, arguments)) return cli::ExitCode::ok;
  const TrainingConfig config = config_of(task, options);
  if (options.print_config) {
    cli::print(config_as_json(config));
    return cli::ExitCode::ok;
  }
  if (config.data.train.empty()) throw cli::UsageError("no training data: --data FILE...");
  if (config.run.directory.empty()) throw cli::UsageError("no place for the run: --output DIR");
  const TrainingOutcome outcome = run_training(
      config, options.resume, [](const std::string& line) { cli::print_message(line); });
  return static_cast<cli::ExitCode>(outcome.exit_code);
}

}  // namespace

cli::ExitCode run_pretrain(cli::Arguments arguments) {
  return run_recipe(Task::pretrain,
                    "Pre-trains on images and their captions: contrastive, matching and language "
                    "modelling losses together.",
                    arguments);
}

cli::ExitCode run_caption(cli::Arguments arguments) {
  return run_recipe(Task::caption, "Fine-tunes a model to caption images.", arguments);
}

cli::ExitCode run_retrieval(cli::Arguments arguments) {
  return run_recipe(Task::retrieval,
                    "Fine-tunes a model to find images by texts and texts by images.", arguments);
}

cli::ExitCode run_vqa(cli::Arguments arguments) {
  return run_recipe(Task::vqa, "Fine-tunes a model to answer questions about images.", arguments);
}

cli::ExitCode run_nlvr(cli::Arguments arguments) {
  return run_recipe(Task::nlvr, "Fine-tunes a model to judge statements about two images.",
                    arguments);
}

cli::ExitCode run_clip(cli::Arguments arguments) {
  return run_recipe(Task::clip,
                    "Fine-tunes a CLIP on images and their captions: each image among all texts of "
                    "the batch, each text among all images.",
                    arguments);
}

cli::ExitCode run_vqgan(cli::Arguments arguments) {
  return run_recipe(Task::vqgan,
                    "Trains a VQGAN on pictures: an encoder that makes codes of them and a decoder "
                    "that makes pictures of codes. `blip train draw` needs one.",
                    arguments);
}

cli::ExitCode run_draw(cli::Arguments arguments) {
  return run_recipe(Task::draw,
                    "Trains a DALL-E mini on pictures and their captions: a text encoder and a "
                    "decoder of the codes that a VQGAN (model.vqgan) makes of pictures.",
                    arguments);
}

}  // namespace blip::train
