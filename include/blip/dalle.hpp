// DalleModel: DALL-E mini and mega, pictures from words.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "blip/context.hpp"
#include "blip/export.hpp"
#include "blip/image.hpp"
#include "blip/load_options.hpp"
#include "blip/tensor.hpp"
#include "blip/tokenizer.hpp"

namespace blip {

/// `vqgan_config` of config.json. Defaults are those of vqgan_imagenet_f16_16384, by its names.
struct VqganConfig {
  int ch = 128;
  std::vector<int> ch_mult = {1, 1, 2, 2, 4};  ///< from the finest level to the coarsest
  int num_res_blocks = 2;
  std::vector<int> attn_resolutions = {16};
  int resolution = 256;
  int z_channels = 256;
  int embed_dim = 256;
  int n_embed = 16384;  ///< codes
  int norm_groups = 32;
  float norm_eps = 1e-5F;  ///< min-dalle's; taming's code has 1e-6

  /// Codes on a side of a picture: resolution halved once for every level but the first.
  [[nodiscard]] int grid() const noexcept {
    return resolution >> (ch_mult.empty() ? 0U : static_cast<unsigned>(ch_mult.size() - 1));
  }
};

/// config.json as a whole. Names are dalle-mini's, defaults DALL-E mini's.
struct BLIP_API DalleConfig {
  std::string architecture;  ///< architectures[0]; may be empty
  int encoder_vocab_size = 50264;
  int image_vocab_size = 16384;  ///< the tables have one row more, for the token at the start
  int max_text_length = 64;
  int image_length = 256;
  int d_model = 1024;
  int encoder_layers = 12;
  int encoder_ffn_dim = 2730;
  int encoder_attention_heads = 16;
  int decoder_layers = 12;
  int decoder_ffn_dim = 2730;
  int decoder_attention_heads = 16;
  int decoder_start_token_id = 16384;
  // What counts where DrawingOptions say nothing: DALL-E mini's, unless config.json has others.
  float guidance_scale = 16.0F;
  float temperature = 1.0F;
  int top_k = 256;
  VqganConfig vqgan_config;

  /// Reads config.json of a model directory, or tells the sizes from the tensors where there is
  /// none (min-dalle's and dalle-mini's files). Throws not_found, malformed, unsupported or
  /// limit_exceeded; the message names the file and the field.
  static DalleConfig from_pretrained(const std::filesystem::path& model);
};

struct DrawingOptions {
  /// Pictures, drawn together: each step reads the weights once.
  int num_images = 1;
  /// Picture `i` of a seed is the same whatever num_images is.
  std::uint64_t seed = 0;
  // Without a value, these are the configuration's.

  /// Below 1 plainer, above 1 wilder.
  std::optional<float> temperature = std::nullopt;
  /// The most probable codes to choose from; all that equal the last of them stay. 1 draws
  /// greedily.
  std::optional<int> top_k = std::nullopt;
  /// How far to go from what the model draws without a text to what it draws with it, and beyond
  /// (DalleConfig::guidance_scale).
  std::optional<float> supercondition_factor = std::nullopt;
  /// The token before the first code. min-dalle 0.4.11 has 16383.
  std::optional<TokenId> decoder_start_token_id = std::nullopt;
};

/// Called after every step with the codes so far: codes [num_images, image_length], of which the
/// first `done` of each are drawn and the others the last code of the book. Return false to stop.
using DrawingProgress = std::function<bool(std::size_t done, std::span<const TokenId> codes)>;

/// What is kept in memory.
enum class DalleStages {
  resident,       ///< all parts, loaded at once: for many calls
  one_at_a_time,  ///< a part is loaded when it is needed, and the text encoder freed before the
                  ///< decoder is
};

/// Weights are immutable after loading and shared between copies: every member may be called from
/// many threads at once, each with its own Context.
class BLIP_API DalleModel {
 public:
  /// `model` is a model directory, min-dalle's or dalle-mini's files in a directory, or a hub id.
  /// Throws missing_tensor or shape_mismatch naming the tensor, or whatever reading the files
  /// throws.
  static DalleModel from_pretrained(const std::filesystem::path& model,
                                    const LoadOptions& options = {},
                                    DalleStages stages = DalleStages::resident);

  /// text: token ids, of which the first max_text_length count → [2 + tokens, E], the states of the
  /// empty text (the first and the last token) and of the text. Throws invalid_argument for no
  /// tokens or an id outside the vocabulary.
  [[nodiscard]] Tensor encode_text(std::span<const TokenId> text, Context& context) const;

  /// text_states: of encode_text → codes [num_images, image_length]. Throws invalid_argument for
  /// options out of range or states of another shape, cancelled if `progress` says so.
  [[nodiscard]] std::vector<TokenId> draw_codes(TensorView text_states,
                                                const DrawingOptions& options, Context& context,
                                                const DrawingProgress& progress = {}) const;

  /// codes: [images, image_length] → [images, H, W, 3], 0 to 1 where the model meant them to be.
  /// Throws invalid_argument.
  [[nodiscard]] Tensor decode_codes(std::span<const TokenId> codes, Context& context) const;
  /// codes: [side², image_length] → [1, side H, side W, 3], one picture without seams between what
  /// each of them draws. They are laid out by columns, as in min-dalle: number i is in row i %
  /// side.
  [[nodiscard]] Tensor decode_seamless(std::span<const TokenId> codes, Context& context) const;

  [[nodiscard]] const DalleConfig& config() const noexcept;
  /// Tensors of the checkpoint that this architecture does not use, sorted by name.
  [[nodiscard]] const std::vector<std::string>& ignored_tensors() const noexcept;

 private:
  struct Model;
  explicit DalleModel(std::shared_ptr<const Model> model);
  std::shared_ptr<const Model> model_;
};

/// pictures: [N, H, W, 3] as decode_codes gives them → N pictures. What is below 0 or above 1 is
/// cut; between, a byte is the number times 255 without its fraction, as in min-dalle. Throws
/// invalid_argument for another shape, or data that it does not fit.
[[nodiscard]] BLIP_API std::vector<Image> pictures_of(const Tensor& pixels);
/// side² pictures of one size as one, laid out by columns: number i is in row i % side.
[[nodiscard]] BLIP_API Image picture_grid(std::span<const Image> pictures);

}  // namespace blip
