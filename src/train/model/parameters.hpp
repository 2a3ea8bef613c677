// Parameters: every tensor of a model in training, by name.
#pragma once

#include <torch/torch.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "train/run/named_tensors.hpp"

namespace blip::train {

/// What a tensor holds before anything is loaded or learnt.
struct InitialValue {
  enum class Kind {
    constant,          ///< `value`
    normal,            ///< N(0, value²): BERT's matrices and embeddings, the queues
    truncated_normal,  ///< N(0, value²), cut off at ±2: timm's linear layers and embeddings
    uniform,           ///< U(-value, value): torch's own layers, value = 1 / sqrt(inputs)
    unit_columns,      ///< N(0, 1) with every column then scaled to length 1: the feature queues
  };
  Kind kind = Kind::constant;
  double value = 0.0;
};

enum class Role {
  trained,   ///< has a gradient and is the optimizer's
  momentum,  ///< follows a trained tensor, has no gradient
  buffer,    ///< queues and their places
  fixed,     ///< stays as it is: statistics of batch norms, all of a backbone that is not trained
};

struct Parameter {
  std::string name;  ///< transformers' name for it, or the original's where only that has it
  torch::Tensor tensor;
  Role role = Role::trained;
  InitialValue initial;
};

/// The architecture of a model is written once, as calls of add(); counting, initialising, loading,
/// saving and optimising go through the list that results. Copies share the tensors.
class Parameters {
 public:
  /// Tensors are made on `device`; meta is for counting. `dtype` is that of trained and momentum
  /// tensors: float32, or float64 for checking gradients.
  explicit Parameters(torch::Device device = torch::kCPU, torch::Dtype dtype = torch::kFloat32);

  /// A new tensor of uninitialised elements. Names must differ.
  torch::Tensor add(const std::string& name, torch::IntArrayRef shape, Role role,
                    InitialValue initial);
  /// The same, of integers that all start as `value`.
  torch::Tensor add_integers(const std::string& name, torch::IntArrayRef shape, std::int64_t value,
                             torch::Device device);
  /// Another name for a tensor that is there: loading finds it by either.
  void add_name(const std::string& name, const torch::Tensor& tensor);

  /// Gives every tensor its initial value, in order. The draws come from `generator`, on the CPU,
  /// so that a seed means the same model on every device.
  void initialise(const torch::Generator& generator);
  /// The same for one tensor.
  static void initialise(Parameter& parameter, const torch::Generator& generator);

  /// Null when there is none of this name.
  [[nodiscard]] const Parameter* find(std::string_view name) const;
  [[nodiscard]] const std::vector<Parameter>& all() const noexcept { return parameters_; }
  [[nodiscard]] std::vector<Parameter>& all() noexcept { return parameters_; }
  /// The first name of a tensor and its others.
  [[nodiscard]] std::vector<std::string> names_of(const Parameter& parameter) const;

  /// What the optimizer is for, in order.
  [[nodiscard]] NamedTensors trained() const;
  /// Elements of trained tensors; `with_momentum` counts the momentum copies as well. Buffers are
  /// never counted.
  [[nodiscard]] std::int64_t count(bool with_momentum) const;
  /// Forgets the gradients.
  void zero_grad();

  /// Everything: trained, momentum and buffers; the tensors themselves, not copies.
  [[nodiscard]] NamedTensors named_state() const;
  /// load_named_state into these.
  void load_state(const NamedTensors& state);

  [[nodiscard]] torch::Device device() const noexcept { return device_; }

 private:
  torch::Device device_;
  torch::Dtype dtype_;
  std::vector<Parameter> parameters_;
  std::unordered_map<std::string, std::size_t> index_;
};

/// Copies `state` into `targets`, by name. Throws missing_tensor, malformed (a name twice, or one
/// that `targets` lack) or shape_mismatch, naming the tensor, before anything is changed.
void load_named_state(const NamedTensors& targets, const NamedTensors& state);

/// "[2, 3]", for messages.
std::string shape_text(torch::IntArrayRef shape);

}  // namespace blip::train
