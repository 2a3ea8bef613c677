#include "cli/options/draw_options.hpp"

#include <filesystem>

#include "app/draw/picture_file.hpp"
#include "blip/error.hpp"
#include "cli/options/command_line.hpp"

namespace blip::cli {
namespace {

constexpr std::string_view kDrawFooter =
    "Examples:\n"
    "  blip draw \"a blue triangle\" -o triangle.png\n"
    "  blip draw \"a red bicycle\" -m ./dalle-mini -o bicycle.png\n"
    "  blip draw \"a red bicycle\" -m ./dalle-mini --grid 3 --seed 7 --dtype int8 -o sheet.png\n"
    "  blip draw \"a red bicycle\" -m ./dalle-mini --grid 3 --rerank ./clip -o best.png\n"
    "  blip draw --list prompts.txt -m ./dalle-mini -o pictures --resume\n";

constexpr std::string_view kDrawExitCodes =
    "\nExit code: 0 all drawn; 1 some prompts failed (each named on stderr); 2 nothing could run; "
    "128 + N\nstopped by signal N.\n";

// The library draws at most a hundred pictures of a prompt, and its seamless ones have 8 × 8.
constexpr int kMaxGrid = 10;
constexpr int kMaxSeamless = 8;

void declare_drawing(OptionParser& app, DrawOptions& options) {
  const char* group = "Picture";
  app.add_option("--grid", options.grid,
                 "Draw N x N pictures, and write them as one; at most 10 [1]")
      ->type_name("N")
      ->check(whole_number(1, kMaxGrid))
      ->group(group);
  app.add_option("--guidance", options.guidance,
                 "How much more than the model itself to heed the prompt: 1 is the model, which is "
                 "faster where there are several pictures [the model's; DALL-E mini has 16]")
      ->type_name("X")
      ->check(number(-1e6, 1e6))
      ->group(group);
  app.add_option("--temperature", options.temperature,
                 "Below 1 plainer, above 1 wilder [the model's; DALL-E mini has 1]")
      ->type_name("X")
      ->check(positive_number())
      ->group(group);
  app.add_option("--top-k", options.top_k,
                 "Choose each piece from the K most probable ones; 1: always the most probable "
                 "[the model's; DALL-E mini has 256]")
      ->type_name("K")
      ->check(whole_number(1))
      ->group(group);
  app.add_flag("--seamless", options.seamless,
               "With --grid: one large picture that goes on across the places of the small ones")
      ->group(group);
  app.add_option("--start-token", options.start_token,
                 "The token before the first piece [the model's; min-dalle has 16383]")
      ->type_name("ID")
      ->check(whole_number(0))
      ->group(group);
}

void check_draw_options(const DrawOptions& options) {
  if (options.prompts.empty() && options.list.empty()) {
    throw UsageError("no prompt given: blip draw \"a blue triangle\" -o out.png");
  }
  if (!options.prompts.empty() && !options.list.empty()) {
    throw UsageError("prompts are typed or come from --list, not both");
  }
  if (options.output.empty()) throw UsageError("draw needs --output FILE");
  if (options.resume && !options.writes_folder()) {
    throw UsageError("--resume needs several prompts, whose pictures go to a folder");
  }
  if (!options.rerank.empty() && options.grid == 1) {
    throw UsageError("--rerank chooses among pictures: it needs --grid 2 or more");
  }
  if (!options.rerank.empty() && options.seamless) {
    throw UsageError("--rerank chooses among pictures, and --seamless draws one");
  }
  if (options.seamless && options.grid > kMaxSeamless) {
    throw UsageError("--seamless draws at most --grid 8");
  }
  if (options.writes_folder()) {
    std::error_code ignored;
    if (std::filesystem::exists(options.output, ignored) &&
        !std::filesystem::is_directory(options.output, ignored)) {
      throw UsageError(options.output + ": the pictures of several prompts need a folder");
    }
    return;
  }
  try {
    const app::PictureFormat format = app::picture_format_of(options.output);
    if (format == app::PictureFormat::npy && !options.rerank.empty()) {
      throw UsageError("--rerank writes a picture, .png or .jpg");
    }
  } catch (const Error& error) {
    throw UsageError(error.what());
  }
  require_directory_of(options.output);
}

}  // namespace

app::DrawerOptions DrawOptions::drawer() const {
  return {.drawing = {.num_images = grid * grid,
                      .seed = seed,
                      .temperature = temperature,
                      .top_k = top_k,
                      .supercondition_factor = guidance,
                      .decoder_start_token_id = start_token},
          .seamless = seamless,
          .progress_every = progress.empty() ? 0 : static_cast<std::size_t>(progress_every)};
}

std::unique_ptr<DrawOptions> parse_draw_options(Arguments arguments) {
  auto options = std::make_unique<DrawOptions>();
  std::optional<std::uint64_t> seed;
  OptionParser app;
  app.add_option("PROMPT", options->prompts, "What to draw, in English")->group("Prompt");
  app.add_option("--list", options->list,
                 "Draw each line of FILE (- for standard input), into a folder")
      ->type_name("FILE")
      ->group("Prompt");
  options->model.declare(app, /*batched=*/false, /*reads_images=*/false);
  declare_drawing(app, *options);
  app.add_option("--seed", seed, "Another number draws other pictures [0]")
      ->type_name("N")
      ->group("Picture");
  app.add_option("--rerank", options->rerank,
                 "Of the pictures of --grid write the one that MODEL finds nearest to the prompt: "
                 "a CLIP, a SigLIP, or a BLIP with a matching head")
      ->type_name("MODEL")
      ->group("Picture");
  app.add_option("-o,--output", options->output,
                 "Write the picture to FILE: .png, .jpg, or .npy for numbers; of several prompts, "
                 "PNG files to the folder FILE")
      ->type_name("FILE")
      ->group("Output");
  app.add_option("--progress", options->progress,
                 "Write what is drawn so far to the folder DIR now and then")
      ->type_name("DIR")
      ->group("Output");
  app.add_option("--progress-every", options->progress_every,
                 "Do so after every K pieces of 256 [32]")
      ->type_name("K")
      ->check(whole_number(1))
      ->group("Output");
  app.add_flag("--resume", options->resume,
               "Leave out prompts whose pictures are in the folder already")
      ->group("Output");
  app.add_flag("-q,--quiet", options->quiet, "No progress line on the terminal")->group("Output");
  const CommandHelp help = {
      .name = "draw",
      .synopsis = "[options] PROMPT...",
      .summary =
          "Draws pictures from words with a DALL-E mini or mega, in files of min-dalle's, "
          "dalle-mini's or of blip convert's. The bundled model draws coloured shapes: a circle, a "
          "rectangle or a triangle.",
      .footer = kDrawFooter,
      .exit_codes = kDrawExitCodes};
  if (!parse_arguments(app, help, arguments)) return nullptr;
  options->seed = seed.value_or(0);
  check_draw_options(*options);
  options->model.resolve();
  return options;
}

}  // namespace blip::cli
