#include "train/recipes/rank_agreement.hpp"

#include <vector>

#include "blip/error.hpp"
#include "core/in_quotes.hpp"

namespace blip::train {
namespace {

// A sum of the elements' bits, each times its place: → [] int64. Overflow wraps, the same
// everywhere.
torch::Tensor checksum(const torch::Tensor& tensor) {
  const torch::Tensor bits = tensor.detach().contiguous().reshape({-1}).view(torch::kInt32);
  const torch::Tensor places =
      torch::arange(1, bits.size(0) + 1, bits.options().dtype(torch::kInt64));
  return (places * bits).sum();
}

}  // namespace

void require_agreement(const ProcessGroup& group, const NamedTensors& state) {
  if (group.size() == 1) return;
  std::vector<torch::Tensor> sums;
  for (const auto& [name, tensor] : state) sums.push_back(checksum(tensor).to(group.device()));
  const torch::Tensor all =
      group.all_gather(torch::stack(sums).unsqueeze(0)).to(torch::kCPU);  // [W, tensors]
  const torch::Tensor differs = all.ne(all[0].unsqueeze(0)).any(0);
  for (std::size_t i = 0; i < state.size(); ++i) {
    if (!differs[static_cast<std::int64_t>(i)].item<bool>()) continue;
    throw Error(ErrorCode::malformed,
                "the processes do not hold the same model any more: " + in_quotes(state[i].first) +
                    " differs; they need the same data, options and libraries");
  }
}

void require_same_start(const ProcessGroup& group, const RunPosition& position, std::size_t rows) {
  if (group.size() == 1) return;
  const torch::Tensor own = torch::tensor(
      {{position.step, position.epoch, position.step_in_epoch, static_cast<std::int64_t>(rows)}},
      torch::kInt64);
  const torch::Tensor all = group.all_gather(own.to(group.device())).to(torch::kCPU);  // [W, 4]
  const auto text = [&](std::int64_t rank) {
    return "step " + std::to_string(all[rank][0].item<std::int64_t>()) + " with " +
           std::to_string(all[rank][3].item<std::int64_t>()) + " rows of data";
  };
  for (std::int64_t rank = 1; rank < group.size(); ++rank) {
    if (all[rank].equal(all[0])) continue;
    throw Error(ErrorCode::invalid_argument,
                "process " + std::to_string(rank) + " would begin at " + text(rank) +
                    ", process 0 at " + text(0) +
                    ": all need the same data, and a run.directory that they share");
  }
}

}  // namespace blip::train
