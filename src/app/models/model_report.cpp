#include "app/models/model_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <system_error>

#include "architectures/registry.hpp"
#include "blip/error.hpp"
#include "checkpoint/adapter.hpp"
#include "checkpoint/checkpoint.hpp"
#include "checkpoint/config_file.hpp"
#include "checkpoint/weight_scales.hpp"
#include "model/merged_adapter.hpp"

namespace blip::app {
namespace {

// Floating point, or int8 with scales; not the scales, nor an old checkpoint's table of positions.
bool is_parameter(const Checkpoint& checkpoint, const CheckpointTensor& tensor) {
  switch (tensor.dtype) {
    case DType::f64:
    case DType::f32:
    case DType::f16:
    case DType::bf16:
      return find_scaled_weight(checkpoint, tensor.name) == nullptr;
    case DType::i8:
      return checkpoint.find(weight_scale_name(tensor.name)) != nullptr;
    default:
      return false;
  }
}

std::vector<FileReport> list_files(const std::filesystem::path& model) {
  std::vector<FileReport> files;
  std::error_code error;
  if (std::filesystem::is_regular_file(model, error)) {
    const std::uintmax_t size = std::filesystem::file_size(model, error);
    return {{model.filename().string(), error ? 0 : size}};
  }
  std::filesystem::directory_iterator next(model, error);
  while (!error && next != std::filesystem::directory_iterator()) {
    std::error_code ignored;
    if (next->is_regular_file(ignored)) {
      files.push_back({next->path().filename().string(), next->file_size(ignored)});
    }
    next.increment(error);
  }
  std::sort(files.begin(), files.end(),
            [](const FileReport& left, const FileReport& right) { return left.name < right.name; });
  return files;
}

std::string command_of(Task task) {
  switch (task) {
    case Task::caption:
      return "caption";
    case Task::answer:
      return "ask";
    case Task::match:
      return "match";
    case Task::embed:
      return "embed";
    case Task::rank:
      return "rank";
    case Task::reason:
      return "reason";
    case Task::classify:
      return "classify";
    case Task::draw:
      return "draw";
  }
  return {};
}

std::vector<std::string> commands_of(const Architecture& architecture) {
  std::vector<std::string> commands;
  for (const Task task : architecture.tasks) commands.push_back(command_of(task));
  return commands;
}

void list_tensors(ModelReport& report, const Checkpoint& checkpoint) {
  report.container = blip::name_of(checkpoint.container());
  report.has_original_names = checkpoint.has_original_names();
  for (const CheckpointTensor& tensor : checkpoint.tensors()) {
    const std::int64_t elements = tensor.element_count();
    const std::string dtype(blip::name_of(tensor.dtype));
    report.tensors.push_back({tensor.name, dtype, tensor.shape, elements});
    ++report.dtypes[dtype];
    if (!is_parameter(checkpoint, tensor)) continue;
    report.parameters += elements;
    report.towers[tensor.name.substr(0, tensor.name.find('.'))] += elements;
  }
}

// "17 tensors are missing: the first is …", for one line however many there are.
std::string summary(const std::vector<std::string>& items, const char* one, const char* several) {
  if (items.size() == 1) return fmt::format("{}: {}", one, items.front());
  return fmt::format("{} {}, the first: {}", items.size(), several, items.front());
}

void compare_tensors(ModelReport& report, const Checkpoint& checkpoint,
                     std::span<const ExpectedTensor> expected) {
  TensorDifferences found = compare(checkpoint, expected);
  report.missing_tensors = std::move(found.missing);
  report.ignored_tensors = std::move(found.unused);
  report.ignored_tensors.insert(report.ignored_tensors.end(), checkpoint.left_out().begin(),
                                checkpoint.left_out().end());
  if (!report.missing_tensors.empty()) {
    report.problems.push_back(
        summary(report.missing_tensors, "a tensor is missing", "tensors are missing"));
  }
  if (!found.unfitting.empty()) {
    report.problems.push_back(summary(found.unfitting, "a tensor does not fit the configuration",
                                      "tensors do not fit the configuration"));
  }
}

void read_tokenizer(ModelReport& report, const ModelFamily& family, const ModelSource& source) {
  const auto tokenizer = family.open_tokenizer(source.model, source.tokenizer());
  report.tokenizer = {.tokens = tokenizer->vocab_size(), .special = tokenizer->special_tokens()};
}

AdapterReport describe_adapter(const std::filesystem::path& directory) {
  const Adapter adapter = open_adapter(directory);
  AdapterReport report = {.directory = directory,
                          .base_model = adapter.config.base_model,
                          .rank = adapter.config.rank,
                          .alpha = adapter.config.alpha,
                          .use_rslora = adapter.config.use_rslora,
                          .updates = adapter.updates.size(),
                          .replaced = adapter.replaced.size()};
  for (const CheckpointTensor& tensor : adapter.tensors.tensors()) {
    report.parameters += tensor.element_count();
  }
  return report;
}

template <typename Action>
void attempt(ModelReport& report, Action&& action) {
  try {
    action();
  } catch (const Error& error) {
    report.problems.emplace_back(error.what());
  }
}

std::string word(EarlyStopping early_stopping) {
  switch (early_stopping) {
    case EarlyStopping::when_full:
      return "true";
    case EarlyStopping::never:
      return "never";
    case EarlyStopping::heuristic:
      break;
  }
  return "false";
}

}  // namespace

ModelReport inspect_model(const ModelSource& source) {
  const std::filesystem::path& model = source.model;
  ModelReport report;
  report.model = model;
  if (!source.adapter.empty()) report.adapter = describe_adapter(source.adapter);
  const ModelFamily& family = family_of(model);
  report.description = family.describe(model);
  report.config_is_inferred = lacks_config(report.model);
  report.files = list_files(report.model);
  std::optional<Checkpoint> checkpoint;
  attempt(report, [&] {
    checkpoint = open_tensors(source);
    list_tensors(report, *checkpoint);
  });
  attempt(report, [&] {
    const std::vector<ExpectedTensor> expected = family.expected_tensors(model);
    report.expected_parameters = parameter_count(expected);
    report.commands = commands_of(family.architecture_of(model));
    if (checkpoint) compare_tensors(report, *checkpoint, expected);
  });
  if (family.image_processor_config != nullptr)
    attempt(report, [&] {
      report.image_processor = family.image_processor_config(source.image_processor());
    });
  if (family.open_tokenizer != nullptr) {
    attempt(report, [&] { read_tokenizer(report, family, source); });
  }
  if (family.generation_settings != nullptr) {
    attempt(report, [&] { report.generation = family.generation_settings(model); });
  }
  return report;
}

std::vector<std::pair<std::string, std::string>> settings_of(const GenerationOptions& generation) {
  std::vector<std::pair<std::string, std::string>> settings;
  const auto add = [&settings](const char* name, const auto& value) {
    if (value) settings.emplace_back(name, fmt::format("{}", *value));
  };
  add("max_length", generation.max_length);
  add("max_new_tokens", generation.max_new_tokens);
  add("min_length", generation.min_length);
  add("min_new_tokens", generation.min_new_tokens);
  add("num_beams", generation.num_beams);
  add("length_penalty", generation.length_penalty);
  if (generation.early_stopping) {
    settings.emplace_back("early_stopping", word(*generation.early_stopping));
  }
  add("num_return_sequences", generation.num_return_sequences);
  add("repetition_penalty", generation.repetition_penalty);
  add("no_repeat_ngram_size", generation.no_repeat_ngram_size);
  add("do_sample", generation.do_sample);
  add("temperature", generation.temperature);
  add("top_k", generation.top_k);
  add("top_p", generation.top_p);
  add("seed", generation.seed);
  return settings;
}

std::string name_of(Resample filter) {
  switch (filter) {
    case Resample::nearest:
      return "nearest";
    case Resample::lanczos:
      return "lanczos";
    case Resample::bilinear:
      return "bilinear";
    case Resample::bicubic:
      return "bicubic";
    case Resample::box:
      return "box";
    case Resample::hamming:
      return "hamming";
  }
  return "unknown";
}

}  // namespace blip::app
