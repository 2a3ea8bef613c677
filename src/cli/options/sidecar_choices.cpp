#include "cli/options/sidecar_choices.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "cli/input/image_folder.hpp"
#include "cli/options/command_line.hpp"
#include "core/file_ending.hpp"

namespace blip::cli {
namespace {

using app::ExistingSidecar;

bool is_image_ending(const std::string& ending) {
  return (", " + image_endings() + ",").find(" " + ending + ",") != std::string::npos;
}

// ".txt" of "txt" or ".txt"
std::string ending_of(std::string typed) {
  if (!typed.starts_with('.')) typed.insert(0, ".");
  const bool good = typed.size() > 1 && std::ranges::all_of(typed.substr(1), [](char c) {
                      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                             (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
                    });
  if (!good) throw UsageError("--sidecar: '" + typed + "' is no ending such as .txt or .caption");
  if (is_image_ending(file_ending("image" + typed))) {
    throw UsageError("--sidecar: " + typed + " files are images");
  }
  return typed;
}

ExistingSidecar existing_of(const std::string& typed) {
  if (typed == "overwrite") return ExistingSidecar::overwrite;
  if (typed == "append") return ExistingSidecar::append;
  if (typed == "prepend") return ExistingSidecar::prepend;
  return ExistingSidecar::skip;
}

}  // namespace

void SidecarChoices::declare(OptionParser& app) {
  const char* group = "Text files beside the images";
  app.add_option("--sidecar", ending_,
                 "Write each caption into a file of its own, named as the image but for its ending "
                 "(.txt, .caption). --output then names a folder for them, laid out as that of the "
                 "images. Records are only printed with --format")
      ->type_name("ENDING")
      ->group(group);
  app.add_option("--existing", existing_,
                 "What to do where the file is there: skip (the image is not captioned, so that a "
                 "second run goes on where the first one ended), overwrite, append or prepend "
                 "[skip]")
      ->type_name("HOW")
      ->check(one_of({"skip", "overwrite", "append", "prepend"}))
      ->group(group);
  app.add_option("--separator", separator_,
                 "Between a caption and the text it is appended or prepended to [\", \"]")
      ->type_name("TEXT")
      ->group(group);
}

void SidecarChoices::resolve(const OptionParser& app, int captions, OutputOptions& output) {
  if (ending_.empty()) {
    for (const char* name : {"--existing", "--separator"}) {
      if (app.was_typed(name)) throw UsageError(std::string(name) + " needs --sidecar");
    }
    return;
  }
  if (output.resume) {
    throw UsageError("--resume is for one output file; --existing skip resumes text files");
  }
  if (output.file == "-") throw UsageError("--output - is no folder; --format prints records");
  SidecarPlan plan{.ending = ending_of(ending_),
                   .directory = std::exchange(output.file, {}),
                   .options = {.existing = existing_of(existing_), .separator = separator_},
                   .tells_of_kept = existing_.empty()};
  const bool keeps = plan.options.existing == ExistingSidecar::append ||
                     plan.options.existing == ExistingSidecar::prepend;
  if (keeps && captions > 1) {
    throw UsageError("--existing " + existing_ + " takes one caption per image");
  }
  std::error_code ignored;
  if (!plan.directory.empty() && std::filesystem::exists(plan.directory, ignored) &&
      !std::filesystem::is_directory(plan.directory, ignored)) {
    throw UsageError(plan.directory.string() +
                     ": is not a folder; with --sidecar, --output names one");
  }
  output.records = app.was_typed("--format");
  output.sidecars = std::move(plan);
}

}  // namespace blip::cli
