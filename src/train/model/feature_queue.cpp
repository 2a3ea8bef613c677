#include "train/model/feature_queue.hpp"

#include "blip/error.hpp"

namespace blip::train {

void FeatureQueue::enqueue(const torch::Tensor& image_features, const torch::Tensor& text_features,
                           const torch::Tensor& ids) const {
  const torch::NoGradGuard no_grad;
  const std::int64_t count = image_features.size(0);
  const auto at = pointer.item<std::int64_t>();
  if (size() % count != 0 || at % count != 0) {
    throw Error(ErrorCode::invalid_argument,
                "a queue of " + std::to_string(size()) + " features, at place " +
                    std::to_string(at) + ", cannot take batches of " + std::to_string(count) +
                    " (all processes together): both must be multiples of the batch");
  }
  image.slice(1, at, at + count).copy_(image_features.t());
  text.slice(1, at, at + count).copy_(text_features.t());
  if (image_id.defined()) image_id.slice(1, at, at + count).copy_(ids.unsqueeze(0));
  torch::Tensor(pointer).fill_((at + count) % size());
}

FeatureQueue add_feature_queue(Parameters& parameters, std::int64_t features, std::int64_t size,
                               bool with_ids) {
  constexpr InitialValue kUnitColumns = {InitialValue::Kind::unit_columns, 0.0};
  constexpr std::int64_t kNobody = -100;
  FeatureQueue queue;
  queue.image = parameters.add("image_queue", {features, size}, Role::buffer, kUnitColumns);
  queue.text = parameters.add("text_queue", {features, size}, Role::buffer, kUnitColumns);
  if (with_ids)
    queue.image_id = parameters.add_integers("idx_queue", {1, size}, kNobody, parameters.device());
  queue.pointer =
      parameters.add_integers(with_ids ? "ptr_queue" : "queue_ptr", {1}, 0, torch::kCPU);
  return queue;
}

void rewind_queues(Parameters& parameters) {
  for (Parameter& parameter : parameters.all()) {
    if (parameter.name == "queue_ptr" || parameter.name == "ptr_queue") parameter.tensor.zero_();
  }
}

}  // namespace blip::train
