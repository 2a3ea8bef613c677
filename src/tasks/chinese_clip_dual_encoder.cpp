// Chinese-CLIP as a dual encoder.
#include <utility>

#include "architectures/chinese_clip/family.hpp"
#include "blip/chinese_clip.hpp"
#include "tasks/whole_clip.hpp"

namespace blip {

std::shared_ptr<const DualEncoder> open_chinese_clip_dual_encoder(
    const std::filesystem::path& model, std::shared_ptr<const Tokenizer> tokenizer,
    const LoadOptions& options, MatchingHead /*matching_head*/) {
  return whole_clip(kChineseCLIPModel, std::move(tokenizer),
                    ChineseCLIPModel::from_pretrained(model, options));
}

}  // namespace blip
