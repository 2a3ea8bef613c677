#include "filled_model.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <string_view>

#include "architectures/registry.hpp"
#include "checkpoint/safetensors_writer.hpp"

namespace blip {
namespace {

std::uint32_t crc32(std::string_view text) {
  std::uint32_t crc = 0xFFFFFFFFU;
  for (const char c : text) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? 0xEDB88320U : 0U);
  }
  return ~crc;
}

// Murmur's finaliser.
std::uint32_t finalised(std::uint32_t x) {
  x ^= x >> 16U;
  x *= 0x85EBCA6BU;
  x ^= x >> 13U;
  x *= 0xC2B2AE35U;
  return x ^ (x >> 16U);
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

// What a value v becomes: offset + scale · v
struct Scale {
  float offset = 0.0F;
  float factor = 1.0F;
};

Scale scale_of(const ExpectedTensor& tensor, std::size_t count) {
  constexpr std::array<std::string_view, 6> kNorms = {"norm", "layrnorm", "ln0",
                                                      "ln1",  "final_ln", "ln_"};
  const std::string name = lower(tensor.name);
  const auto has = [&](std::string_view part) { return name.find(part) != std::string::npos; };
  const std::size_t rank = tensor.shape.size();
  if (has("logit_")) return {2.6592F, 0.0F};
  if (rank == 1 && name.ends_with("weight") && std::ranges::any_of(kNorms, has))
    return {1.0F, 0.1F};
  if (has("lambda1")) return {0.5F, 0.25F};
  if (rank == 1 && name.ends_with("bias")) return {0.0F, 0.1F};
  const bool embeds = has("embedding") || (has("token") && !has("proj")) || has("position");
  if ((embeds || rank == 1) && !(has("patch") && rank == 4)) return {0.0F, 0.5F};
  const double inputs = static_cast<double>(count) / static_cast<double>(tensor.shape.front());
  return {0.0F, static_cast<float>(std::sqrt(3.0 / inputs))};
}

}  // namespace

std::vector<float> filled_values(const std::string& name, std::size_t count) {
  const std::uint32_t start = crc32(name);
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i) {
    const double unit = finalised(start + static_cast<std::uint32_t>(i)) / 4294967296.0;
    values[i] = static_cast<float>(2.0 * (unit - 0.5));
  }
  return values;
}

Tensor filled_tensor(const std::string& name, std::vector<std::int64_t> shape) {
  std::size_t count = 1;
  for (const std::int64_t size : shape) count *= static_cast<std::size_t>(size);
  return {std::move(shape), filled_values(name, count)};
}

std::string filled_file(const std::vector<ExpectedTensor>& tensors) {
  std::vector<SafetensorsPlace> places;
  std::string data;
  for (const ExpectedTensor& tensor : tensors) {
    places.push_back({tensor.name, DType::f32, tensor.shape});
    std::size_t count = 1;
    for (const std::int64_t size : tensor.shape) count *= static_cast<std::size_t>(size);
    const Scale scale = scale_of(tensor, count);
    std::vector<float> values = filled_values(tensor.name, count);
    for (float& value : values) value = scale.offset + scale.factor * value;
    data.append(reinterpret_cast<const char*>(values.data()), count * sizeof(float));
  }
  return safetensors_header(places) + data;
}

FilledModel::FilledModel(const std::string& name, const std::string& file)
    : FilledModel(FilledGolden{read_golden(file).at(name)}) {}

FilledModel::FilledModel(FilledGolden golden) : golden_(std::move(golden.value)) {
  directory_.write("config.json", golden_.at("config").dump());
  std::vector<ExpectedTensor> tensors;
  if (golden_.contains("tensors")) {
    for (const auto& [tensor, shape] : golden_.at("tensors").items()) {
      tensors.push_back({.name = tensor, .shape = shape, .stand_in = {}});
    }
  } else {
    tensors = family_of(path()).expected_tensors(path());
  }
  directory_.write("model.safetensors", filled_file(tensors));
}

void expect_rows(const Tensor& tensor, const nlohmann::json& rows, double tolerance,
                 const std::string& what) {
  const std::size_t size = tensor.data.size() / rows.size();
  const std::size_t step = tensor.shape.size() == 3 ? 5 : 1;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    std::vector<float> kept;
    for (std::size_t i = 0; i < size; i += step) kept.push_back(tensor.data[row * size + i]);
    expect_values(kept, rows[row], tolerance, what + ", row " + std::to_string(row));
  }
}

}  // namespace blip
