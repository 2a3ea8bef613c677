#include "train/model/parameters.hpp"

#include <algorithm>
#include <cmath>

#include "blip/error.hpp"
#include "core/in_quotes.hpp"

namespace blip::train {

std::string shape_text(torch::IntArrayRef shape) {
  std::string text = "[";
  for (const std::int64_t size : shape) {
    text += (text.size() > 1 ? ", " : "") + std::to_string(size);
  }
  return text + "]";
}

Parameters::Parameters(torch::Device device, torch::Dtype dtype) : device_(device), dtype_(dtype) {}

torch::Tensor Parameters::add(const std::string& name, torch::IntArrayRef shape, Role role,
                              InitialValue initial) {
  torch::Tensor tensor = torch::empty(shape, torch::dtype(dtype_).device(device_));
  tensor.set_requires_grad(role == Role::trained);
  if (!index_.emplace(name, parameters_.size()).second) {
    throw Error(ErrorCode::invalid_argument, "two parameters are called " + in_quotes(name));
  }
  parameters_.push_back({name, tensor, role, initial});
  return tensor;
}

torch::Tensor Parameters::add_integers(const std::string& name, torch::IntArrayRef shape,
                                       std::int64_t value, torch::Device device) {
  const torch::Tensor tensor =
      torch::full(shape, value, torch::dtype(torch::kInt64).device(device));
  index_.emplace(name, parameters_.size());
  parameters_.push_back(
      {name, tensor, Role::buffer, {InitialValue::Kind::constant, static_cast<double>(value)}});
  return tensor;
}

void Parameters::add_name(const std::string& name, const torch::Tensor& tensor) {
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    if (parameters_[i].tensor.is_same(tensor)) {
      index_.emplace(name, i);
      return;
    }
  }
  throw Error(ErrorCode::invalid_argument, "nothing is called " + in_quotes(name) + " yet");
}

void Parameters::initialise(Parameter& parameter, const torch::Generator& generator) {
  const torch::NoGradGuard no_grad;
  const auto [kind, value] = parameter.initial;
  torch::Tensor& tensor = parameter.tensor;
  if (kind == InitialValue::Kind::constant) {
    tensor.fill_(value);
    return;
  }
  const torch::Tensor drawn = torch::empty(tensor.sizes(), torch::kFloat32);
  switch (kind) {
    case InitialValue::Kind::normal:
      drawn.normal_(0.0, value, generator);
      break;
    case InitialValue::Kind::truncated_normal: {
      // The inverse of the normal distribution function, of a uniform draw between those of the
      // bounds; ±2 is a hundred deviations of 0.02 away, so in practice nothing is cut off.
      constexpr double kBound = 2.0;
      const double edge = std::erf(kBound / (value * std::sqrt(2.0)));
      drawn.uniform_(-edge, edge, generator).erfinv_().mul_(value * std::sqrt(2.0));
      drawn.clamp_(-kBound, kBound);
      break;
    }
    case InitialValue::Kind::uniform:
      drawn.uniform_(-value, value, generator);
      break;
    case InitialValue::Kind::unit_columns:
      drawn.normal_(0.0, 1.0, generator);
      drawn.div_(drawn.norm(2, 0, /*keepdim=*/true));
      break;
    case InitialValue::Kind::constant:
      break;
  }
  tensor.copy_(drawn);
}

void Parameters::initialise(const torch::Generator& generator) {
  for (Parameter& parameter : parameters_) initialise(parameter, generator);
}

const Parameter* Parameters::find(std::string_view name) const {
  const auto found = index_.find(std::string(name));
  return found == index_.end() ? nullptr : &parameters_[found->second];
}

std::vector<std::string> Parameters::names_of(const Parameter& parameter) const {
  std::vector<std::string> names = {parameter.name};
  for (const auto& [name, index] : index_) {
    if (&parameters_[index] == &parameter && name != parameter.name) names.push_back(name);
  }
  std::sort(names.begin() + 1, names.end());
  return names;
}

NamedTensors Parameters::trained() const {
  NamedTensors tensors;
  for (const Parameter& parameter : parameters_) {
    if (parameter.role == Role::trained) tensors.emplace_back(parameter.name, parameter.tensor);
  }
  return tensors;
}

std::int64_t Parameters::count(bool with_momentum) const {
  std::int64_t elements = 0;
  for (const Parameter& parameter : parameters_) {
    if (parameter.role == Role::trained || (with_momentum && parameter.role == Role::momentum)) {
      elements += parameter.tensor.numel();
    }
  }
  return elements;
}

void Parameters::zero_grad() {
  for (Parameter& parameter : parameters_) parameter.tensor.mutable_grad().reset();
}

NamedTensors Parameters::named_state() const {
  NamedTensors state;
  for (const Parameter& parameter : parameters_) {
    state.emplace_back(parameter.name, parameter.tensor);
  }
  return state;
}

void Parameters::load_state(const NamedTensors& state) {
  load_named_state(named_state(), state);
}

void load_named_state(const NamedTensors& targets, const NamedTensors& state) {
  std::unordered_map<std::string, torch::Tensor> sources;
  for (const auto& [name, tensor] : state) {
    if (!sources.emplace(name, tensor).second) {
      throw Error(ErrorCode::malformed, "the state has tensor " + in_quotes(name) + " twice");
    }
  }
  for (const auto& [name, target] : targets) {
    const auto source = sources.find(name);
    if (source == sources.end()) {
      throw Error(ErrorCode::missing_tensor, "the state has no tensor " + in_quotes(name));
    }
    if (source->second.sizes() != target.sizes()) {
      throw Error(ErrorCode::shape_mismatch,
                  "tensor " + in_quotes(name) + " is " + shape_text(source->second.sizes()) +
                      " in the state instead of " + shape_text(target.sizes()));
    }
  }
  if (sources.size() != targets.size()) {
    for (const auto& [name, target] : targets) sources.erase(name);
    throw Error(ErrorCode::malformed, "the state has tensor " + in_quotes(sources.begin()->first) +
                                          ", which nothing here is called");
  }
  const torch::NoGradGuard no_grad;
  for (const auto& [name, target] : targets) torch::Tensor(target).copy_(sources.at(name));
}

}  // namespace blip::train
