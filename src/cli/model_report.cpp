#include "cli/model_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

#include "blip/conditional_generation.hpp"
#include "blip/error.hpp"
#include "blip/tokenizer.hpp"
#include "checkpoint/checkpoint.hpp"
#include "checkpoint/model_directory.hpp"

namespace blip::cli {
namespace {

bool is_floating_point(DType dtype) {
  return dtype == DType::f64 || dtype == DType::f32 || dtype == DType::f16 || dtype == DType::bf16;
}

std::vector<FileReport> list_files(const std::filesystem::path& directory) {
  std::vector<FileReport> files;
  std::error_code error;
  std::filesystem::directory_iterator next(directory, error);
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

void read_tensors(ModelReport& report) {
  const Checkpoint checkpoint = Checkpoint::open(report.directory);
  for (const CheckpointTensor& tensor : checkpoint.tensors()) {
    const std::int64_t elements = tensor.element_count();
    const std::string dtype(blip::name_of(tensor.dtype));
    report.tensors.push_back({tensor.name, dtype, tensor.shape, elements});
    ++report.dtypes[dtype];
    if (!is_floating_point(tensor.dtype)) continue;  // an old checkpoint's table of positions
    report.parameters += elements;
    report.towers[tensor.name.substr(0, tensor.name.find('.'))] += elements;
  }
}

void read_tokenizer(ModelReport& report) {
  const BertTokenizer tokenizer = BertTokenizer::from_pretrained(report.directory);
  report.tokenizer = {.tokens = tokenizer.vocab_size(),
                      .pad = tokenizer.pad_token_id(),
                      .unk = tokenizer.unk_token_id(),
                      .cls = tokenizer.cls_token_id(),
                      .sep = tokenizer.sep_token_id(),
                      .mask = tokenizer.mask_token_id()};
}

template <typename Action>
bool attempt(ModelReport& report, Action&& action) {
  try {
    action();
    return true;
  } catch (const Error& error) {
    report.problems.emplace_back(error.what());
    return false;
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

ModelReport inspect_model(const std::string& model) {
  ModelReport report;
  report.directory = resolve_model(model);
  report.config = BlipConfig::from_pretrained(report.directory);
  report.files = list_files(report.directory);
  const bool has_tensors = attempt(report, [&] { read_tensors(report); });
  attempt(report, [&] {
    report.image_processor = BlipImageProcessorConfig::from_pretrained(report.directory);
  });
  attempt(report, [&] { read_tokenizer(report); });
  const bool has_generation = attempt(
      report, [&] { report.generation = load_generation_config(report.directory, report.config); });
  if (has_tensors && has_generation) {  // else the loader would only say the same again
    attempt(report, [&] {
      report.ignored_tensors =
          BlipForConditionalGeneration::from_pretrained(report.directory).ignored_tensors();
    });
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

}  // namespace blip::cli
