#include "train/run/process_group.hpp"

#include <torch/torch.h>

#include <utility>

#include "blip/error.hpp"
#include "train/run/communicator.hpp"
#include "train/run/flat_buckets.hpp"

namespace blip::train {
namespace {

// What the backward pass needs, which may run when the caller's group is gone.
struct KeptCommunicator : torch::CustomClassHolder {
  explicit KeptCommunicator(std::shared_ptr<const Communicator> kept)
      : communicator(std::move(kept)) {}
  std::shared_ptr<const Communicator> communicator;
};

torch::Tensor gather_rows(const Communicator& communicator, const torch::Tensor& tensor) {
  return communicator.all_gather(tensor).flatten(0, 1);  // [W, B, …] → [W · B, …]
}

// Gathers in the forward pass; in the backward pass sums what all ranks send back and keeps the
// rows that came from here.
class GatherWithGradient : public torch::autograd::Function<GatherWithGradient> {
 public:
  static torch::Tensor forward(torch::autograd::AutogradContext* context,
                               const torch::Tensor& tensor,
                               const std::shared_ptr<const Communicator>& communicator, int rank) {
    context->saved_data["communicator"] =
        c10::IValue::make_capsule(c10::make_intrusive<KeptCommunicator>(communicator));
    context->saved_data["first_row"] = rank * tensor.size(0);
    context->saved_data["rows"] = tensor.size(0);
    return gather_rows(*communicator, tensor);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    const auto kept = c10::static_intrusive_pointer_cast<KeptCommunicator>(
        context->saved_data["communicator"].toCapsule());
    const torch::Tensor sum = gradients[0].clone(at::MemoryFormat::Contiguous);
    kept->communicator->all_reduce_sum(sum);
    return {sum.narrow(0, context->saved_data["first_row"].toInt(),
                       context->saved_data["rows"].toInt()),
            {},
            {}};
  }
};

}  // namespace

ProcessGroup ProcessGroup::join(const LaunchEnvironment& launch, const torch::Device& device,
                                std::chrono::milliseconds timeout) {
  ProcessGroup group;
  group.rank_ = launch.rank;
  group.size_ = launch.size;
  group.device_ = device;
  if (launch.size > 1) group.communicator_ = Communicator::connect(launch, device, timeout);
  return group;
}

void ProcessGroup::all_reduce_mean(std::span<const torch::Tensor> tensors) const {
  if (!communicator_) return;
  change_in_buckets(tensors, kBucketBytes, [this](const torch::Tensor& flat) {
    communicator_->all_reduce_sum(flat);
    flat.div_(size_);
  });
}

void ProcessGroup::average_gradients(std::span<const torch::Tensor> parameters) const {
  if (!communicator_) return;
  std::vector<std::int32_t> here;
  here.reserve(parameters.size());
  for (const torch::Tensor& parameter : parameters) here.push_back(parameter.grad().defined());
  const torch::Tensor somewhere = torch::tensor(here, torch::kInt32).to(device_);
  communicator_->all_reduce_sum(somewhere);
  const torch::Tensor counts = somewhere.to(torch::kCPU);
  std::vector<torch::Tensor> gradients;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (counts[static_cast<std::int64_t>(i)].item<std::int32_t>() == 0) continue;
    torch::Tensor parameter = parameters[i];
    if (!parameter.grad().defined()) parameter.mutable_grad() = torch::zeros_like(parameter);
    gradients.push_back(parameter.grad());
  }
  all_reduce_mean(gradients);
}

torch::Tensor ProcessGroup::all_gather(const torch::Tensor& tensor) const {
  if (!communicator_) return tensor.detach();
  return gather_rows(*communicator_, tensor.detach());
}

torch::Tensor ProcessGroup::all_gather_with_gradient(const torch::Tensor& tensor) const {
  if (!communicator_) return tensor;
  return GatherWithGradient::apply(tensor, std::shared_ptr<const Communicator>(communicator_),
                                   rank_);
}

void ProcessGroup::broadcast(std::span<const torch::Tensor> tensors) const {
  if (!communicator_) return;
  // Integers as well (queue pointers), which NCCL and Gloo take as they are.
  change_in_buckets(tensors, kBucketBytes, [this](const torch::Tensor& flat) {
    if (flat.device() == device_) {
      communicator_->broadcast(flat);
    } else {  // a pointer that stays on the CPU while the group talks over GPUs
      const torch::Tensor there = flat.to(device_);
      communicator_->broadcast(there);
      flat.copy_(there);
    }
  });
}

bool ProcessGroup::any(bool mine) const {
  if (!communicator_) return mine;
  const torch::Tensor count =
      torch::full({1}, mine ? 1 : 0, torch::TensorOptions(torch::kInt32).device(device_));
  communicator_->all_reduce_sum(count);
  return count.item<std::int32_t>() > 0;
}

void ProcessGroup::barrier() const {
  if (communicator_) communicator_->barrier();
}

torch::Device training_device(const std::string& name, int local_rank) {
  const auto gpus = static_cast<int>(torch::cuda::device_count());
  if (name == "cpu" || (name == "auto" && gpus == 0)) return torch::kCPU;
  if (gpus == 0) {
    throw Error(
        ErrorCode::invalid_argument,
        "run.device \"cuda\": this machine, or the libtorch that blip-train was built with, "
        "has no GPU");
  }
  if (local_rank >= gpus) {
    throw Error(ErrorCode::invalid_argument,
                "local rank " + std::to_string(local_rank) + " has no GPU: this machine has " +
                    std::to_string(gpus) + "; start fewer processes per machine");
  }
  return {torch::kCUDA, static_cast<torch::DeviceIndex>(local_rank)};
}

}  // namespace blip::train
