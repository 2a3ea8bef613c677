#include "train/recipes/model_inputs.hpp"

#include <algorithm>
#include <cstdint>

#include "train/data/batch_tensors.hpp"

namespace blip::train {

TextBatch texts_on(const torch::Device& device, std::span<const Example> examples,
                   const BertTokenizer& tokenizer, int max_tokens, Padding padding) {
  const TextTensors texts =
      text_tensors(examples, tokenizer, static_cast<std::size_t>(max_tokens), padding);
  return {texts.ids.to(device), texts.mask.to(device)};
}

TextBatch padded(const torch::Device& device, const std::vector<std::vector<TokenId>>& rows) {
  std::size_t longest = 0;
  for (const auto& row : rows) longest = std::max(longest, row.size());
  std::vector<std::int64_t> ids;
  std::vector<std::int64_t> mask;
  for (const auto& row : rows) {
    const std::size_t padding = longest - row.size();
    ids.insert(ids.end(), row.begin(), row.end());
    ids.insert(ids.end(), padding, row.back());
    mask.insert(mask.end(), row.size(), 1);
    mask.insert(mask.end(), padding, 0);
  }
  const auto shape = {static_cast<std::int64_t>(rows.size()), static_cast<std::int64_t>(longest)};
  return {torch::tensor(ids, torch::kInt64).view(shape).to(device),
          torch::tensor(mask, torch::kInt64).view(shape).to(device)};
}

RankGather gather_of(const ProcessGroup& group) {
  return {group.rank(), group.size(),
          [group](const torch::Tensor& rows) { return group.all_gather(rows.contiguous()); },
          [group](const torch::Tensor& rows) {
            return group.all_gather_with_gradient(rows.contiguous());
          }};
}

NegativeSampler default_sampler(const ObjectiveConfig& objective) {
  return sample_with(at::globalContext().defaultGenerator(torch::kCPU),
                     objective.negative_hardness);
}

}  // namespace blip::train
