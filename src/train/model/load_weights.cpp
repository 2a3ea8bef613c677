#include "train/model/load_weights.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

#include "blip/error.hpp"
#include "checkpoint/checkpoint.hpp"
#include "checkpoint/model_directory.hpp"
#include "core/in_quotes.hpp"
#include "train/model/feature_queue.hpp"
#include "train/model/image_text_encoder.hpp"
#include "train/model/position_grid.hpp"
#include "train/run/tensor_file.hpp"

namespace blip::train {
namespace {

constexpr std::string_view kEncoder = "text_encoder.";
constexpr std::string_view kDecoder = "text_decoder.bert.";

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

bool is_queue(std::string_view name) {
  return name == "image_queue" || name == "text_queue" || name == "idx_queue";
}

// What a model for fine-tuning has and the checkpoint it starts from need not.
bool may_be_new(std::string_view name) {
  constexpr std::array<std::string_view, 8> kBegins = {"vision_proj",    "text_proj", "itm_head.",
                                                       "cls_head.",      "queue_ptr", "ptr_queue",
                                                       "sentence_proj.", "code_use"};
  return is_queue(name) || name == "temp" || contains(name, ".merge_layer.") ||
         std::any_of(kBegins.begin(), kBegins.end(),
                     [&](std::string_view begin) { return name.starts_with(begin); });
}

// The VQA decoder reads states as wide as the text; that of a checkpoint with a ViT-L was as wide
// as the image.
bool may_be_dropped(std::string_view name) {
  return is_queue(name) ||
         (name.starts_with(kDecoder) && (contains(name, ".crossattention.self.key.weight") ||
                                         contains(name, ".crossattention.self.value.weight")));
}

std::string replaced(std::string text, std::string_view part, std::string_view by) {
  const std::size_t at = text.find(part);
  if (at != std::string::npos) text.replace(at, part.size(), by);
  return text;
}

// NLVR2's twin cross-attention, before it was two: "….self0.query…" → "….self.query…".
std::string untwinned(const std::string& name) {
  if (!contains(name, ".crossattention.")) return name;
  std::string single = name;
  for (const char* image : {"0.", "1."}) {
    single = replaced(single, std::string(".self") + image, ".self.");
    single = replaced(single, std::string(".dense") + image, ".dense.");
  }
  return single;
}

// Where else a tensor may come from, best first.
std::vector<std::string> substitutes(const std::string& name) {
  std::vector<std::string> names;
  const auto add = [&](const std::string& other) {
    if (other != name) names.push_back(other);
  };
  const std::string followed = followed_name(name);
  const std::string single = untwinned(followed.empty() ? name : followed);
  add(single);
  if (single.starts_with(kEncoder)) {
    add(std::string(kDecoder) + single.substr(kEncoder.size()));
  } else if (single.starts_with(kDecoder)) {
    add(std::string(kEncoder) + single.substr(kDecoder.size()));
  }
  return names;
}

class Loader {
 public:
  Loader(const Checkpoint& checkpoint, const torch::Generator& generator)
      : checkpoint_(checkpoint), generator_(generator) {}

  void fill(const Parameters& parameters, Parameter& parameter) {
    for (const std::string& name : parameters.names_of(parameter)) used_.insert(name);
    bool fits = false;
    bool borrowed = false;
    const CheckpointTensor* source = find(parameters, parameter, borrowed);
    if (source != nullptr && !borrowed) note_untied(parameters, parameter, *source);
    if (source != nullptr) fits = take(*source, parameter);
    if (fits) {
      if (borrowed) report.borrowed.push_back(parameter.name);
      return;
    }
    if (source == nullptr && !may_be_new(parameter.name)) {
      throw Error(ErrorCode::missing_tensor, source_of(checkpoint_) + ": has no tensor " +
                                                 in_quotes(parameter.name) + " " +
                                                 shape_text(parameter.tensor.sizes()));
    }
    (source == nullptr ? report.initialised : report.unfitting).push_back(parameter.name);
    Parameters::initialise(parameter, generator_);
  }

