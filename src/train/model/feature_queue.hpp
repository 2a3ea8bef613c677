// FeatureQueue: the momentum features of the last batches, which contrastive learning compares
// with.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <string>

#include "train/model/parameters.hpp"

namespace blip::train {

struct FeatureQueue {
  torch::Tensor image;     ///< [D, Q], columns of unit length
  torch::Tensor text;      ///< [D, Q]
  torch::Tensor image_id;  ///< [1, Q] int64, -100: nothing yet; undefined in pre-training
  torch::Tensor pointer;   ///< [1] int64 on the CPU: the column that is written next

  [[nodiscard]] std::int64_t size() const { return image.size(1); }

  /// Writes N columns where the pointer is and moves it on, round the end. image_features,
  /// text_features: [N, D]; ids: [N], where the queue has them. Throws invalid_argument if Q is no
  /// multiple of N or the pointer none, since the columns would not fit.
  void enqueue(const torch::Tensor& image_features, const torch::Tensor& text_features,
               const torch::Tensor& ids = {}) const;
};

/// "image_queue", "text_queue" and "queue_ptr", or with ids "idx_queue" and "ptr_queue", as the
/// original calls them. Because the pointers' names differ, fine-tuning starts at column 0 of a
/// queue from pre-training.
FeatureQueue add_feature_queue(Parameters& parameters, std::int64_t features, std::int64_t size,
                               bool with_ids);

/// Puts the pointers of a model's queues to column 0: one that steps of other batches left need be
/// no multiple of ours, and where writing begins does not matter, since all of a queue is old.
void rewind_queues(Parameters& parameters);

}  // namespace blip::train
