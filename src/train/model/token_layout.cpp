#include "train/model/token_layout.hpp"

namespace blip::train {

TokenLayout TokenLayout::by_text(const torch::Tensor& mask) {
  const torch::Tensor places = mask.flatten().nonzero().flatten();
  return {mask.size(0), mask.size(1), places.size(0) < mask.numel() ? places : torch::Tensor()};
}

TokenLayout TokenLayout::by_picture(const torch::Tensor& mask, const torch::Tensor& counts) {
  if (!counts.defined()) return by_text(mask);
  const std::int64_t pictures = counts.size(0);
  const torch::Tensor picture_of_text =
      torch::arange(pictures, counts.options()).repeat_interleave(counts);   // [A]
  const torch::Tensor lengths = mask.sum(1);                                 // [A]
  const torch::Tensor picture = picture_of_text.repeat_interleave(lengths);  // [M]
  const torch::Tensor tokens = torch::bincount(picture, {}, pictures);       // [B]
  const torch::Tensor starts = tokens.cumsum(0) - tokens;                    // [B]
  const auto length = tokens.max().item<std::int64_t>();
  const torch::Tensor place =
      torch::arange(picture.size(0), picture.options()) - starts.index_select(0, picture);
  return {pictures, length, picture * length + place};
}

torch::Tensor TokenLayout::list(const torch::Tensor& rows) const {
  const torch::Tensor flat = rows.flatten(0, 1);
  return places_.defined() ? flat.index_select(0, places_) : flat;
}

torch::Tensor TokenLayout::rows(const torch::Tensor& tokens) const {
  const std::int64_t width = tokens.size(1);
  if (!places_.defined()) return tokens.view({rows_, length_, width});
  return torch::zeros({rows_ * length_, width}, tokens.options())
      .index_copy(0, places_, tokens)
      .view({rows_, length_, width});
}

}  // namespace blip::train
