// Matching, embeddings and classes.
#include <algorithm>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "app/embedder.hpp"
#include "app/scored_label.hpp"
#include "boundary.hpp"
#include "handles.hpp"
#include "tasks/embedding.hpp"

namespace blip::c {
namespace {

const DualEncoder& encoder_of(const OpenModel& model) {
  if (model.encoder == nullptr) {
    throw Error(ErrorCode::unsupported, "a " + model.architecture + " embeds nothing");
  }
  return *model.encoder;
}

std::vector<std::vector<TokenId>> tokens_of(const DualEncoder& encoder, const char* const* texts,
                                            size_t num_texts) {
  if (num_texts > 0) required(texts, "texts");
  std::vector<std::vector<TokenId>> tokens;
  tokens.reserve(num_texts);
  for (size_t i = 0; i < num_texts; ++i) {
    tokens.push_back(encoder.tokens(required_text(texts[i], "a text"), TextStyle::hf));
  }
  return tokens;
}

}  // namespace
}  // namespace blip::c

using blip::c::guarded;
using blip::c::required;

blip_status blip_match(const blip_model* model, const blip_encoded_image* image,
                       const char* const* texts, size_t num_texts, blip_context* context,
                       blip_match_result* results, blip_error** error) {
  return guarded(error, [&] {
    const blip::DualEncoder& encoder = blip::c::encoder_of(*required(model, "model").model);
    const blip::EncodedImage& encoded = blip::c::encoded_by_tower(model, image);
    blip::Context& running = required(context, "context").context;
    const auto tokens = blip::c::tokens_of(encoder, texts, num_texts);
    if (tokens.empty()) return;
    required(results, "results");
    const blip::Tensor image_embedding = encoder.embed_images(std::span(&encoded, 1), running);
    const blip::Tensor text_embeddings =
        blip::app::embed_texts(encoder, tokens, blip::TextStyle::hf, running);
    std::vector<blip::Matching> matchings;
    if (encoder.has_matching_head()) {
      matchings = encoder.match(encoded, tokens, blip::TextStyle::hf, running);
    }
    for (size_t i = 0; i < num_texts; ++i) {
      results[i] = {.itm = matchings.empty() ? std::numeric_limits<float>::quiet_NaN()
                                             : matchings[i].probability,
                    .itc = blip::dot(image_embedding.data, blip::row_of(text_embeddings, i))};
    }
  });
}

blip_status blip_embed_image(const blip_model* model, const blip_encoded_image* image,
                             blip_context* context, float* embedding, blip_error** error) {
  return guarded(error, [&] {
    const blip::DualEncoder& encoder = blip::c::encoder_of(*required(model, "model").model);
    const blip::Tensor result =
        encoder.embed_images(std::span(&blip::c::encoded_by_tower(model, image), 1),
                             required(context, "context").context);
    std::ranges::copy(result.data, &required(embedding, "embedding"));
  });
}

blip_status blip_embed_texts(const blip_model* model, const char* const* texts, size_t num_texts,
                             blip_context* context, float* embeddings, blip_error** error) {
  return guarded(error, [&] {
    const blip::DualEncoder& encoder = blip::c::encoder_of(*required(model, "model").model);
    blip::Context& running = required(context, "context").context;
    const auto tokens = blip::c::tokens_of(encoder, texts, num_texts);
    if (tokens.empty()) return;
    const blip::Tensor result =
        blip::app::embed_texts(encoder, tokens, blip::TextStyle::hf, running);
    std::ranges::copy(result.data, &required(embeddings, "embeddings"));
  });
}

blip_status blip_classify(const blip_model* model, const blip_encoded_image* image,
                          blip_context* context, float* scores, blip_error** error) {
  return guarded(error, [&] {
    const blip::c::OpenModel& open = *required(model, "model").model;
    if (open.classifier == nullptr) {
      throw blip::Error(blip::ErrorCode::unsupported,
                        "a " + open.architecture + " tells no classes");
    }
    const blip::Tensor& pixels = blip::c::encoded_by(model, image).pixel_values;
    const blip::Tensor logits =
        open.classifier->logits(pixels, required(context, "context").context);
    std::ranges::copy(blip::app::scores_of(logits.data, open.classifier->scores()),
                      &required(scores, "scores"));
  });
}