  void finish() {
    for (const CheckpointTensor& tensor : checkpoint_.tensors()) {
      if (!used_.contains(tensor.name)) report.unused.push_back(tensor.name);
    }
  }

  LoadReport report;

 private:
  const CheckpointTensor* find(const Parameters& parameters, const Parameter& parameter,
                               bool& borrowed) {
    for (const std::string& name : parameters.names_of(parameter)) {
      if (const CheckpointTensor* tensor = checkpoint_.find(name)) return tensor;
    }
    for (const std::string& name : parameters.names_of(parameter)) {
      for (const std::string& other : substitutes(name)) {
        const CheckpointTensor* tensor = checkpoint_.find(other);
        if (tensor == nullptr) continue;
        used_.insert(other);
        borrowed = true;
        return tensor;
      }
    }
    return nullptr;
  }

  void note_untied(const Parameters& parameters, const Parameter& parameter,
                   const CheckpointTensor& source) {
    for (const std::string& name : parameters.names_of(parameter)) {
      const CheckpointTensor* other = checkpoint_.find(name);
      if (other == nullptr || other == &source) continue;
      if (!std::ranges::equal(other->bytes, source.bytes)) {
        report.untied.push_back(source.name + ", not " + name);
      }
    }
  }

  // False: it does not fit, and need not. Throws if it must.
  bool take(const CheckpointTensor& source, Parameter& parameter) {
    if (source.dtype == DType::i8) {
      throw Error(ErrorCode::unsupported, source_of(checkpoint_) + ": " + in_quotes(source.name) +
                                              " is int8, which cannot be trained: start from the "
                                              "model it was made of");
    }
    torch::Tensor& target = parameter.tensor;
    const torch::Tensor stored = to_torch(source);
    const torch::Tensor values =
        stored.sizes() == target.sizes()
            ? stored
            : on_grid_of(target, stored.to(torch::kFloat32), parameter.name);
    if (values.sizes() == target.sizes() && stored.sizes() != target.sizes()) {
      report.regridded.push_back(parameter.name);
    }
    if (values.sizes() != target.sizes()) {
      if (may_be_dropped(parameter.name)) return false;
      throw Error(ErrorCode::shape_mismatch,
                  source_of(checkpoint_) + ": tensor " + in_quotes(source.name) + " is " +
                      shape_text(values.sizes()) + " instead of " + shape_text(target.sizes()));
    }
    const torch::NoGradGuard no_grad;
    target.copy_(values);
    return true;
  }

  const Checkpoint& checkpoint_;
  const torch::Generator& generator_;
  std::set<std::string> used_;
};

}  // namespace

BlipConfig config_for_training(const std::filesystem::path& model, int image_size) {
  BlipConfig config = BlipConfig::from_pretrained(resolve_model(model.native()));
  if (image_size != 0) config.vision_config.image_size = image_size;
  if (config.vision_config.image_size < config.vision_config.patch_size) {
    throw Error(ErrorCode::invalid_argument, "images of " +
                                                 std::to_string(config.vision_config.image_size) +
                                                 " pixels are smaller than a patch of the model");
  }
  return config;
}

LoadReport load_weights(Parameters& parameters, const std::filesystem::path& model,
                        const torch::Generator& generator) {
  const Checkpoint checkpoint =
      Checkpoint::open(resolve_model(model.native()), TrainingTensors::kept);
  Loader loader(checkpoint, generator);
  for (Parameter& parameter : parameters.all()) loader.fill(parameters, parameter);
  rewind_queues(parameters);
  loader.finish();
  // Momentum copies of tensors that are new follow those, which are not in the checkpoint.
  const std::set<std::string> fresh(loader.report.initialised.begin(),
                                    loader.report.initialised.end());
  std::vector<MomentumPair> new_pairs;
  for (const Parameter& parameter : parameters.all()) {
    if (parameter.role != Role::momentum || !fresh.contains(parameter.name)) continue;
    new_pairs.push_back({parameters.find(followed_name(parameter.name))->tensor, parameter.tensor});
  }
  copy_to_momentum(new_pairs);
  return std::move(loader.report);
}

}  // namespace blip::train
