// EvaluationData: the validation data, a picture at a time with all that is said of it.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "blip/tensor.hpp"
#include "blip/tokenizer.hpp"
#include "dataset/annotated_pictures.hpp"
#include "dataset/dataset.hpp"
#include "train/run/training_config.hpp"

namespace blip::train {

class EvaluationData {
 public:
  /// Reads the texts of data.validation. Throws what reading throws, and invalid_argument if there
  /// is nothing.
  EvaluationData(const DataConfig& config, int image_size);

  [[nodiscard]] const std::vector<dataset::AnnotatedPicture>& pictures() const noexcept {
    return pictures_;
  }

  /// Picture `which` of `count` samples, squashed to the model's size: → [count, 3, S, S]. A
  /// picture that cannot be read is an error: the scores would be those of another set.
  [[nodiscard]] Tensor pixel_values(std::size_t first, std::size_t count,
                                    std::size_t which = 0) const;

  /// Calls `visit` with the first number and the pictures of up to `batch`, until all were
  /// seen.
  void for_each_batch(int batch,
                      const std::function<void(std::size_t first, const Tensor&)>& visit) const;

 private:
  dataset::Dataset data_;
  std::vector<dataset::AnnotatedPicture> pictures_;
  int image_size_;
  int workers_;
};

/// [CLS] … [SEP] of each text, at most `max_tokens`, unpadded, as the engine takes them.
std::vector<std::vector<TokenId>> token_lists(const BertTokenizer& tokenizer,
                                              std::span<const std::string> texts, int max_tokens);

}  // namespace blip::train
