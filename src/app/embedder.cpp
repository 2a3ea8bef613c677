#include "app/embedder.hpp"

#include <algorithm>
#include <utility>

#include "blip/error.hpp"

namespace blip::app {

Tensor embed_texts(const DualEncoder& model, std::span<const Tokens> texts, TextStyle style,
                   Context& context, const Pause& pause) {
  Tensor all;
  for (std::size_t at = 0; at < texts.size(); at += kTextsTogether) {
    if (at > 0 && pause) pause();
    const auto some = texts.subspan(at, std::min(kTextsTogether, texts.size() - at));
    Tensor embeddings = model.embed_texts(some, style, context);
    if (at == 0) {
      all = std::move(embeddings);
      continue;
    }
    all.shape.front() += embeddings.shape.front();
    all.data.insert(all.data.end(), embeddings.data.begin(), embeddings.data.end());
  }
  return all;
}

Embedder::Embedder(const ModelOptions& model, TextStyle style, MatchingHead matching_head)
    : style_(style),
      pictures_(model.model, model.pictures, model.processor),
      model_(open_dual_encoder(model.model, model.load(), matching_head, model.processor)) {
  if (!model_->has_style(style)) {
    throw Error(ErrorCode::unsupported, "--style original: " + std::string(model_->architecture()) +
                                            " exists in transformers only");
  }
}

std::vector<Tokens> Embedder::tokens(std::span<const std::string> texts) const {
  std::vector<Tokens> rows;
  rows.reserve(texts.size());
  for (const std::string& text : texts) rows.push_back(model_->tokens(text, style_));
  return rows;
}

std::vector<EncodedImage> Embedder::encode(Images images, Context& context) const {
  return encode_in_runs(
      images, [&](const Tensor& pixels) { return model_->encode_images(pixels, context); });
}

Tensor Embedder::embed(std::span<const EncodedImage> images, Context& context) const {
  return model_->embed_images(images, context);
}

Tensor Embedder::embed(std::span<const Tokens> texts, Context& context, const Pause& pause) const {
  return embed_texts(*model_, texts, style_, context, pause);
}

std::vector<Matching> Embedder::match(const EncodedImage& image, std::span<const Tokens> texts,
                                      Context& context) const {
  return model_->match(image, texts, style_, context);
}

GradCam Embedder::grad_cam(const EncodedImage& image, const Tokens& text,
                           const GradCamOptions& options, Context& context) const {
  return model_->grad_cam(image, text, style_, options, context);
}

}  // namespace blip::app
