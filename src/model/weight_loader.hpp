// WeightLoader: turns named tensors of a checkpoint into the weights a model holds.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "blip/conditional_generation.hpp"
#include "blip/error.hpp"
#include "checkpoint/checkpoint.hpp"
#include "core/aligned_memory.hpp"
#include "kernels/float/layer_norm.hpp"
#include "kernels/layout/weight_matrix.hpp"
#include "model/shared_weights.hpp"

namespace blip {

/// Owns the weights that could not be used in place (another format was asked for, or the file has
/// them misaligned).
using ConvertedWeights = std::vector<AlignedBytes>;

/// What a layer with int8 weights does to its inputs.
enum class Int8Inputs {
  as_they_are,  ///< float32, for decoders: rounding activations costs them accuracy
  quantized,    ///< so that products are of integers, several times as fast
};

/// Every member throws missing_tensor or shape_mismatch, naming the tensor and the shapes, and
/// unsupported for tensors that are neither floating point nor int8 matrices with scales.
class WeightLoader {
 public:
  /// `shared`: with other models; null: with none.
  WeightLoader(const Checkpoint& checkpoint, WeightType weight_type, ConvertedWeights& converted,
               std::shared_ptr<SharedWeights> shared = nullptr)
      : checkpoint_(checkpoint),
        weight_type_(weight_type),
        converted_(converted),
        shared_(std::move(shared)) {}

  [[nodiscard]] bool contains(const std::string& name) const;

  /// The tensor's shape; empty if there is none of that name.
  [[nodiscard]] std::vector<std::int64_t> shape_of(const std::string& name) const;

  /// A matrix in the requested format: as stored where that is what was asked for.
  /// `shape` is what the tensor must have; all but its first dimension become the columns. Only a
  /// matrix (checkpoint/weight_scales.hpp) is made int8. Throws malformed for scales or, made int8,
  /// weights that are not finite.
  WeightMatrix matrix(const std::string& name, std::initializer_list<std::int64_t> shape);
  /// A float32 copy whatever the format, for weights that are made into others.
  std::vector<float> floats(const std::string& name, std::initializer_list<std::int64_t> shape);
  /// Float32 values whatever the format: biases, norms and position embeddings, which are small.
  const float* values(const std::string& name, std::initializer_list<std::int64_t> shape);

  /// `prefix`.weight [outputs, inputs] and `prefix`.bias [outputs]
  Linear linear(const std::string& prefix, std::int64_t outputs, std::int64_t inputs,
                Int8Inputs int8_inputs = Int8Inputs::as_they_are);
  /// The layers of several prefixes as one, whose outputs follow each other: [prefixes * outputs,
  /// inputs]. In place where the file has them side by side.
  Linear stacked_linear(std::span<const std::string> prefixes, std::int64_t outputs,
                        std::int64_t inputs, bool has_bias,
                        Int8Inputs int8_inputs = Int8Inputs::as_they_are);
  /// `prefix`.weight and `prefix`.bias [size]
  LayerNorm layer_norm(const std::string& prefix, std::int64_t size, float epsilon);
  /// The same where the file may lack the weight, which is 1 then.
  LayerNorm unscaled_norm(const std::string& prefix, std::int64_t size, float epsilon);
  /// `prefix`.weight [outputs, inputs] alone
  Linear linear_without_bias(const std::string& prefix, std::int64_t outputs, std::int64_t inputs);

  /// The convolution, or an equal one of another model.
  [[nodiscard]] Convolution shared(Convolution convolution) const {
    return shared_ ? shared_->convolutions.shared(std::move(convolution)) : std::move(convolution);
  }

  /// Throws "FILE: tensor 'NAME' PROBLEM".
  [[noreturn]] void refuse(const std::string& name, const std::string& problem,
                           ErrorCode code = ErrorCode::malformed) const;

  /// Names in the checkpoint that nothing asked for, sorted.
  [[nodiscard]] std::vector<std::string> unused() const;

 private:
  const CheckpointTensor& require(const std::string& name,
                                  std::initializer_list<std::int64_t> shape);
  const void* converted(const CheckpointTensor& tensor, WeightFormat from, WeightFormat to);
  // The elements in format `to`, which is not i8 unless `from` is → out
  void convert(const CheckpointTensor& tensor, WeightFormat from, WeightFormat to, std::byte* out);
  WeightMatrix int8_matrix(const CheckpointTensor& tensor);
  // int8 or to be made so → values: [O, C], scales: [O]
  void quantize(const CheckpointTensor& tensor, std::int8_t* values, float* scales);
  std::byte* allocate(std::size_t bytes);
  WeightMatrix stacked_matrix(std::span<const CheckpointTensor* const> parts);
  void add_block_sums(Linear& layer, Int8Inputs int8_inputs);
  const float* block_sums(const WeightMatrix& matrix);

  const Checkpoint& checkpoint_;
  WeightType weight_type_;
  ConvertedWeights& converted_;
  std::shared_ptr<SharedWeights> shared_;
  std::set<std::string> used_;
  // What was made int8, by where the elements are in the file and what they are taken for (rows and
  // columns last): tensors that share them are quantised once, views of other shapes are not.
  using QuantizedKey = std::tuple<const std::byte*, DType, std::int64_t, std::int64_t>;
  std::map<QuantizedKey, WeightMatrix> quantized_;
};

}  // namespace blip
