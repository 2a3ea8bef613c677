#include "cli/output/version_text.hpp"

#include <fmt/format.h>

#include <string_view>
#include <vector>

#include "blip/context.hpp"
#include "blip/version.hpp"
#include "checkpoint/model_directory.hpp"
#include "cli/output/build_details.hpp"
#include "kernels/instruction_set.hpp"

namespace blip::cli {
namespace {

void append(std::string& text, std::string_view name, std::string_view value) {
  text += fmt::format("{:<18}{}\n", name, value.empty() ? "unknown" : value);
}

}  // namespace

std::string version_details() {
  std::string text = fmt::format("blip {}\n", version());
  for (const BuildDetail& detail : kBuildDetails) append(text, detail.name, detail.value);
  append(text, "instruction sets", fmt::format("{}", fmt::join(instruction_set_names(), ", ")));
  append(text, "in use here", instruction_set_in_use());
  append(text, "threads", std::to_string(Context().num_threads()));
  const std::vector<std::string> models = bundled_models();
  append(text, "bundled models",
         models.empty() ? "none" : fmt::format("{}", fmt::join(models, ", ")));
  return text;
}

}  // namespace blip::cli
