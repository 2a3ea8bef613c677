#include "train/model/save_clip.hpp"

#include "architectures/blip/config_writer.hpp"
#include "architectures/clip/family.hpp"
#include "architectures/clip/infer_config.hpp"
#include "architectures/clip/towers.hpp"
#include "checkpoint/config_file.hpp"
#include "checkpoint/model_directory.hpp"
#include "train/model/save_model.hpp"

namespace blip::train {

std::map<std::string, std::string> clip_description(const CLIPConfig& config,
                                                    const std::filesystem::path& source) {
  CLIPConfig saved = config;
  saved.architecture = kCLIPModel.name;
  saved.model_type = kClipFamily.model_type;
  std::map<std::string, std::string> files =
      files_in(model_folder(source), kClipFamily.tokenizer_files);
  files[kConfigFile] = clip_config_as_json(saved);
  files["preprocessor_config.json"] =
      image_processor_as_json(kClipFamily.image_processor_config(source));
  return files;
}

void save_clip(const Parameters& parameters, const CLIPConfig& config,
               const std::filesystem::path& source, const std::filesystem::path& directory) {
  write_model(directory, clip_description(config, source),
              tensors_of(parameters, clip_tensors(config), kCLIPModel.name));
}

}  // namespace blip::train
