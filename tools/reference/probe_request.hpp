// What the probes of whole models have in common: reading a request, writing tensors.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "blip/blip.hpp"

namespace blip::probe {

nlohmann::json read_request(const std::string& path);

/// float32 as they lie in memory.
void write_floats(const std::string& path, const std::vector<float>& values);

/// "f32", "f16", "bf16"; anything else is "stored".
WeightType weight_type(const std::string& name);

/// The processor of a model directory, for images of `image_size` pixels unless that is 0.
BlipProcessor processor_of(const std::string& model, int image_size);

std::vector<Image> open_images(const nlohmann::json& paths);

/// all: [images, …] → rows `indices` of it
Tensor select(const Tensor& all, const std::vector<std::size_t>& indices);

/// Runs `probe` on the request that the command line names, and makes of exceptions a line on
/// standard error. Returns the exit code.
int run_probe(int argc, char** argv, const char* name, void (*probe)(const nlohmann::json&));

}  // namespace blip::probe
