// CapFilt on one group of images: new texts, and which texts of an image are kept.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "blip/context.hpp"
#include "blip/tensor.hpp"
#include "dataset/sample.hpp"
#include "train/capfilt/captioner.hpp"
#include "train/capfilt/decision.hpp"
#include "train/capfilt/text_filter.hpp"

namespace blip::train {

/// Images that are captioned together: always the same ones, whatever the machine, as the
/// neighbours of a row may decide the last digit of its sums, and so the next word.
inline constexpr std::size_t kGroupSize = 8;

/// The two models; without a captioner there are no synthetic texts, without a filter all texts are
/// kept that have words.
struct CapfiltModels {
  std::optional<Captioner> captioner;
  std::optional<TextFilter> filter;
};

/// An image ready for the models, or why it cannot be.
struct LoadedPicture {
  std::size_t image = 0;
  dataset::Sample sample;
  std::optional<Tensor> for_captioner;  ///< [1, 3, H, W], of each model there is
  std::optional<Tensor> for_filter;
  std::string error;
};

/// Decodes a web sample's picture for the models. Anything wrong with it is its error. Safe to call
/// from many threads at once.
LoadedPicture prepare_picture(const CapfiltModels& models, std::size_t image,
                              dataset::Sample sample);

/// A decision for each of these images, which follow one another in the data; those with an error
/// keep it. A text is kept if its score is at least `threshold`, whatever becomes of the others.
std::vector<ImageDecision> decide(const CapfiltModels& models, double threshold,
                                  std::span<const LoadedPicture> group, Context& context);

/// The decision for annotated data: all captions stay.
ImageDecision pass_on(std::size_t image, const dataset::Sample& sample);

}  // namespace blip::train
