#include "architectures/blip/infer_config.hpp"

#include <string>

#include "architectures/blip/architectures.hpp"
#include "architectures/blip/tensors.hpp"
#include "blip/error.hpp"

namespace blip {
namespace {

constexpr int kHeadWidth = 64;
// As in config.json's limits: beyond any BLIP, and products of three stay within int64.
constexpr std::int64_t kMaxSize = 65'536;
constexpr std::int64_t kMaxVocabulary = 10'000'000;
constexpr int kMaxLayers = 1'000;
constexpr int kMaxPixels = 16'384;

class Shapes {
 public:
  explicit Shapes(const Checkpoint& checkpoint)
      : checkpoint_(checkpoint), file_(source_of(checkpoint)) {}

  [[noreturn]] void fail(const std::string& problem, ErrorCode code = ErrorCode::malformed) const {
    throw Error(code, file_ + ": " + problem);
  }

  [[nodiscard]] bool has(const std::string& name) const {
    return checkpoint_.find(name) != nullptr;
  }
  [[nodiscard]] bool has_any(std::string_view prefix) const {
    for (const CheckpointTensor& tensor : checkpoint_.tensors()) {
      if (tensor.name.starts_with(prefix)) return true;
    }
    return false;
  }

  // Size `dimension` of tensor `name`, which must have `rank` dimensions.
  [[nodiscard]] int size(const std::string& name, std::size_t rank, std::size_t dimension,
                         std::int64_t limit = kMaxSize) const {
    const CheckpointTensor* tensor = checkpoint_.find(name);
    if (tensor == nullptr) {
      fail("has no config.json, and no tensor '" + name + "' to tell the architecture from",
           ErrorCode::unsupported);
    }
    if (tensor->shape.size() != rank || tensor->shape[dimension] < 1 ||
        tensor->shape[dimension] > limit) {
      fail("tensor '" + name + "' has a shape that no BLIP has");
    }
    return static_cast<int>(tensor->shape[dimension]);
  }

  // How many of `before`0`after`, `before`1`after`, … there are.
  [[nodiscard]] int layers(const std::string& before, const std::string& after) const {
    int count = 0;
    while (count < kMaxLayers && has(std::string(before).append(std::to_string(count)) + after)) {
      ++count;
    }
    return count;
  }

  [[nodiscard]] int heads(int width, const std::string& tower) const {
    if (width % kHeadWidth != 0) {
      fail("the width of the " + tower + " tower, " + std::to_string(width) +
               ", is no multiple of 64, so the number of heads is unknown without a config.json",
           ErrorCode::unsupported);
    }
    return width / kHeadWidth;
  }

 private:
  const Checkpoint& checkpoint_;
  std::string file_;
};

const BlipArchitecture& infer_architecture(const Shapes& shapes) {
  if (shapes.has(kBlipForNLVR.marker)) return kBlipForNLVR;
  if (shapes.has_any(kBlipModel.text_prefix)) return kBlipModel;
  const bool has_decoder = shapes.has_any("text_decoder.");
  const bool matches = shapes.has(kBlipForImageTextRetrieval.marker);
  if (has_decoder && shapes.has_any(kBlipForQuestionAnswering.text_prefix) && !matches) {
    return kBlipForQuestionAnswering;
  }
  // With everything at once it is a checkpoint of pre-training, from which captions are what people
  // want: transformers' blip-image-captioning-base is one.
  if (has_decoder) return kBlipForConditionalGeneration;
  if (matches) return kBlipForImageTextRetrieval;
  shapes.fail("has no config.json, and its tensors are none of BLIP's architectures",
              ErrorCode::unsupported);
}

BlipVisionConfig infer_vision(const Shapes& shapes, bool is_original) {
  const std::string prefix = "vision_model.";
  if (shapes.has_any(prefix + "embeddings.backbone.")) {
    shapes.fail("has a convolutional backbone, whose strides only a config.json tells",
                ErrorCode::unsupported);
  }
  BlipVisionConfig config;
  config.hidden_size = shapes.size(prefix + "embeddings.class_embedding", 3, 2);
  config.patch_size = shapes.size(prefix + "embeddings.patch_embedding.weight", 4, 3);
  config.num_hidden_layers = shapes.layers(prefix + "encoder.layers.", ".layer_norm1.weight");
  config.intermediate_size = shapes.size(prefix + "encoder.layers.0.mlp.fc1.weight", 2, 0);
  config.num_attention_heads = shapes.heads(config.hidden_size, "vision");
  const int positions = shapes.size(prefix + "embeddings.position_embedding", 3, 1, kMaxVocabulary);
  int edge = 1;
  while (edge * edge < positions - 1) ++edge;
  if (edge * edge != positions - 1) {
    shapes.fail("has " + std::to_string(positions) +
                " vision positions, which is no square and one");
  }
  if (config.patch_size > kMaxPixels / edge) shapes.fail("is for images of a size no BLIP has");
  config.image_size = edge * config.patch_size;
  // The original model computes with 1e-6. transformers converted it with its own default, 1e-5,
  // which is what files with transformers' names go with.
  if (is_original) config.layer_norm_eps = 1e-6F;
  return config;
}

BlipTextConfig infer_text(const Shapes& shapes, const std::string& prefix) {
  BlipTextConfig config;
  std::string words = prefix + "embeddings.word_embeddings.weight";
  if (!shapes.has(words) && shapes.has(tied_name(words))) words = tied_name(words);
  const std::string layer = prefix + "encoder.layer.";
  config.vocab_size = shapes.size(words, 2, 0, kMaxVocabulary);
  config.hidden_size = shapes.size(words, 2, 1);
  config.max_position_embeddings =
      shapes.size(prefix + "embeddings.position_embeddings.weight", 2, 0, kMaxVocabulary);
  config.num_hidden_layers = shapes.layers(layer, ".attention.self.query.weight");
  config.intermediate_size = shapes.size(layer + "0.intermediate.dense.weight", 2, 0);
  config.num_attention_heads = shapes.heads(config.hidden_size, "text");
  // [DEC] and [ENC] are the two tokens that BLIP adds behind BERT's vocabulary.
  if (config.vocab_size < 2) shapes.fail("has a vocabulary without room for [DEC] and [ENC]");
  config.bos_token_id = config.vocab_size - 2;
  return config;
}

}  // namespace

BlipConfig infer_config(const Checkpoint& checkpoint) {
  const Shapes shapes(checkpoint);
  BlipConfig config;
  const BlipArchitecture& architecture = infer_architecture(shapes);
  config.architecture = architecture.name;
  config.vision_config = infer_vision(shapes, checkpoint.has_original_names());
  config.text_config = infer_text(shapes, architecture.text_prefix);
  config.text_config.encoder_hidden_size = config.vision_config.hidden_size;
  if (shapes.has("vision_proj.weight")) {
    config.image_text_hidden_size = shapes.size("vision_proj.weight", 2, 0);
  }
  if (shapes.has("visual_projection.weight")) {
    config.projection_dim = shapes.size("visual_projection.weight", 2, 0);
  }
  return config;
}

}  // namespace blip
