// Trains a few steps, as parity_train.py asks.
//
//   probe_train CASE.json OUT
//
// CASE: what training_oracle.py makes. OUT/steps.safetensors: "STEP.losses.NAME",
// "STEP.gradients.NAME" and "STEP.state.NAME", the state as it is after the step.
#include <exception>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "../../tests/train/objectives/training_case.hpp"
#include "train/run/tensor_file.hpp"

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: probe_train CASE.json OUT\n";
    return 2;
  }
  try {
    std::ifstream file(argv[1]);
    const auto steps = blip::train::run_training_case(nlohmann::json::parse(file));
    blip::train::NamedTensors out;
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
