#include "train/model/save_model.hpp"

#include <system_error>
#include <vector>

#include "architectures/blip/config_writer.hpp"
#include "architectures/blip/family.hpp"
#include "architectures/blip/tensors.hpp"
#include "architectures/blip/tokenizer_directory.hpp"
#include "blip/error.hpp"
#include "checkpoint/config_file.hpp"
#include "checkpoint/model_directory.hpp"
#include "core/in_quotes.hpp"
#include "core/open_file.hpp"
#include "core/replacement_file.hpp"
#include "train/run/tensor_file.hpp"

namespace blip::train {
namespace {

// tokenizer.json of the largest BERT has 10 MB; `blip convert` has the same limit.
constexpr std::size_t kMaxTextBytes = std::size_t{64} << 20;

// The output matrix is written beside the word embeddings that it is: transformers before version 5
// does not tie the two. The output bias has two names in all versions, and one is enough.
std::vector<ExpectedTensor> saved_tensors(const BlipConfig& config) {
  std::vector<ExpectedTensor> expected = expected_tensors(config);
  std::erase_if(expected, [](const ExpectedTensor& tensor) {
    return tensor.name.ends_with(".decoder.bias");
  });
  return expected;
}

}  // namespace

std::map<std::string, std::string> files_in(const std::filesystem::path& directory,
                                            std::span<const char* const> names) {
  std::map<std::string, std::string> files;
  for (const char* name : names) {
    const std::filesystem::path file = directory / name;
    if (file_exists(file)) files[name] = read_text_file(file, kMaxTextBytes);
  }
  return files;
}

NamedTensors tensors_of(const Parameters& parameters, std::span<const ExpectedTensor> expected,
                        const std::string& architecture) {
  NamedTensors tensors;
  for (const ExpectedTensor& wanted : expected) {
    const Parameter* parameter = parameters.find(wanted.name);
    if (parameter == nullptr) {
      throw Error(ErrorCode::missing_tensor, "this model cannot be saved as " + architecture +
                                                 ": it has no " + in_quotes(wanted.name));
    }
    tensors.emplace_back(wanted.name, parameter->tensor.detach().to(torch::kFloat32));
  }
  return tensors;
}

void write_model(const std::filesystem::path& directory,
                 const std::map<std::string, std::string>& files, const NamedTensors& tensors) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) {
    throw Error(ErrorCode::unreadable, directory.string() + ": cannot be made: " + error.message());
  }
  for (const auto& [name, text] : files) replace_file(directory / name, text);
  replace_tensor_file(directory / "model.safetensors", tensors);
}

std::map<std::string, std::string> tokenizer_files(const std::filesystem::path& source) {
  return files_in(tokenizer_directory(resolve_model(source.native())), kBlipFamily.tokenizer_files);
}

std::map<std::string, std::string> model_description(const BlipConfig& config,
                                                     const std::string& architecture,
                                                     const std::filesystem::path& tokenizer_source,
                                                     const BlipImageProcessorConfig& images) {
  BlipConfig saved = config;
  saved.architecture = architecture;
  BlipImageProcessorConfig saved_images = images;
  saved_images.height = config.vision_config.image_size;
  saved_images.width = config.vision_config.image_size;
  std::map<std::string, std::string> files = tokenizer_files(tokenizer_source);
  files[kConfigFile] = config_as_json(saved);
  files["preprocessor_config.json"] = image_processor_as_json(saved_images);
  return files;
}

void save_model(const Parameters& parameters, const BlipConfig& config,
                const std::string& architecture, const std::filesystem::path& tokenizer_source,
                const std::filesystem::path& directory, const BlipImageProcessorConfig& images) {
  BlipConfig saved = config;
  saved.architecture = architecture;
  const NamedTensors tensors = tensors_of(parameters, saved_tensors(saved), architecture);
  write_model(directory, model_description(config, architecture, tokenizer_source, images),
              tensors);
}

}  // namespace blip::train
