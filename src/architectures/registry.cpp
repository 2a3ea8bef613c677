#include "architectures/registry.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "architectures/blip/family.hpp"
#include "architectures/chinese_clip/family.hpp"
#include "architectures/clip/family.hpp"
#include "architectures/dalle/family.hpp"
#include "architectures/efficientnet_lite/family.hpp"
#include "architectures/siglip/family.hpp"
#include "architectures/vit/family.hpp"
#include "blip/error.hpp"
#include "checkpoint/adapter_config.hpp"
#include "checkpoint/config_file.hpp"
#include "checkpoint/model_source.hpp"
#include "core/json_fields.hpp"
#include "core/json_text.hpp"
#include "core/open_file.hpp"
#include "hub/model_files.hpp"

namespace blip {
namespace {

// A new family is added here, and nowhere else.
constexpr std::array<const ModelFamily*, 14> kFamilies = {
    &kBlipFamily,        &kClipFamily,
    &kClipTextFamily,    &kClipVisionFamily,
    &kChineseClipFamily, &kSiglipFamily,
    &kVitFamily,         &kDeitFamily,
    &kDinov2Family,      &kDinov2RegistersFamily,
    &kTimmFamily,        &kEfficientNetLiteFamily,
    &kDalleFamily,       &kDalleBartFamily};

std::string model_type_of(const std::filesystem::path& config) {
  const std::string name = config.string();
  const nlohmann::json document = parse_json_object(read_text_file(config, kMaxConfigBytes), name);
  return read_model_type(JsonFields(document, name));
}

// The family whose reader says why a model of no family cannot be read: BLIP's unless another knows
// better.
const ModelFamily& refuser_of(const std::filesystem::path& model) {
  if (lacks_config(model)) return *kFamilies.front();
  const std::string model_type = model_type_of(model_folder(model) / kConfigFile);
  const auto* knows = std::ranges::find_if(kFamilies, [&](const ModelFamily* family) {
    return family->refused_model_type != nullptr && family->refused_model_type == model_type;
  });
  return knows == kFamilies.end() ? *kFamilies.front() : **knows;
}

// Null: the model is of none.
const ModelFamily* find_family_of(const std::filesystem::path& model) {
  if (!lacks_config(model)) return find_family(model_type_of(model_folder(model) / kConfigFile));
  const Checkpoint checkpoint = Checkpoint::open(model);
  const auto* made_it =
      std::find_if(kFamilies.begin(), kFamilies.end(),
                   [&](const ModelFamily* family) { return family->has_made(checkpoint); });
  return made_it == kFamilies.end() ? nullptr : *made_it;
}

// Never throws what is wrong with config.json: that is for whoever needs more of it than the
// family.
const ModelFamily& family_of_files_in(const std::filesystem::path& model) {
  try {
    const ModelFamily* family = find_family_of(model);
    return family == nullptr ? refuser_of(model) : *family;
  } catch (const Error&) {
    return *kFamilies.front();
  }
}

}  // namespace

std::span<const ModelFamily* const> model_families() {
  return kFamilies;
}

const ModelFamily* find_family(std::string_view model_type) {
  const auto* found =
      std::find_if(kFamilies.begin(), kFamilies.end(),
                   [&](const ModelFamily* family) { return family->model_type == model_type; });
  return found == kFamilies.end() ? nullptr : *found;
}

const Architecture* find_architecture(std::string_view name) {
  for (const ModelFamily* family : kFamilies) {
    for (const Architecture* architecture : family->architectures) {
      if (architecture->name == name) return architecture;
    }
  }
  return nullptr;
}

const ModelFamily& family_of(const std::filesystem::path& model) {
  const ModelFamily* family = find_family_of(model);
  if (family != nullptr) return *family;
  // Its reader refuses the model by name.
  const ModelFamily& refuser = refuser_of(model);
  static_cast<void>(refuser.architecture_of(model));
  return refuser;
}

std::shared_ptr<const ImageProcessor> open_image_processor(const std::filesystem::path& model,
                                                           const std::filesystem::path& processor) {
  // Where there is nothing there are no files either, and the defaults would be taken for them.
  for (const std::filesystem::path* path : {&model, &processor}) {
    if (!path->empty() && !file_exists(*path)) {
      throw Error(ErrorCode::not_found, path->string() + ": no such model");
    }
  }
  const bool has_other = !processor.empty() && has_image_processor(model_folder(processor));
  const ModelFamily& family = family_of_files_in(model);
  if (family.open_image_processor == nullptr) {
    throw Error(ErrorCode::unsupported,
                model.string() + ": " + family.architecture_of(model).name + " reads no images");
  }
  return family.open_image_processor(has_other ? processor : model);
}

std::shared_ptr<const Tokenizer> open_tokenizer(const std::filesystem::path& model,
                                                const std::filesystem::path& processor) {
  const ModelFamily& family = family_of_files_in(model);
  if (family.open_tokenizer == nullptr) {
    throw Error(ErrorCode::unsupported,
                model.string() + ": " + family.architecture_of(model).name + " reads no texts");
  }
  // Beside an adapter there may be none: then it was trained with the model's own.
  const bool has_other = !has_adapter(processor) || has_tokenizer(processor);
  return family.open_tokenizer(model, has_other ? processor : std::filesystem::path());
}

// What the directories below have to know of the families, and declare for the registry to define.

std::span<const OriginalNames* const> original_names() {
  static const std::vector<const OriginalNames*> names = [] {
    std::vector<const OriginalNames*> all;
    for (const ModelFamily* family : kFamilies) {
      if (family->original_names != nullptr) all.push_back(family->original_names);
    }
    return all;
  }();
  return names;
}

std::span<const PartedWeights> parted_weights() {
  static const std::vector<PartedWeights> weights = [] {
    std::vector<PartedWeights> all;
    // Two model types of one family have the same.
    for (const ModelFamily* family : kFamilies) {
      const bool is_listed = std::any_of(all.begin(), all.end(), [&](const PartedWeights& known) {
        return !family->parted_weights.empty() &&
               known.parts.data() == family->parted_weights.front().parts.data();
      });
      if (is_listed) continue;
      all.insert(all.end(), family->parted_weights.begin(), family->parted_weights.end());
    }
    return all;
  }();
  return weights;
}

bool hub::is_known_model_type(std::string_view model_type) {
  return find_family(model_type) != nullptr;
}

std::span<const char* const> hub::tokenizer_files_of(std::string_view model_type) {
  const ModelFamily* family = find_family(model_type);
  return (family == nullptr ? kFamilies.front() : family)->tokenizer_files;
}

const hub::FamilyWeights* hub::family_weights_of(std::string_view model_type) {
  const ModelFamily* family = find_family(model_type);
  return family == nullptr ? nullptr : family->hub_weights;
}

}  // namespace blip
