#include "cli/options/describe_options.hpp"

#include <algorithm>
#include <string_view>

#include "cli/options/command_line.hpp"

namespace blip::cli {
namespace {

constexpr std::string_view kDescribeFooter =
    "Examples:\n"
    "  blip describe photo.jpg\n"
    "  blip describe ~/Pictures --recursive --tags --sidecar-name stem\n"
    "  blip describe ~/Pictures --recursive --embed --existing append\n";

// A language of RFC 5646: letters, digits and hyphens; x-default is always written.
bool is_language(const std::string& text) {
  constexpr std::size_t kMaxLanguage = 35;
  return text.size() >= 2 && text.size() <= kMaxLanguage && text != "x-default" &&
         std::ranges::all_of(text, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-';
         });
}

metadata::Existing existing_text_of(const std::string& typed) {
  if (typed == "append") return metadata::Existing::append;
  if (typed == "replace") return metadata::Existing::replace;
  return metadata::Existing::keep;
}

}  // namespace

void DescribeOptions::declare(OptionParser& app) {
  inputs.declare(app, "IMAGE", "Files and folders", /*sharded=*/true);
  model.declare(app, /*batched=*/true);

  const char* where = "Where words go";
  app.add_flag("--embed", files.embed,
               "Into the pictures themselves (JPEG, PNG, WebP, TIFF); others get a sidecar")
      ->group(where);
  app.add_option("--sidecar-name", sidecar_name_,
                 "whole: photo.jpg.xmp, as digiKam and darktable; stem: photo.xmp, as Lightroom "
                 "[whole]")
      ->type_name("HOW")
      ->check(one_of({"whole", "stem"}))
      ->group(where);
  app.add_option("--existing", existing_,
                 "What to do with text that is there: keep it, append to it, or replace it, with "
                 "the file as it was kept as NAME_original [keep]")
      ->type_name("HOW")
      ->check(one_of({"keep", "append", "replace"}))
      ->group(where);
  app.add_option("--separator", files.merge.separator,
                 "Between text that is there and what is appended [\", \"]")
      ->type_name("TEXT")
      ->group(where);
  app.add_flag("--preserve-times", files.preserve_times, "Files that are written keep their times")
      ->group(where);
  app.add_flag("--dry-run", files.dry_run, "Write nothing, say what would be written")
      ->group(where);

  const char* words = "Words";
  app.add_flag("--no-description", no_description_, "No caption as dc:description")->group(words);
  app.add_flag("--no-alt", no_alt_, "No alternative text")->group(words);
  app.add_option("--alt-chars", alt_characters_,
                 "Of an alternative text at most N characters [125]")
      ->type_name("N")
      ->check(whole_number(10, 10'000))
      ->group(words);
  app.add_option("--language", files.merge.language,
                 "What language the model writes; texts are written as x-default as well [en]")
      ->type_name("TAG")
      ->group(words);
  app.add_flag("--tags", tags, "Tags as dc:subject, as `blip tag` finds them")->group(words);
  app.add_option("--tag-model", tag_model_name_, "The model that finds tags [nano-retrieval]")
      ->type_name("MODEL")
      ->group(words);
  app.add_option("--top", top_, "Of tags at most N [10]")
      ->type_name("N")
      ->check(whole_number(1))
      ->group(words);
  app.add_option("--margin", what.tags.margin,
                 "Only tags whose cosine is at least this much above the background's [0]")
      ->type_name("X")
      ->check(number(-2, 2))  // cosines differ by no more
      ->group(words);
  labels.declare(app, "The tags, instead of the everyday ones that come with blip");
  generation.declare(app);
  output.declare(app, record_formats());
}

void DescribeOptions::resolve(const OptionParser& app) {
  inputs.resolve();
  inputs.require_images("describe");
  model.resolve();
  generation.resolve(app);
  generation.require_own_input(inputs.selection);
  if (generation.options.num_return_sequences.value_or(1) > 1) {
    throw UsageError("--num-captions is for blip caption: metadata has one description");
  }
  output.resolve();
  if (!is_language(files.merge.language)) {
    throw UsageError("--language: '" + files.merge.language + "' is no language tag such as en");
  }
  files.merge.existing = existing_text_of(existing_);
  whole_names = sidecar_name_ == "whole";
  what.description = !no_description_;
  what.alt = !no_alt_;
  what.alt_characters = static_cast<std::uint64_t>(alt_characters_);
  what.tags.top = static_cast<std::size_t>(top_);
  if (!tags) {
    for (const char* name : {"--tag-model", "--top", "--margin", "--labels", "--template"}) {
      if (app.was_typed(name)) throw UsageError(std::string(name) + " needs --tags");
    }
    if (!what.description && !what.alt) throw UsageError("nothing is left to be written");
  }
  labels.resolve();
  tag_model.name = tag_model_name_.empty() ? std::string(kRetrievalModel) : tag_model_name_;
  tag_model.weight_type = model.weight_type;
}

metadata::PictureText DescribeOptions::fields() const {
  metadata::PictureText fields;
  if (what.description) fields.description = "x";
  if (what.alt) fields.alt = "x";
  if (tags) fields.subjects = {"x"};
  return fields;
}

std::unique_ptr<DescribeOptions> parse_describe_options(Arguments arguments) {
  auto options = std::make_unique<DescribeOptions>();
  OptionParser app;
  options->declare(app);
  const CommandHelp help = {
      .name = "describe",
      .synopsis = "[options] IMAGE...",
      .summary =
          "Writes captions, alternative texts and tags where photo programs look for them: "
          "into XMP sidecars beside the pictures, or into the pictures.",
      .footer = kDescribeFooter,
      .exit_codes = kExitCodes};
  if (!parse_arguments(app, help, arguments)) return nullptr;
  options->resolve(app);
  return options;
}

}  // namespace blip::cli
