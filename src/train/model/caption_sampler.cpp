#include "train/model/caption_sampler.hpp"

#include <string>
#include <utility>

#include "blip/error.hpp"

namespace blip::train {
namespace {

// What a layer has looked at: keys and values of the tokens so far and of the pictures.
struct LayerMemory {
  torch::Tensor keys;          // [A, T, H], of which the first so many are there
  torch::Tensor values;        // [A, T, H]
  torch::Tensor image_keys;    // [B, N, H]
  torch::Tensor image_values;  // [B, N, H]
};

class StepDecoder {
 public:
  StepDecoder(const TextTransformer& decoder, const torch::Tensor& image_states,
              std::int64_t samples, std::int64_t max_tokens)
      : decoder_(decoder), pictures_(image_states.size(0)), samples_(samples) {
    for (const TextLayer& layer : decoder.layers) {
      const AttentionWeights& cross = layer.crossattention.front();
      LayerMemory memory;
      memory.image_keys = linear(cross.key, image_states);
      memory.image_values = linear(cross.value, image_states);
      memory.keys = torch::empty({pictures_ * samples_, max_tokens, decoder.config.hidden_size},
                                 memory.image_keys.options());
      memory.values = torch::empty_like(memory.keys);
      memories_.push_back(std::move(memory));
    }
  }

  // ids: [A], at `place` → states [A, H]
  torch::Tensor step(const torch::Tensor& ids, std::int64_t place) {
    torch::Tensor x =
        layer_norm(decoder_.embedding_norm, torch::embedding(decoder_.word_embedding, ids) +
                                                decoder_.position_embedding[place]);
    for (std::size_t i = 0; i < memories_.size(); ++i) {
      const TextLayer& layer = decoder_.layers[i];
      x = layer_norm(layer.attention_norm, x + look_back(layer, memories_[i], x, place));
      x = layer_norm(layer.crossattention_norm, x + look_at_pictures(layer, memories_[i], x));
      x = layer_norm(layer.output_norm,
                     x + linear(layer.output, torch::gelu(linear(layer.intermediate, x))));
    }
    return x;
  }

 private:
  [[nodiscard]] std::int64_t heads() const { return decoder_.config.num_attention_heads; }

  // x: [A, H] → [A, H]
  [[nodiscard]] torch::Tensor look_back(const TextLayer& layer, const LayerMemory& memory,
                                        const torch::Tensor& x, std::int64_t place) const {
    const AttentionWeights& weights = layer.attention;
    memory.keys.select(1, place).copy_(linear(weights.key, x));
    memory.values.select(1, place).copy_(linear(weights.value, x));
    const torch::Tensor query = linear(weights.query, x).to(memory.keys.dtype()).unsqueeze(1);
    const torch::Tensor read =
        attention(query, memory.keys.slice(1, 0, place + 1), memory.values.slice(1, 0, place + 1),
                  {}, heads(), /*dropout=*/0.0);
    return linear(weights.output, read.squeeze(1));
  }

  // The captions of a picture are as many queries to it. x: [A, H] → [A, H]
  [[nodiscard]] torch::Tensor look_at_pictures(const TextLayer& layer, const LayerMemory& memory,
                                               const torch::Tensor& x) const {
    const AttentionWeights& weights = layer.crossattention.front();
    const torch::Tensor query = linear(weights.query, x).to(memory.image_keys.dtype());
    const torch::Tensor read = attention(query.view({pictures_, samples_, -1}), memory.image_keys,
                                         memory.image_values, {}, heads(), /*dropout=*/0.0);
    return linear(weights.output, read.view({pictures_ * samples_, -1}));
  }

  const TextTransformer& decoder_;
  std::int64_t pictures_;
  std::int64_t samples_;
  std::vector<LayerMemory> memories_;
};

// The first token at which the summed probabilities reach a number drawn between 0 and their sum.
// logits: [A, V] → [A] int64
torch::Tensor draw(const torch::Tensor& logits, const torch::Generator& generator) {
  const torch::Tensor sums = torch::softmax(logits.to(torch::kFloat32), -1).cumsum(-1);
  const torch::Tensor drawn =
      torch::rand({logits.size(0), 1}, generator, torch::kFloat32).to(logits.device()) *
      sums.slice(1, sums.size(1) - 1);
  return torch::searchsorted(sums, drawn, /*out_int32=*/false, /*right=*/true)
      .squeeze(1)
      .clamp_max(logits.size(1) - 1);
}

}  // namespace

TextBatch draw_captions(const TextTransformer& decoder, const LanguageModelHead& head,
                        const torch::Tensor& image_states, const std::vector<std::int64_t>& prompt,
                        const CaptionSamplerOptions& options, torch::Generator generator) {
  const auto given = static_cast<std::int64_t>(prompt.size());
  if (given == 0 || given >= options.max_tokens ||
      options.max_tokens > decoder.position_embedding.size(0)) {
    throw Error(ErrorCode::invalid_argument,
                "captions of at most " + std::to_string(options.max_tokens) +
                    " tokens cannot be drawn behind a prompt of " + std::to_string(given) +
                    " by a decoder of " + std::to_string(decoder.position_embedding.size(0)) +
                    " positions");
  }
  const torch::NoGradGuard no_grad;
  const std::int64_t rows = image_states.size(0) * options.samples;
  const auto integers = torch::dtype(torch::kInt64).device(image_states.device());
  torch::Tensor ids = torch::full({rows, options.max_tokens}, options.pad_token, integers);
  torch::Tensor mask = torch::zeros({rows, options.max_tokens}, integers);
  torch::Tensor goes_on = torch::ones({rows}, integers);  // 1 until a row has its last token
  StepDecoder steps(decoder, image_states, options.samples, options.max_tokens);
  std::int64_t length = 0;
  torch::Tensor token;  // [A]
  while (length < options.max_tokens) {
    if (length < given) {
      token = torch::full({rows}, prompt[static_cast<std::size_t>(length)], integers);
    } else if (goes_on.sum().item<std::int64_t>() == 0) {
      break;
    }
    ids.select(1, length).copy_(
        torch::where(goes_on.eq(1), token, torch::full_like(token, options.pad_token)));
    mask.select(1, length).copy_(goes_on);
    if (length >= given) goes_on = goes_on * token.ne(options.end_token).to(torch::kInt64);
    ++length;
    if (length == options.max_tokens) break;
    const torch::Tensor states = steps.step(token, length - 1);
    if (length < given) continue;  // the next token is given, too
    const torch::Tensor logits = head.logits(states);
    token = options.is_greedy ? logits.argmax(-1) : draw(logits, generator);
  }
  return {ids.slice(1, 0, length), mask.slice(1, 0, length)};
}

}  // namespace blip::train
