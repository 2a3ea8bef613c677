#include "train/model/save_dalle.hpp"

#include <vector>

#include "architectures/dalle/config.hpp"
#include "architectures/dalle/family.hpp"
#include "architectures/dalle/tensors.hpp"
#include "blip/error.hpp"
#include "checkpoint/config_file.hpp"
#include "checkpoint/model_directory.hpp"
#include "core/in_quotes.hpp"
#include "core/open_file.hpp"
#include "train/model/load_weights.hpp"
#include "train/model/save_model.hpp"

namespace blip::train {

void save_vqgan(const VqganTrainingModel& model, const std::filesystem::path& directory) {
  NamedTensors tensors;
  for (const Parameter& parameter : model.parameters.all()) {
    if (parameter.role == Role::buffer) continue;
    tensors.emplace_back(parameter.name, parameter.tensor.detach().to(torch::kFloat32));
  }
  write_model(directory, {{kConfigFile, vqgan_config_as_json(model.config)}}, tensors);
}

VqganConfig vqgan_config_of(const std::filesystem::path& model) {
  const std::filesystem::path file = model_folder(resolve_model(model.native())) / kConfigFile;
  return parse_vqgan_config(read_text_file(file, kMaxConfigBytes), file.string());
}

VqganTrainingModel open_fixed_vqgan(const std::filesystem::path& model,
                                    const torch::Device& device) {
  VqganTrainingModel vqgan = make_vqgan_model(vqgan_config_of(model), device, VqganUse::fixed);
  load_weights(vqgan.parameters, model, at::detail::createCPUGenerator(0));
  return vqgan;
}

std::map<std::string, std::string> dalle_description(const DalleConfig& config,
                                                     const std::filesystem::path& vocabulary) {
  std::map<std::string, std::string> files = files_in(vocabulary, kDalleFamily.tokenizer_files);
  for (const char* name : kDalleFamily.tokenizer_files) {
    if (files.contains(name)) continue;
    throw Error(ErrorCode::not_found, vocabulary.string() + ": has no " + in_quotes(name) +
                                          ", as DALL-E's tokenizer has");
  }
  files[kConfigFile] = dalle_config_as_json(config);
  return files;
}

void save_dalle(const Parameters& parameters, const VqganTrainingModel& vqgan,
                const DalleConfig& config, const std::map<std::string, std::string>& files,
                const std::filesystem::path& directory) {
  std::vector<ExpectedTensor> of_dalle;
  std::vector<ExpectedTensor> of_vqgan;
  for (const ExpectedTensor& tensor : dalle_tensors(config)) {
    if (tensor.name.starts_with(kDalleDetokenizer)) {
      of_vqgan.push_back(tensor);
    } else if (!tensor.may_be_absent) {  // norms whose weight is 1
      of_dalle.push_back(tensor);
    }
  }
  NamedTensors tensors = tensors_of(parameters, of_dalle, kDalleModel.name);
  const NamedTensors pictures = tensors_of(vqgan.parameters, of_vqgan, kDalleModel.name);
  tensors.insert(tensors.end(), pictures.begin(), pictures.end());
  write_model(directory, files, tensors);
}

}  // namespace blip::train
