// Reasoner: whether statements about two pictures are true.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "app/images/image_batch.hpp"
#include "app/images/picture_reader.hpp"
#include "app/model_options.hpp"
#include "blip/nlvr.hpp"

namespace blip::app {

/// Immutable after construction: every member may be called from many threads at once, each with
/// its own Context. All throw blip::Error.
class Reasoner {
 public:
  explicit Reasoner(const ModelOptions& model);

  [[nodiscard]] const PictureReader& pictures() const noexcept { return pictures_; }

  /// The probability that each statement about the two pictures is true.
  [[nodiscard]] std::vector<float> judge(const PreparedImage& left, const PreparedImage& right,
                                         std::span<const std::string> statements,
                                         Context& context) const;

 private:
  PictureReader pictures_;
  std::shared_ptr<const Tokenizer> tokenizer_;
  BlipForNLVR model_;
};

}  // namespace blip::app
