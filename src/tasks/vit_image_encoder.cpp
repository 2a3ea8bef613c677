// ViT, DeiT and DINOv2 under `embed`: a dual encoder that reads images alone.
#include <string>
#include <utility>

#include "architectures/vit/family.hpp"
#include "blip/error.hpp"
#include "blip/vit.hpp"
#include "tasks/dual_encoder.hpp"
#include "tasks/embedding.hpp"

namespace blip {
namespace {

class VitImageEncoder final : public DualEncoder {
 public:
  VitImageEncoder(const char* architecture, ViTModel model)
      : architecture_(architecture), model_(std::move(model)) {}

  [[nodiscard]] std::string_view architecture() const noexcept override { return architecture_; }

  [[nodiscard]] std::vector<EncodedImage> encode_images(TensorView pixel_values,
                                                        Context& context) const override {
    return model_.encode_images(pixel_values, context);
  }
  // What is trained: the pooler's output where there is one, else the class token.
  [[nodiscard]] Tensor embed_images(std::span<const EncodedImage> images,
                                    Context& context) const override {
    Tensor embeddings = model_.has_pooler_output() ? model_.pooler_output(images, context)
                                                   : model_.class_token(images);
    normalize_rows(embeddings);
    return embeddings;
  }

 private:
  const char* architecture_;
  ViTModel model_;
};

}  // namespace

std::shared_ptr<const DualEncoder> open_vit_image_encoder(
    const std::filesystem::path& model, std::shared_ptr<const Tokenizer> /*tokenizer*/,
    const LoadOptions& options, MatchingHead /*matching_head*/) {
  return std::make_shared<const VitImageEncoder>(kVitFamily.architecture_of(model).name,
                                                 ViTModel::from_pretrained(model, options));
}

}  // namespace blip
