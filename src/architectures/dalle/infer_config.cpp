#include "architectures/dalle/infer_config.hpp"

#include <algorithm>
#include <string>

#include "architectures/dalle/config.hpp"
#include "architectures/tensor_sizes.hpp"

namespace blip {
namespace {

// dalle-mini's, of every size.
constexpr int kWidthOfHead = 64;
// Codes of vqgan_imagenet_f16_16384, and the token that comes before them in training, whatever the
// vocabulary was rounded up to.
constexpr int kUsualCodes = 16384;

const std::string kFirstCodeNorm = "decoder.layers.0.encoder_attn_layer_norm.weight";

VqganConfig infer_vqgan(const TensorSizes& sizes, int image_length) {
  const std::string prefix = kDalleDetokenizer;
  const std::string decoder = prefix + "decoder.";
  VqganConfig config;
  config.n_embed = sizes.size(prefix + "embedding.weight", 2, 0, kVocabularySizes.max);
  config.embed_dim = sizes.size(prefix + "embedding.weight", 2, 1);
  config.z_channels = sizes.size(prefix + "post_quant_conv.weight", 4, 0);
  config.ch = sizes.size(decoder + "norm_out.weight", 1, 0);
  config.num_res_blocks = std::max(1, sizes.layers(decoder + "up.0.block.", ".norm1.weight") - 1);
  const int levels = sizes.layers(decoder + "up.", ".block.0.norm1.weight");
  if (levels > kMaxVqganLevels) sizes.fail("has more levels than any VQGAN");
  config.ch_mult.clear();
  for (int level = 0; level < levels; ++level) {
    const std::string name = decoder + "up." + std::to_string(level) + ".block.0.norm2.weight";
    const int channels = sizes.size(name, 1, 0);
    if (channels % config.ch != 0) sizes.fail("tensor '" + name + "' is no multiple of norm_out");
    config.ch_mult.push_back(channels / config.ch);
  }
  int grid = 1;
  while (grid * grid < image_length) ++grid;
  if (grid * grid != image_length) {
    sizes.fail("its pictures have " + std::to_string(image_length) + " codes, which are no square");
  }
  config.resolution = grid << (levels - 1);
  config.attn_resolutions.clear();
  for (int level = levels - 1; level >= 0; --level) {
    if (sizes.has(decoder + "up." + std::to_string(level) + ".attn.0.norm.weight")) {
      config.attn_resolutions.push_back(config.resolution >> level);
    }
  }
  return config;
}

}  // namespace

bool is_dalle(const Checkpoint& checkpoint) {
  return checkpoint.find(kFirstCodeNorm) != nullptr &&
         checkpoint.find(std::string(kDalleEncoder) + "layers.0.glu.fc0.weight") != nullptr;
}

DalleConfig infer_dalle_config(const Checkpoint& checkpoint) {
  const TensorSizes sizes(checkpoint, "DALL-E");
  const std::string encoder = kDalleEncoder;
  const std::string decoder = kDalleDecoder;
  DalleConfig config;
  const auto vocabulary = [&](const std::string& name) {
    return sizes.size(name, 2, 0, kVocabularySizes.max);
  };
  config.encoder_vocab_size = vocabulary(encoder + "embed_tokens.weight");
  config.d_model = sizes.size(encoder + "embed_tokens.weight", 2, 1);
  config.max_text_length = sizes.size(encoder + "embed_positions.weight", 2, 0);
  config.encoder_layers = sizes.layers(encoder + "layers.", ".glu.fc0.weight");
  config.encoder_ffn_dim = sizes.size(encoder + "layers.0.glu.fc0.weight", 2, 0);
  config.image_vocab_size = vocabulary(decoder + "embed_tokens.weight") - 1;
  config.image_length = sizes.size(decoder + "embed_positions.weight", 2, 0, 4096);
  config.decoder_layers = sizes.layers(decoder + "layers.", ".glu.fc0.weight");
  config.decoder_ffn_dim = sizes.size(decoder + "layers.0.glu.fc0.weight", 2, 0);
  config.encoder_attention_heads = config.decoder_attention_heads =
      sizes.heads(config.d_model, kWidthOfHead);
  config.vqgan_config = infer_vqgan(sizes, config.image_length);
  config.decoder_start_token_id =
      config.vqgan_config.n_embed == kUsualCodes ? kUsualCodes : config.image_vocab_size;
  // Whatever a config.json may not say, tensors may not say either.
  return parse_dalle_config(dalle_config_as_json(config), source_of(checkpoint));
}

}  // namespace blip
