#include "app/models/report_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <string_view>
#include <utility>

#include "app/records/record.hpp"

namespace blip::app {
namespace {

// 10234567 → "10,234,567"
std::string grouped(std::int64_t number) {
  const std::string digits = std::to_string(number);
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

std::string size_text(std::uintmax_t bytes) {
  if (bytes < 1000) return fmt::format("{} B", bytes);
  if (bytes < 1'000'000) return fmt::format("{:.1f} kB", static_cast<double>(bytes) / 1e3);
  return fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1e6);
}

class Text {
 public:
  void row(std::string_view label, const std::string& value) {
    fmt::format_to(std::back_inserter(text_), "{:<15}{}\n", label, printable(value));
  }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
};

void add_adapter(Text& text, const AdapterReport& adapter) {
  text.row("Adapter", adapter.directory.string());
  text.row("", fmt::format("LoRA of rank {}, alpha {}{}; {} weights updated, {} tensors replaced; "
                           "{} parameters",
                           adapter.rank, adapter.alpha, adapter.use_rslora ? " (rsLoRA)" : "",
                           adapter.updates, adapter.replaced, grouped(adapter.parameters)));
  text.row("", "made for " + (adapter.base_model.empty() ? "a model that it does not name"
                                                         : adapter.base_model));
}

void add_weights(Text& text, const ModelReport& report) {
  if (report.expected_parameters > 0) {
    text.row("By its config", grouped(report.expected_parameters) + " parameters");
  }
  if (report.tensors.empty()) return;
  text.row("Format", report.container +
                         (report.has_original_names ? ", with the original names of tensors" : ""));
  text.row("Parameters", grouped(report.parameters));
  for (const auto& [tower, parameters] : report.towers) {
    text.row("", fmt::format("{:<20}{:>14}", tower, grouped(parameters)));
  }
  std::string dtypes;
  for (const auto& [dtype, count] : report.dtypes) {
    dtypes += fmt::format("{}{} in {}", dtypes.empty() ? "" : ", ", count, dtype);
  }
  text.row("Tensors", dtypes);
}

// "vision" → "Vision"
std::string capitalized(std::string name) {
  if (!name.empty() && name.front() >= 'a' && name.front() <= 'z') name.front() -= 'a' - 'A';
  return name;
}

void add_preprocessing(Text& text, const ImageProcessorConfig& config) {
  std::string steps;
  if (config.do_resize) {
    steps += config.size.shortest_edge > 0
                 ? fmt::format("resize the shortest edge to {} ({})", config.size.shortest_edge,
                               name_of(config.resample))
                 : fmt::format("resize to {} x {} ({})", config.size.width, config.size.height,
                               name_of(config.resample));
  }
  if (config.do_center_crop) {
    steps += fmt::format("{}crop {} x {}", steps.empty() ? "" : ", ", config.crop_width,
                         config.crop_height);
  }
  if (config.do_rescale) {
    steps += fmt::format("{}times {:.6g}", steps.empty() ? "" : ", ", config.rescale_factor);
  }
  if (config.do_normalize) {
    steps += fmt::format("{}mean {:.4f}, std {:.4f}", steps.empty() ? "" : ", ",
                         fmt::join(config.image_mean, " "), fmt::join(config.image_std, " "));
  }
  text.row("Preprocessing", steps.empty() ? "none" : steps);
}

void add_generation(Text& text, const GenerationOptions& generation) {
  std::string settings;
  for (const auto& [name, value] : settings_of(generation)) {
    settings += fmt::format("{}{} {}", settings.empty() ? "" : ", ", name, value);
  }
  // Shown because it is in the files; see load_generation_config for why it has no effect.
  text.row("Generation", settings.empty() ? "transformers' defaults"
                                          : settings + " (stored, but ignored as in transformers)");
}

// One name a row, but a tower that is left out as a whole (a momentum copy) in one.
void add_names(Text& text, const char* label, const std::vector<std::string>& names) {
  constexpr std::size_t kMaxRows = 8;  // of one tower
  std::map<std::string, std::vector<std::string>> towers;
  for (const std::string& name : names) {
    towers[name.substr(0, name.find_first_of(". "))].push_back(name);
  }
  for (const auto& [tower, held] : towers) {
    if (held.size() > kMaxRows) {
      text.row(label, fmt::format("{}.* ({} tensors), the first: {}", tower, held.size(), held[0]));
    } else {
      for (const std::string& name : held) text.row(label, name);
    }
  }
}

}  // namespace

std::string report_as_text(const ModelReport& report, bool with_tensors) {
  Text text;
  text.row("Model", report.model.string());
  if (report.adapter) add_adapter(text, *report.adapter);
  text.row(
      "Architecture",
      (report.description.architecture.empty() ? "not named" : report.description.architecture) +
          (report.config_is_inferred ? " (no config.json; told from the tensors)" : ""));
  if (!report.description.layout.empty()) text.row("Layout", report.description.layout);
  add_weights(text, report);
  for (const ConfigPart& part : report.description.parts) {
    text.row(capitalized(part.name), part.summary);
  }
  if (report.image_processor) add_preprocessing(text, *report.image_processor);
  if (report.tokenizer) {
    const TokenizerReport& tokenizer = *report.tokenizer;
    const SpecialTokens& ids = tokenizer.special;
    std::string special;
    for (const auto& [name, id] : {std::pair("bos", ids.bos),
                                   {"eos", ids.eos},
                                   {"[PAD]", ids.cls >= 0 ? ids.pad : -1},
                                   {"pad", ids.cls < 0 ? ids.pad : -1},
                                   {"[UNK]", ids.cls >= 0 ? ids.unk : -1},
                                   {"[CLS]", ids.cls},
                                   {"[SEP]", ids.sep},
                                   {"[MASK]", ids.mask}}) {
      if (id >= 0) special += fmt::format("{}{} {}", special.empty() ? "" : ", ", name, id);
    }
    text.row("Tokenizer",
             fmt::format("{} tokens; {}", grouped(static_cast<std::int64_t>(tokenizer.tokens)),
                         special));
  }
  if (report.generation) add_generation(text, *report.generation);
  for (std::size_t i = 0; i < report.files.size(); ++i) {
    text.row(i == 0 ? "Files" : "",
             fmt::format("{:<28}{:>10}", report.files[i].name, size_text(report.files[i].bytes)));
  }
  add_names(text, "Missing", report.missing_tensors);
  add_names(text, "Not used", report.ignored_tensors);
  for (const std::string& problem : report.problems) text.row("Problem", problem);
  if (report.problems.empty()) {
    text.row("Ready for", fmt::format("blip {}", fmt::join(report.commands, ", ")));
  }

  if (!with_tensors) return text.text();
  std::size_t longest = 0;
  for (const TensorReport& tensor : report.tensors) longest = std::max(longest, tensor.name.size());
  std::string lines = text.text() + "\n";
  for (const TensorReport& tensor : report.tensors) {
    lines += fmt::format("{:<{}}  {:<4}  [{}]\n", printable(tensor.name), longest, tensor.dtype,
                         fmt::join(tensor.shape, ", "));
  }
  return lines;
}

}  // namespace blip::app
