// DalleModel.
#include "blip/dalle.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>

#include "architectures/dalle/family.hpp"
#include "architectures/dalle/tensors.hpp"
#include "blip/error.hpp"
#include "generate/image_codes.hpp"
#include "generate/largest_logit.hpp"
#include "tasks/dalle_stages.hpp"
#include "tasks/model_weights.hpp"
#include "tasks/square_side.hpp"

namespace blip {
namespace {

// Of one call: in DALL-E mini with guidance 12 layers × 200 rows × 256 tokens × 1024 keys and as
// many values, 5 GB in float32 and half of that beside int8 weights; in mega four times as much.
constexpr int kMaxPictures = 100;
// Of a side of a seamless picture: attention there is between all its codes.
constexpr std::int64_t kMaxSeamlessSide = 8;

void require_fit(const Checkpoint& checkpoint, const DalleConfig& config) {
  const TensorDifferences differences = compare(checkpoint, dalle_tensors(config));
  if (!differences.missing.empty()) {
    throw Error(ErrorCode::missing_tensor,
                source_of(checkpoint) + ": tensor " + differences.missing.front() + " is missing");
  }
  if (!differences.unfitting.empty()) {
    throw Error(ErrorCode::shape_mismatch,
                source_of(checkpoint) + ": tensor " + differences.unfitting.front());
  }
}

// How each code is chosen.
struct Choosing {
  float temperature;
  int top_k;
  float guidance;
};

// Throws invalid_argument for options out of range.
Choosing choosing_of(const DrawingOptions& options, const DalleConfig& config) {
  const Choosing choosing = {options.temperature.value_or(config.temperature),
                             options.top_k.value_or(config.top_k),
                             options.supercondition_factor.value_or(config.guidance_scale)};
  const auto refuse = [](const std::string& problem) {
    throw Error(ErrorCode::invalid_argument, problem);
  };
  if (options.num_images < 1 || options.num_images > kMaxPictures) {
    refuse("num_images must be from 1 to " + std::to_string(kMaxPictures));
  }
  if (!(choosing.temperature > 0.0F) || !std::isfinite(choosing.temperature)) {
    refuse("temperature must be a number above 0");
  }
  if (choosing.top_k < 1) refuse("top_k must be at least 1");
  if (!std::isfinite(choosing.guidance)) {
    refuse("supercondition_factor must be a number");
  }
  if (options.decoder_start_token_id &&
      (*options.decoder_start_token_id < 0 ||
       *options.decoder_start_token_id > config.image_vocab_size)) {
    refuse("decoder_start_token_id must be from 0 to " + std::to_string(config.image_vocab_size));
  }
  return choosing;
}

// states: [2 + tokens, width]
void require_states(TensorView states, std::int64_t width) {
  const auto elements = static_cast<std::int64_t>(states.data.size());
  if (states.shape.size() == 2 && states.shape[0] >= 3 && states.shape[1] == width &&
      elements % width == 0 && elements / width == states.shape[0]) {
    return;
  }
  throw Error(ErrorCode::invalid_argument,
              "the states of a text must be [2 + tokens, " + std::to_string(width) +
                  "] with that many elements, as encode_text gives them");
}

void require_codes(std::span<const TokenId> codes, const DalleConfig& config) {
  const auto length = static_cast<std::size_t>(config.image_length);
  if (codes.empty() || codes.size() % length != 0) {
    throw Error(ErrorCode::invalid_argument, "a picture has " + std::to_string(length) +
                                                 " codes, and these are " +
                                                 std::to_string(codes.size()));
  }
  for (const TokenId code : codes) {
    if (code >= 0 && code < config.vqgan_config.n_embed) continue;
    throw Error(ErrorCode::invalid_argument, "code " + std::to_string(code) +
                                                 " is outside the book of " +
                                                 std::to_string(config.vqgan_config.n_embed));
  }
}

}  // namespace

struct DalleModel::Model {
  Model(Checkpoint checkpoint, WeightType weight_type, DalleConfig config, DalleStages stages,
        std::vector<std::string> ignored)
      : parts(std::move(checkpoint), weight_type, std::move(config), stages),
        ignored_tensors(std::move(ignored)) {}

