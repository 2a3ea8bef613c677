// EvaluationData: the validation data, a picture at a time with all that is said of it.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "blip/config.hpp"
#include "blip/image.hpp"
#include "blip/tensor.hpp"
#include "blip/tokenizer.hpp"
#include "dataset/annotated_pictures.hpp"
#include "dataset/dataset.hpp"
#include "train/data/row_list.hpp"
#include "train/run/training_config.hpp"

namespace blip::train {

/// What a model is given of a picture: writes [3, S, S], S = `side`. Called by several threads.
struct PicturePreparation {
  int side = 0;
  std::function<void(const Image&, float* out)> prepare;
};

/// BLIP's: squashed to the model's size and normalised as `images` says.
PicturePreparation squashed_pictures(int image_size, const BlipImageProcessorConfig& images);

class EvaluationData {
 public:
  /// Reads the texts of data.validation. Pictures without a row of this kind (list_rows) are left
  /// out. Throws what reading throws, and invalid_argument if no picture is left or one is not in
  /// its sample.
  EvaluationData(const DataConfig& config, PicturePreparation pictures, RowKind kind);

  /// Says how many pictures were left out, and why; empty if none was.
  [[nodiscard]] const std::string& note() const noexcept { return note_; }
  [[nodiscard]] const std::vector<dataset::AnnotatedPicture>& pictures() const noexcept {
    return pictures_;
  }

  /// Picture `which` of `count` samples, prepared for the model: → [count, 3, S, S]. A
  /// picture that cannot be read is an error: the scores would be those of another set.
  [[nodiscard]] Tensor pixel_values(std::size_t first, std::size_t count,
                                    std::size_t which = 0) const;

  /// Calls `visit` with the first number and the pictures of up to `batch`, until all were
  /// seen.
  void for_each_batch(int batch,
                      const std::function<void(std::size_t first, const Tensor&)>& visit) const;

 private:
  // Throws invalid_argument if the sample `number` lacks the picture.
  void require_picture(std::size_t number, const dataset::Sample& sample, std::size_t which) const;

  dataset::Dataset data_;
  std::vector<dataset::AnnotatedPicture> pictures_;
  std::string note_;
  PicturePreparation preparation_;
  int workers_;
};

/// [CLS] … [SEP] of each text, at most `max_tokens`, unpadded, as the engine takes them.
std::vector<std::vector<TokenId>> token_lists(const BertTokenizer& tokenizer,
                                              std::span<const std::string> texts, int max_tokens);

}  // namespace blip::train
