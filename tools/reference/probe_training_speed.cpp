// Takes a training step for every line it reads, and answers how many seconds it took, for
// training_speed.py.
//
//   probe_training_speed CASE.json THREADS
//
// CASE: {"task": "captioning" or "pretraining", "config", "queue_size", "batch", "length"}.
#include <chrono>
#include <exception>
#include <fstream>
#include <functional>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "architectures/blip/config_text.hpp"
#include "train/objectives/training_losses.hpp"
#include "train/optimizer/adamw.hpp"

namespace {

using namespace blip::train;
using nlohmann::json;

// Whole steps: losses, backward, AdamW.
void take_steps(Parameters& parameters, const std::function<torch::Tensor()>& loss) {
  AdamW optimizer(parameters.trained(), {});
  for (std::string line; std::getline(std::cin, line);) {
    const auto start = std::chrono::steady_clock::now();
    loss().backward();
    optimizer.step(1e-5);
    parameters.zero_grad();
    const auto end = std::chrono::steady_clock::now();
    std::cout << std::chrono::duration<double>(end - start).count() << std::endl;
  }
}

void run(const json& given) {
  const blip::BlipConfig config = blip::parse_config(given.at("config").dump(), "the case");
  const std::int64_t batch = given.at("batch");
  const std::int64_t length = given.at("length");
  const std::int64_t size = config.vision_config.image_size;
  ModelOptions options;
  options.text_dropout = 0.0;
  options.queue_size = given.at("queue_size");
  const torch::Generator generator = at::detail::createCPUGenerator(1);
  const torch::Tensor images = torch::rand({batch, 3, size, size}, generator, torch::kFloat32);
  const TextBatch texts = {torch::randint(5, config.text_config.vocab_size - 2, {batch, length},
                                          generator, torch::kInt64),
                           torch::ones({batch, length}, torch::kInt64)};
  if (given.at("task") == "captioning") {
    CaptioningModel model = make_captioning_model(config, options);
    model.parameters.initialise(generator);
    take_steps(model.parameters, [&] { return captioning_loss(model, {images, texts, 1}); });
  } else {
    PretrainingModel model = make_pretraining_model(config, options);
    model.parameters.initialise(generator);
    copy_to_momentum(model.momentum_pairs);
    const NegativeSampler sampler = sample_with(generator);
    take_steps(model.parameters, [&] {
      return pretraining_losses(model, {images, texts}, 0.4, sampler, single_process()).total;
    });
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: probe_training_speed CASE.json THREADS\n";
    return 2;
  }
  try {
    torch::set_num_threads(std::stoi(argv[2]));
    std::ifstream file(argv[1]);
    run(json::parse(file));
  } catch (const std::exception& error) {
    std::cerr << "probe_training_speed: " << error.what() << '\n';
    return 1;
  }
  return 0;
}