  DalleParts parts;
  std::vector<std::string> ignored_tensors;
};

DalleModel::DalleModel(std::shared_ptr<const Model> model) : model_(std::move(model)) {}

DalleModel DalleModel::from_pretrained(const std::filesystem::path& model,
                                       const LoadOptions& options, DalleStages stages) {
  const ModelSource source =
      resolve_source(model.native(), options.adapter.native(), options.progress, options.hub);
  DalleConfig config = DalleConfig::from_pretrained(source.model);
  WeightsOpener weights(source, options);
  weights.require(kDalleModel, config.architecture);
  Checkpoint checkpoint = weights.finish().checkpoint;
  require_fit(checkpoint, config);
  std::vector<std::string> ignored = compare(checkpoint, dalle_tensors(config)).unused;
  return DalleModel(std::make_shared<const Model>(std::move(checkpoint), options.weight_type,
                                                  std::move(config), stages, std::move(ignored)));
}

const DalleConfig& DalleModel::config() const noexcept {
  return model_->parts.config();
}

const std::vector<std::string>& DalleModel::ignored_tensors() const noexcept {
  return model_->ignored_tensors;
}

Tensor DalleModel::encode_text(std::span<const TokenId> text, Context& context) const {
  if (text.empty()) throw Error(ErrorCode::invalid_argument, "the text has no tokens");
  const auto most = static_cast<std::size_t>(config().max_text_length);
  text = text.first(std::min(text.size(), most));
  for (const TokenId id : text) {
    if (id >= 0 && id < config().encoder_vocab_size) continue;
    throw Error(ErrorCode::invalid_argument, "token id " + std::to_string(id) +
                                                 " is outside the model's vocabulary of " +
                                                 std::to_string(config().encoder_vocab_size));
  }
  // Without its last token, which a text that was cut does not have, the empty one has that which
  // stands there: so does min-dalle's.
  const std::array<std::vector<TokenId>, 2> texts = {
      std::vector<TokenId>{text.front(), text.back()},
      std::vector<TokenId>(text.begin(), text.end())};
  const auto rows = static_cast<std::int64_t>(2 + text.size());
  Tensor states{{rows, config().d_model}, {}};
  states.data.resize(static_cast<std::size_t>(rows * config().d_model));
  model_->parts.encoder()->encode(texts, states.data.data(), context);
  require_finite(states.data);
  return states;
}

std::vector<TokenId> DalleModel::draw_codes(TensorView text_states, const DrawingOptions& options,
                                            Context& context,
                                            const DrawingProgress& progress) const {
  const Choosing choosing = choosing_of(options, config());
  require_states(text_states, config().d_model);
  const auto decoder = model_->parts.decoder();
  // Nothing of what is drawn without the text counts at a factor of 1.
  const bool guided = choosing.guidance != 1.0F;
  const std::array<std::int64_t, 2> lengths = {2, text_states.shape[0] - 2};
  const std::vector<CrossAttentionCache> caches =
      decoder->read_texts(text_states.data.data(), lengths, context);
  const auto images = static_cast<std::size_t>(options.num_images);
  DalleDecoding decoding(*decoder, std::span(caches).last(guided ? 2 : 1),
                         static_cast<std::int64_t>(images));

  const auto length = static_cast<std::size_t>(config().image_length);
  const auto vocabulary = static_cast<std::size_t>(decoder->vocabulary());
  const auto book = static_cast<std::size_t>(config().vqgan_config.n_embed);
  std::vector<TokenId> codes(images * length, static_cast<TokenId>(book) - 1);
  std::vector<TokenId> previous(
      images, options.decoder_start_token_id.value_or(config().decoder_start_token_id));
  std::vector<float> scores(book);
  CodeSampler sampler({.top_k = choosing.top_k, .temperature = choosing.temperature});
  for (std::size_t step = 0; step < length; ++step) {
    const std::span<const float> logits = decoding.step(previous, context);
    for (std::size_t image = 0; image < images; ++image) {
      const auto row = logits.subspan(image * vocabulary, book);
      if (guided) {
        supercondition(row, logits.subspan((images + image) * vocabulary, book), choosing.guidance,
                       scores);
      } else {
        std::ranges::copy(row, scores.begin());
      }
      const RandomStream random = {
          .seed = options.seed, .image = image, .step = static_cast<std::uint32_t>(step)};
      previous[image] = codes[image * length + step] = sampler.choose(scores, random);
    }
    if (progress && !progress(step + 1, codes)) {
      throw Error(ErrorCode::cancelled, "drawing was stopped");
    }
  }
  return codes;
}

Tensor DalleModel::decode_codes(std::span<const TokenId> codes, Context& context) const {
  require_codes(codes, config());
  const auto detokenizer = model_->parts.detokenizer();
  const std::int64_t grid = config().vqgan_config.grid();
  const std::int64_t side = config().vqgan_config.resolution;
  const auto length = static_cast<std::size_t>(config().image_length);
  const std::size_t images = codes.size() / length;
  Tensor pixels{{static_cast<std::int64_t>(images), side, side, 3}, {}};
  const auto size = static_cast<std::size_t>(side * side * 3);
  pixels.data.resize(images * size);
  for (std::size_t image = 0; image < images; ++image) {
    detokenizer->decode(codes.subspan(image * length, length), grid, grid,
                        pixels.data.data() + image * size, context);
  }
  require_finite(pixels.data);
  return pixels;
}

Tensor DalleModel::decode_seamless(std::span<const TokenId> codes, Context& context) const {
  require_codes(codes, config());
  const std::int64_t grid = config().vqgan_config.grid();
  const std::int64_t side = side_of(codes.size() / static_cast<std::size_t>(config().image_length));
  if (side > kMaxSeamlessSide) {
    throw Error(ErrorCode::limit_exceeded, "a seamless picture has at most " +
                                               std::to_string(kMaxSeamlessSide) +
                                               " pictures on a side");
  }
  const std::int64_t width = side * grid;
  std::vector<TokenId> laid(codes.size());
  for (std::int64_t i = 0; i < std::ssize(codes); ++i) {
    const std::int64_t picture = i / (grid * grid);
    const std::int64_t place = i % (grid * grid);
    const std::int64_t row = picture % side * grid + place / grid;
    const std::int64_t column = picture / side * grid + place % grid;
    laid[static_cast<std::size_t>(row * width + column)] = codes[static_cast<std::size_t>(i)];
  }
  const auto detokenizer = model_->parts.detokenizer();
  const std::int64_t pixels_wide = width * detokenizer->pixels_of_code();
  Tensor pixels{{1, pixels_wide, pixels_wide, 3}, {}};
  pixels.data.resize(static_cast<std::size_t>(pixels_wide * pixels_wide * 3));
  detokenizer->decode(laid, width, width, pixels.data.data(), context);
  require_finite(pixels.data);
  return pixels;
}

}  // namespace blip
