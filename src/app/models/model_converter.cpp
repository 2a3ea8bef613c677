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
#include "architectures/blip/family.hpp"
#include "architectures/blip/tokenizer_directory.hpp"
#include "architectures/registry.hpp"
#include "blip/config.hpp"
#include "checkpoint/config_file.hpp"
#include "checkpoint/safetensors_writer.hpp"
#include "core/open_file.hpp"

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

// Where the files of a model's tokenizer are: beside its weights, or of a bare BLIP bundled.
std::optional<std::filesystem::path> tokenizer_folder(const ModelFamily& family,
                                                      const std::filesystem::path& source) {
  if (&family == &kBlipFamily) return find_tokenizer_directory(source);
  return model_folder(source);
}

std::vector<TextFile> text_files(const std::filesystem::path& source, const Checkpoint& checkpoint,
                                 DType dtype) {
  const ModelFamily& family = family_of(source);
  const std::filesystem::path folder = model_folder(source);
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
  add_copy(files, folder, "generation_config.json");
  add_copy(files, folder, "processor_config.json");
  add_copy(files, folder, "preprocessor_config.json");
  if (std::none_of(files.begin(), files.end(), [](const TextFile& file) {
        return file.name.ends_with("processor_config.json");
      })) {
    files.push_back({"preprocessor_config.json",
                     image_processor_as_json(family.image_processor_config(source))});
  }
  if (family.open_tokenizer == nullptr) return files;
  if (const auto tokenizer = tokenizer_folder(family, source)) {
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

ConvertSummary convert_model(const std::filesystem::path& source,
                             const std::filesystem::path& target, const ConvertOptions& options) {
  static_cast<void>(family_of(source).describe(source));  // a bad configuration is named first
  const Checkpoint checkpoint = Checkpoint::open(source);
  const ConversionPlan plan = plan_conversion(checkpoint, source, options.dtype);
  const std::vector<TextFile> texts = text_files(source, checkpoint, plan.main_dtype());
  if (!options.overwrite) require_free(target, texts);

  TargetDirectory directory(target);
  std::vector<PartialFile> files;
  for (const TextFile& text : texts) {
    PartialFile& file = files.emplace_back(target / text.name);
    file.write(text.text);
    file.close();
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
  weights.close();
  for (PartialFile& file : files) file.put_in_place();
  directory.keep();
  return summary;
}

}  // namespace blip::app
