#include "app/models/model_converter.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "app/models/conversion_plan.hpp"
#include "app/models/tensor_bytes.hpp"
#include "app/records/output_file.hpp"
#include "app/records/partial_file.hpp"
#include "architectures/blip/config_writer.hpp"
#include "architectures/registry.hpp"
#include "blip/config.hpp"
#include "checkpoint/config_file.hpp"
#include "checkpoint/safetensors_writer.hpp"
#include "core/open_file.hpp"
#include "model/merged_adapter.hpp"

namespace blip::app {
namespace {

constexpr const char* kWeights = "model.safetensors";
// tokenizer.json of the largest BERT has 10 MB; BertTokenizer has the same limit.
constexpr std::size_t kMaxTextBytes = std::size_t{64} << 20;

struct TextFile {
  std::string name;
  std::string text;
};

std::string torch_name(DType dtype) {
  switch (dtype) {
    case DType::f16:
      return "float16";
    case DType::bf16:
      return "bfloat16";
    default:
      return "float32";
  }
}

void add_copy(std::vector<TextFile>& files, const std::filesystem::path& directory,
              const char* name) {
  const std::filesystem::path file = directory / name;
  if (file_exists(file)) files.push_back({name, read_text_file(file, kMaxTextBytes)});
}

// Where the files of a model's tokenizer are: beside its weights, or of a bare one bundled.
std::optional<std::filesystem::path> tokenizer_folder(const ModelFamily& family,
                                                      const ModelSource& origin) {
  if (family.tokenizer_directory != nullptr) return family.tokenizer_directory(origin.tokenizer());
  return model_folder(origin.tokenizer());
}

std::vector<TextFile> text_files(const ModelSource& origin, const Checkpoint& checkpoint,
                                 const ConversionPlan& plan) {
  const std::filesystem::path& source = origin.model;
  const ModelFamily& family = family_of(source);
  const std::filesystem::path folder = model_folder(source);
  const DType dtype = plan.main_dtype();
  std::vector<TextFile> files;
  if (lacks_config(source)) {
    files.push_back({kConfigFile, family.inferred_config(checkpoint)});
  } else {
    const std::filesystem::path file = folder / kConfigFile;
    std::string architecture = family.describe(source).architecture;
    if (architecture.empty()) architecture = family.infer_architecture(checkpoint).name;
    files.push_back({kConfigFile, updated_config(read_text_file(file, kMaxConfigBytes),
                                                 file.string(), architecture, torch_name(dtype))});
  }
  // transformers 4 would tie the two again.
  if (!origin.adapter.empty() && plan.has_language_model_head) {
    files.back().text = config_without_ties(files.back().text);
  }
  add_copy(files, folder, "generation_config.json");
  if (family.tokenizer_sources != nullptr) {
    for (const TokenizerSource& each : family.tokenizer_sources(source)) {
      if (file_exists(each.file)) {
        files.push_back({each.name, read_text_file(each.file, kMaxTextBytes)});
      }
    }
  }
  if (family.image_processor_config == nullptr) return files;
  const std::filesystem::path images = model_folder(origin.image_processor());
  add_copy(files, images, "processor_config.json");
  add_copy(files, images, "preprocessor_config.json");
  if (std::none_of(files.begin(), files.end(), [](const TextFile& file) {
        return file.name.ends_with("processor_config.json");
      })) {
    files.push_back({"preprocessor_config.json",
                     image_processor_as_json(family.image_processor_config(source))});
  }
  if (family.open_tokenizer == nullptr) return files;
  if (const auto tokenizer = tokenizer_folder(family, origin)) {
    for (const char* name : family.tokenizer_files) add_copy(files, *tokenizer, name);
  }
  return files;
}

void require_free(const std::filesystem::path& target, const std::vector<TextFile>& files) {
  const auto refuse = [&](const std::string& name) {
    throw Error(ErrorCode::invalid_argument,
                (target / name).string() + " is there already; --force overwrites it");
  };
  if (file_exists(target / kWeights)) refuse(kWeights);
  for (const TextFile& file : files) {
    const std::filesystem::path path = target / file.name;
    if (file_exists(path) && read_text_file(path, kMaxTextBytes) != file.text) refuse(file.name);
  }
}

// Makes the directory, and takes it away again unless it is kept.
class TargetDirectory {
 public:
  explicit TargetDirectory(const std::filesystem::path& path) : path_(path) {
    std::error_code error;
    made_ = std::filesystem::create_directories(path, error);
    if (error) throw OutputError(path.string(), error.value());
  }
  TargetDirectory(const TargetDirectory&) = delete;
  TargetDirectory& operator=(const TargetDirectory&) = delete;
  ~TargetDirectory() {
    std::error_code ignored;
    if (made_) std::filesystem::remove(path_, ignored);  // refused if there is something in it
  }
  void keep() { made_ = false; }

 private:
  std::filesystem::path path_;
  bool made_ = false;
};

}  // namespace

ConvertSummary convert_model(const ModelSource& source, const std::filesystem::path& target,
                             const ConvertOptions& options) {
  const std::filesystem::path& model = source.model;
  static_cast<void>(family_of(model).describe(model));  // a bad configuration is named first
  // What becomes another type is rounded once, from the float32 that an adapter is merged in.
  const Checkpoint checkpoint =
      open_tensors(source, options.dtype ? std::optional(DType::f32) : std::nullopt);
  const ConversionPlan plan = plan_conversion(checkpoint, model, options.dtype);
  const std::vector<TextFile> texts = text_files(source, checkpoint, plan);
  if (!options.overwrite) require_free(target, texts);

  TargetDirectory directory(target);
  std::vector<PartialFile> files;
  for (const TextFile& text : texts) {
    PartialFile& file = files.emplace_back(target / text.name);
    file.write(text.text);
    file.sync();
  }
  // Last in place as well: whoever sees the weights finds the rest beside them.
  PartialFile& weights = files.emplace_back(target / kWeights);
  const std::string header = safetensors_header(plan.tensors);
  weights.write(header);
  const WriteBytes write = [&](std::string_view bytes) { weights.write(bytes); };
  ConvertSummary summary = {plan.tensors.size(), header.size()};
  for (const SafetensorsPlace& tensor : plan.tensors) {
    const auto scaled = plan.new_scales.find(tensor.name);
    summary.bytes +=
        scaled == plan.new_scales.end()
            ? write_tensor(checkpoint, *checkpoint.find(tensor.name), tensor.dtype, write)
            : write_scales(checkpoint, *scaled->second, write);
  }
  weights.sync();
  for (PartialFile& file : files) file.put_in_place();
  directory.keep();
  return summary;
}

}  // namespace blip::app
