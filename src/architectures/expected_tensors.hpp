// The tensors that a class of models consists of, and what stands between them and a checkpoint.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "checkpoint/checkpoint.hpp"

namespace blip {

struct ExpectedTensor {
  std::string name;
  std::vector<std::int64_t> shape;
  /// The tensor that stands in for this one where the file lacks it; empty: it must be there. These
  /// are the language model head's: its matrix is the word embeddings again, its bias has two
  /// names.
  std::string stand_in;
  /// Written even where it equals its stand-in: a configuration that ties nothing has transformers
  /// look for it.
  bool kept_beside_stand_in = false;
  /// A matrix that is multiplied with or that rows are looked up in: what int8 makes smaller.
  bool may_be_int8 = false;
  /// A table of vision positions [1, 1 + n², H]: one of another n is interpolated when it is
  /// loaded.
  bool may_be_another_grid = false;
  /// Files without it are whole.
  bool may_be_absent = false;
};

/// Tensors in the order of the data's way through a model.
class ExpectedTensorList {
 public:
  void add(std::string name, std::vector<std::int64_t> shape, std::string stand_in = {}) {
    tensors_.push_back(
        {.name = std::move(name), .shape = std::move(shape), .stand_in = std::move(stand_in)});
  }
  void matrix(std::string name, std::int64_t outputs, std::int64_t inputs,
              std::string stand_in = {}) {
    tensors_.push_back({.name = std::move(name),
                        .shape = {outputs, inputs},
                        .stand_in = std::move(stand_in),
                        .may_be_int8 = true});
  }
  /// The weight of a convolution of single pixels, which is a matrix.
  void pointwise(std::string name, std::int64_t outputs, std::int64_t inputs) {
    tensors_.push_back({.name = std::move(name),
                        .shape = {outputs, inputs, 1, 1},
                        .stand_in = {},
                        .may_be_int8 = true});
  }
  void linear(const std::string& prefix, std::int64_t outputs, std::int64_t inputs) {
    matrix(prefix + ".weight", outputs, inputs);
    add(prefix + ".bias", {outputs});
  }
  void layer_norm(const std::string& prefix, std::int64_t size) {
    add(prefix + ".weight", {size});
    add(prefix + ".bias", {size});
  }
  /// layer_norm() whose weight, 1 everywhere, not all files have.
  void unscaled_norm(const std::string& prefix, std::int64_t size) {
    add(prefix + ".weight", {size});
    tensors_.back().may_be_absent = true;
    add(prefix + ".bias", {size});
  }
  /// As inference needs it: without the number of batches that training has seen.
  void batch_norm(const std::string& prefix, std::int64_t size) {
    for (const char* name : {".weight", ".bias", ".running_mean", ".running_var"}) {
      add(prefix + name, {size});
    }
  }
  void positions(std::string name, std::vector<std::int64_t> shape) {
    add(std::move(name), std::move(shape));
    tensors_.back().may_be_another_grid = true;
  }
  /// linear() that not all files have.
  void optional_linear(const std::string& prefix, std::int64_t outputs, std::int64_t inputs) {
    linear(prefix, outputs, inputs);
    for (auto tensor = tensors_.end() - 2; tensor != tensors_.end(); ++tensor) {
      tensor->may_be_absent = true;
    }
  }
  std::vector<ExpectedTensor> take() { return std::move(tensors_); }

 private:
  std::vector<ExpectedTensor> tensors_;
};

/// Their elements, what is tied counted once: the number that papers give.
std::int64_t parameter_count(std::span<const ExpectedTensor> tensors);

/// What stands between a checkpoint and an architecture.
struct TensorDifferences {
  std::vector<std::string> missing;    ///< "NAME [shape]"
  std::vector<std::string> unfitting;  ///< "NAME is [shape] instead of [shape]", or its number type
  std::vector<std::string> unused;     ///< names that the architecture does not have
};
/// Int8 matrices fit where `may_be_int8` if they have scales (weight_scales.hpp).
TensorDifferences compare(const Checkpoint& checkpoint, std::span<const ExpectedTensor> expected);

}  // namespace blip
