#include "train/model/autocast.hpp"

#include <ATen/autocast_mode.h>
#include <torch/version.h>

#include "blip/error.hpp"

namespace blip::train {
namespace {

void set_autocast(torch::DeviceType device, bool enabled) {
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 4)
  at::autocast::set_autocast_dtype(device, torch::kBFloat16);
  at::autocast::set_autocast_enabled(device, enabled);
#else
  if (device == torch::kCUDA) {
    at::autocast::set_autocast_gpu_dtype(torch::kBFloat16);
    at::autocast::set_enabled(enabled);
  } else {
    at::autocast::set_autocast_cpu_dtype(torch::kBFloat16);
    at::autocast::set_cpu_enabled(enabled);
  }
#endif
}

// On the CPU, libtorch 1.13 gives some operations one argument in either type, which they refuse.
bool can_autocast(const torch::Device& device) {
  return TORCH_VERSION_MAJOR >= 2 || !device.is_cpu();
}

}  // namespace

bool is_autocast(const torch::Device& device) {
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 4)
  return at::autocast::is_autocast_enabled(device.type());
#else
  return device.is_cuda() ? at::autocast::is_enabled() : at::autocast::is_cpu_enabled();
#endif
}

Autocast::Autocast(bool enabled, const torch::Device& device)
    : enabled_(enabled), device_(device.type()) {
  if (enabled_ && !can_autocast(device)) {
    throw Error(ErrorCode::unsupported,
                "run.precision=bfloat16 on a CPU needs libtorch 2 or newer; this program "
                "has " TORCH_VERSION);
  }
  if (enabled_) set_autocast(device_, true);
}

Autocast::~Autocast() {
  if (!enabled_) return;
  set_autocast(device_, false);
  forget_rounded_weights();  // which the step will change
}

void forget_rounded_weights() {
  at::autocast::clear_cache();
}

}  // namespace blip::train
