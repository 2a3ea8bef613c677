#include "train/run/random_state.hpp"

#include <ATen/CPUGeneratorImpl.h>
#include <torch/torch.h>

#include <algorithm>
#include <mutex>
#include <string>

#include "blip/error.hpp"

namespace blip::train {
namespace {

std::string state_name(int rank, const char* device) {
  std::string digits = std::to_string(rank);
  digits.insert(0, 5 - std::min<std::size_t>(digits.size(), 5), '0');
  return "rank" + digits + "." + device;
}

torch::Generator default_generator(const torch::Device& device) {
  return at::globalContext().defaultGenerator(device);
}

torch::Tensor state_of(const torch::Device& device) {
  torch::Generator generator = default_generator(device);
  const std::lock_guard lock(generator.mutex());
  return generator.get_state();
}

void set_state(const torch::Device& device, const torch::Tensor& state, const std::string& what) {
  torch::Generator generator = default_generator(device);
  const std::lock_guard lock(generator.mutex());
  if (state.scalar_type() != torch::kUInt8 || state.dim() != 1 ||
      state.sizes() != generator.get_state().sizes()) {
    throw Error(ErrorCode::malformed, what + ": the state of a random number generator is not one");
  }
  try {
    generator.set_state(state);
  } catch (const c10::Error&) {
    throw Error(ErrorCode::malformed, what + ": the state of a random number generator is not one");
  }
}

void collect(const ProcessGroup& group, const torch::Device& device, const char* name,
             NamedTensors& states) {
  // [1, bytes] of every rank → [W, bytes]; over the device that the group talks through.
  const torch::Tensor all =
      group.all_gather(state_of(device).unsqueeze(0).to(group.device())).to(torch::kCPU);
  if (group.rank() != 0) return;
  for (int rank = 0; rank < group.size(); ++rank) {
    states.emplace_back(state_name(rank, name), all[rank].clone());
  }
}

}  // namespace

NamedTensors collect_random_states(const ProcessGroup& group, const torch::Device& device) {
  NamedTensors states;
  collect(group, torch::kCPU, "cpu", states);
  if (device.is_cuda()) collect(group, device, "cuda", states);
  return states;
}

bool restore_random_state(const NamedTensors& states, int rank, const torch::Device& device,
                          const std::string& what) {
  const torch::Tensor cpu = find_tensor(states, state_name(rank, "cpu"));
  const torch::Tensor cuda = find_tensor(states, state_name(rank, "cuda"));
  if (!cpu.defined() || (device.is_cuda() && !cuda.defined())) return false;
  set_state(torch::kCPU, cpu, what);
  if (device.is_cuda()) set_state(device, cuda, what);
  return true;
}

void seed_generators(std::uint64_t seed, int rank) {
  torch::manual_seed(seed + static_cast<std::uint64_t>(rank));
}

}  // namespace blip::train
