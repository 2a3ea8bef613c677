// Trains a few steps, as parity_train.py asks.
//
//   probe_train CASE.json OUT
//
// CASE: what training_oracle.py makes, or clip_training.py (task "clip": one step, without
// numbers). OUT/steps.safetensors: "STEP.losses.NAME", "STEP.gradients.NAME" and "STEP.state.NAME",
// the state as it is after the step. With "fused_attention": false in CASE, torch 2 computes
// attention as the oracle does, from an array of all scores.
#include <torch/version.h>

#include <exception>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "../../tests/train/objectives/clip_case.hpp"
#include "../../tests/train/objectives/training_case.hpp"
#include "train/run/tensor_file.hpp"

namespace {

// The fused kernels' gradients round otherwise: docs/training-objectives.md, "How it is checked".
void use_plain_attention() {
#if TORCH_VERSION_MAJOR >= 2
  at::globalContext().setSDPUseFlash(false);
  at::globalContext().setSDPUseMemEfficient(false);
#endif
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: probe_train CASE.json OUT\n";
    return 2;
  }
  try {
    std::ifstream file(argv[1]);
    const nlohmann::json training_case = nlohmann::json::parse(file);
    if (!training_case.value("fused_attention", true)) use_plain_attention();
    blip::train::NamedTensors out;
    if (training_case.value("task", "") == "clip") {
      const blip::train::ClipStep step = blip::train::run_clip_case(training_case);
      for (const auto& [name, loss] : step.losses) out.emplace_back("losses." + name, loss);
      for (const auto& [name, tensor] : step.gradients) {
        out.emplace_back("gradients." + name, tensor);
      }
      blip::train::replace_tensor_file(std::string(argv[2]) + "/steps.safetensors", out);
      return 0;
    }
    const auto steps = blip::train::run_training_case(training_case);
    for (std::size_t i = 0; i < steps.size(); ++i) {
      const std::string number = std::to_string(i);
      const auto add = [&](const std::string& kind, const blip::train::NamedTensors& tensors) {
        for (const auto& [name, tensor] : tensors) {
          out.emplace_back(number + "." + kind + "." + name, tensor);
        }
      };
      add("losses", steps[i].losses);
      add("gradients", steps[i].gradients);
      add("state", steps[i].state);
    }
    blip::train::replace_tensor_file(std::string(argv[2]) + "/steps.safetensors", out);
  } catch (const std::exception& error) {
    std::cerr << "probe_train: " << error.what() << '\n';
    return 1;
  }
  return 0;
}
