#include "cli/options/explain_choices.hpp"

#include <algorithm>
#include <charconv>
#include <system_error>

#include "cli/options/command_line.hpp"

namespace blip::cli {
namespace {

constexpr const char* kGroup = "Where the model looked";

std::optional<int> head_number(const std::string& text) {
  int number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || stop != end || number < 0) return std::nullopt;
  return number;
}

}  // namespace

void AttentionChoices::declare(OptionParser& app, const std::string& prefix,
                               const std::string& group) {
  prefix_ = prefix;
  app.add_option("--" + prefix + "layer", options.layer,
                 "The cross-attention of this layer of the text model, counted from 0 [7 of 12]")
      ->type_name("N")
      ->check(whole_number(0))
      ->group(group);
  app.add_option("--" + prefix + "head", head_,
                 "One head of it, counted from 0, or mean: all heads [mean]")
      ->type_name("H")
      ->group(group);
}

void AttentionChoices::resolve() {
  if (head_ == "mean") return;
  options.head = head_number(head_);
  if (!options.head) {
    throw UsageError("--" + prefix_ + "head: '" + head_ + "' is neither a number nor mean");
  }
}

void ExplainChoices::declare(OptionParser& app) {
  app.add_option("--explain", folder_,
                 "Write into DIR, for every result, a picture of where the model looked for each "
                 "word (Grad-CAM of its cross-attention)")
      ->type_name("DIR")
      ->group(kGroup);
  app.add_option("--explain-format", formats_,
                 "png, npy (the maps as a NumPy array, and the words beside it) or png,npy [png]")
      ->type_name("FORMAT")
      ->check(one_of({"png", "npy", "png,npy"}))
      ->group(kGroup);
  attention_.declare(app, "explain-", kGroup);
}

void ExplainChoices::resolve(const OptionParser& app) {
  attention_.resolve();
  if (given()) return;
  for (const char* name : {"--explain-format", "--explain-layer", "--explain-head"}) {
    if (app.was_typed(name)) throw UsageError(std::string(name) + " needs --explain DIR");
  }
}

std::optional<GradCamOptions> ExplainChoices::options() const {
  if (!given()) return std::nullopt;
  return attention_.options;
}

std::optional<app::ExplanationFolder> ExplainChoices::open(const InputOptions& inputs) const {
  if (!given()) return std::nullopt;
  const std::vector<std::string>& names = inputs.selection.names;
  if (formats_ != "npy" && std::find(names.begin(), names.end(), "-") != names.end()) {
    throw UsageError(
        "--explain cannot draw on a picture from standard input; see --explain-format");
  }
  return app::ExplanationFolder(folder_, {.png = formats_ != "npy", .npy = formats_ != "png"},
                                inputs.pictures);
}

}  // namespace blip::cli
