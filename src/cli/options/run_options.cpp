#include "cli/options/run_options.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <system_error>
#include <utility>

#include "cli/input/image_folder.hpp"
#include "cli/options/background_colour.hpp"
#include "cli/options/command_line.hpp"
#include "cli/options/fastest_weights.hpp"
#include "core/file_ending.hpp"
#include "kernels/instruction_set.hpp"

namespace blip::cli {

using app::Format;

namespace {

// Beyond this the attention over the image alone takes gigabytes.
constexpr int kMaxImageSize = 2048;
constexpr int kMaxBatch = 1024;
constexpr int kMaxThreads = 1024;

struct FormatName {
  std::string_view name;
  Format format;
  std::string_view description;
};

constexpr std::array<FormatName, 5> kFormats = {{
    {"text", Format::text, "text"},
    {"json", Format::json, "json (one array)"},
    {"jsonl", Format::jsonl, "jsonl (an object per line)"},
    {"csv", Format::csv, "csv"},
    {"npy", Format::npy, "npy (a NumPy array, and the names of its rows)"},
}};

const FormatName& format_named(std::string_view name) {
  return *std::find_if(kFormats.begin(), kFormats.end(),
                       [name](const FormatName& known) { return known.name == name; });
}

constexpr double kMillion = 1e6;

// Beyond this a picture's RGB alone takes 12 GB, and sides no longer fit what reads them.
constexpr std::int64_t kMostPixels = 4'000'000'000;

// "300000000", "300M"
std::int64_t parse_pixels(const std::string& text) {
  double number = 0.0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  const std::string_view unit(stop, static_cast<std::size_t>(end - stop));
  if (unit == "M" || unit == "m") number *= kMillion;
  const bool is_good = error == std::errc{} && (unit.empty() || unit == "M" || unit == "m") &&
                       number >= 1 && number <= static_cast<double>(kMostPixels);
  if (!is_good) {
    throw UsageError("--max-pixels: '" + text +
                     "' is not a number of pixels from 1 to 4000M, such as 300000000 or 300M");
  }
  return static_cast<std::int64_t>(number);
}

// Options that decide which images are done, how fast, and where results go, but not what is said
// of an image. Texts that are asked about are compared record by record.
bool is_about_the_run(std::string_view name) {
  constexpr std::array<std::string_view, 18> kNames = {
      "recursive",   "from-file",  "null",     "shard",     "batch", "threads",
      "isa",         "output",     "format",   "resume",    "force", "quiet",
      "list-format", "max-pixels", "question", "questions", "text",  "texts"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

// "text, json (one array) or csv"
std::string listed(const std::vector<std::string>& formats) {
  std::string list;
  for (std::size_t i = 0; i < formats.size(); ++i) {
    if (i > 0) list += i + 1 == formats.size() ? " or " : ", ";
    list += format_named(formats[i]).description;
  }
  return list;
}

}  // namespace

void InputOptions::declare(OptionParser& app, const std::string& positional,
                           const std::string& description, bool sharded) {
  const char* group = "Input";
  app.add_option(positional, selection.names,
                 description +
                     "; - for an image on standard input. Of a folder, the images by "
                     "their endings (" +
                     image_endings() + "), in order of their names, hidden ones left out")
      ->group(group);
  app.add_flag("-r,--recursive", selection.recursive, "Look into subfolders too")->group(group);
  declare_list(app);
  app.add_flag("-0,--null", null_separated_, "LIST is NUL-separated, as find -print0 writes it")
      ->group(group);
  if (sharded) {
    app.add_option("--shard", shard_,
                   "Do part I of N (3/64) of the list, every N-th image; all parts together are "
                   "the whole")
        ->type_name("I/N")
        ->group(group);
  }
  declare_reading(app);
  app.add_flag("--shrink-on-load", pictures.shrink,
               "Decode large JPEG photos at a half to an eighth of their size, never below twice "
               "what the model takes: faster, pixels differ a little")
      ->group(group);
}

void InputOptions::declare_list(OptionParser& app) {
  const char* group = "Input";
  app.add_option(
         "--from-file", selection.list,
         "Read names from LIST, one per line, - for standard input. A .jsonl or .tsv may "
         "have more fields" +
             (selection.columns.text.empty()
                  ? std::string()
                  : fmt::format(": \"{}\" and \"{}\"", fmt::join(selection.columns.paths, "\", \""),
                                selection.columns.text)))
      ->type_name("LIST")
      ->group(group);
  app.add_option("--list-format", list_format_,
                 "LIST is names, jsonl (an object per line) or tsv (fields between tabs, their "
                 "names in the first line or in this order) [by its ending]")
      ->type_name("FORMAT")
      ->check(one_of({"names", "jsonl", "tsv"}))
      ->group(group);
}

void InputOptions::declare_reading(OptionParser& app) {
  const char* group = "Input";
  app.add_flag("--no-exif-rotation", no_exif_rotation_,
               "Take photos as stored, not as the camera was held")
      ->group(group);
  app.add_option("--matte", background_,
                 "What transparent pixels show: white, black, grey, RRGGBB, or none to drop the "
                 "transparency as transformers 4 did [white]")
      ->type_name("COLOUR")
      ->group(group);
  app.add_option("--max-pixels", max_pixels_,
                 fmt::format("Refuse larger images before they are decoded: a number of pixels, or "
                             "of millions, as 300M [{:.0f}M]",
                             static_cast<double>(pictures.max_pixels) / kMillion))
      ->type_name("N")
      ->group(group);
}

void InputOptions::resolve() {
  if (!shard_.empty()) {
    const auto shard = Shard::parse(shard_);
    if (!shard) throw UsageError("--shard: '" + shard_ + "' is not I/N with 1 <= I <= N");
    selection.shard = *shard;
  }
  if (!selection.list.empty()) {
    selection.list_format = list_format_of(selection.list);
    if (list_format_ == "names") selection.list_format = ListFormat::names;
    if (list_format_ == "jsonl") selection.list_format = ListFormat::jsonl;
    if (list_format_ == "tsv") selection.list_format = ListFormat::tsv;
  }
  if (null_separated_) {
    if (selection.list.empty()) throw UsageError("--null needs --from-file");
    if (!list_format_.empty() && list_format_ != "names") {
      throw UsageError("--null is for lists of names");
    }
    selection.list_format = ListFormat::names;
    selection.separator = '\0';
  }
  pictures.exif_rotation = !no_exif_rotation_;
  if (!max_pixels_.empty()) pictures.max_pixels = parse_pixels(max_pixels_);
  if (!background_.empty()) {
    const auto background = parse_background(background_);
    if (!background) {
      throw UsageError("--matte: '" + background_ +
                       "' is none of white, black, grey, RRGGBB and none");
    }
    pictures.blend_transparency = background->blends;
    pictures.background = background->colour;
  }
}

void InputOptions::require_images(std::string_view command) const {
  if (!selection.names.empty() || !selection.list.empty()) return;
  throw UsageError(fmt::format("no images given; see: blip {} --help", command));
}

bool InputOptions::names_one_image() const {
  std::error_code ignored;
  return selection.names.size() == 1 && selection.list.empty() &&
         !std::filesystem::is_directory(selection.names.front(), ignored);
}

void declare_adapter(OptionParser& app, std::string& adapter) {
  app.add_option(
         "--adapter", adapter,
         "A LoRA adapter of PEFT, a directory or a hub id, to be merged into MODEL; without "
         "this, MODEL may be the adapter, which knows its base model")
      ->type_name("ADAPTER")
      ->group("Model");
}

void ModelOptions::declare(OptionParser& app, bool batched, bool reads_images) {
  const char* group = "Model";
  std::string description =
      "A hub id, a model directory, a checkpoint file or the name of a bundled model";
  if (!fallback_.empty()) description += " [" + fallback_ + "]";
  app.add_option("-m,--model", name, description)->type_name("MODEL")->group(group);
  declare_adapter(app, adapter);
  app.add_option("--processor", processor,
                 "Tokenizer and preprocessing of MODEL, for a model that comes without")
      ->type_name("MODEL")
      ->group(group);
  app.add_option(
         "--dtype", dtype_,
         "Hold weights as stored, f32, f16, bf16, int8 (a quarter of the memory and several times "
         "as fast, answers may differ a little) or auto: int8 where this machine is faster with "
         "it, else stored [stored]")
      ->type_name("TYPE")
      ->check(one_of(weight_type_names()))
      ->group(group);
  if (reads_images) {
    app.add_option("--image-size", image_size, "Resize images to N x N instead of the model's size")
        ->type_name("N")
        ->check(whole_number(1, kMaxImageSize))
        ->group(group);
  }
  if (batched) {
    app.add_option("--batch", batch, "Images that go through the model together [8]")
        ->type_name("N")
        ->check(whole_number(1, kMaxBatch))
        ->group(group);
  }
  app.add_option("--threads", threads, "Threads that compute [one per core]")
      ->type_name("N")
      ->check(whole_number(0, kMaxThreads))
      ->group(group);
  std::vector<std::string> instruction_sets;
  for (const std::string_view each : instruction_set_names()) instruction_sets.emplace_back(each);
  app.add_option("--isa", instruction_set_,
                 "Use no instruction set of the processor beyond " +
                     fmt::format("{}", fmt::join(instruction_sets, ", ")) + " [its best]")
      ->type_name("NAME")
      ->check(one_of(instruction_sets))
      ->group(group);
}

void ModelOptions::resolve() {
  if (name.empty()) name = fallback_;
  if (name.empty()) throw UsageError("no model given; name one with --model");
  if (!instruction_set_.empty() && !limit_instruction_set(instruction_set_)) {
    throw UsageError(fmt::format("--isa {}: this processor does not have it", instruction_set_));
  }
  weight_type = weight_type_of(dtype_);
}

WeightType weight_type_of(const std::string& dtype) {
  if (dtype == "f32") return WeightType::f32;
  if (dtype == "f16") return WeightType::f16;
  if (dtype == "bf16") return WeightType::bf16;
  if (dtype == "int8") return WeightType::i8;
  return dtype == "auto" ? fastest_weights() : WeightType::stored;
}

void OutputOptions::declare(OptionParser& app, const std::vector<std::string>& formats,
                            std::string_view resuming) {
  const char* group = "Output";
  formats_ = formats;
  app.add_option(
         "-f,--format", format_,
         fmt::format("{} [by the ending of --output, else {}]", listed(formats), formats.front()))
      ->type_name("FORMAT")
      ->check(one_of(formats))
      ->group(group);
  app.add_option("-o,--output", file, "Write to FILE instead of standard output (-)")
      ->type_name("FILE")
      ->group(group);
  if (!resuming.empty()) {
    app.add_flag("--resume", resume, std::string(resuming))->group(group);
    app.add_flag("--force", force,
                 "Let --resume continue a FILE that was made with other options, too")
        ->group(group);
    parser_ = &app;
  }
  app.add_flag("-q,--quiet", quiet, "No progress line on the terminal")->group(group);
}

void OutputOptions::resolve() {
  if (file == "-") file.clear();
  std::string chosen = format_;
  if (chosen.empty()) {
    chosen = file_ending(file);
    if (std::find(formats_.begin(), formats_.end(), chosen) == formats_.end()) {
      chosen = formats_.front();
    }
  }
  format = format_named(chosen).format;
  if (parser_ != nullptr && !resume && parser_->was_typed("--force")) {
    throw UsageError("--force needs --resume");
  }
  if (parser_ != nullptr) {
    for (auto& [name, value] : std::exchange(parser_, nullptr)->given()) {
      if (!is_about_the_run(name)) settings.emplace(name, value);
    }
  }
  if (resume && file.empty()) throw UsageError("--resume needs --output FILE");
  if (resume && format == Format::json) {
    throw UsageError("--resume cannot continue a JSON array; use --format jsonl");
  }
  if (format == Format::npy && file.empty()) throw UsageError("--format npy needs --output FILE");
  if (format == Format::npy && resume) {
    throw UsageError("--resume cannot continue a NumPy array; use --format jsonl");
  }
}

}  // namespace blip::cli
