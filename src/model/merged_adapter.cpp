#include "model/merged_adapter.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "architectures/registry.hpp"
#include "blip/error.hpp"
#include "checkpoint/shape_text.hpp"
#include "core/in_quotes.hpp"
#include "kernels/float/gemm.hpp"
#include "kernels/layout/convert.hpp"
#include "model/tensor_rows.hpp"

namespace blip {
namespace {

using Shape = std::vector<std::int64_t>;

std::vector<float> floats_of(const Checkpoint& checkpoint, const CheckpointTensor& tensor) {
  std::vector<float> values;
  values.reserve(static_cast<std::size_t>(tensor.element_count()));
  TensorRows rows(checkpoint, tensor);
  rows.for_each_piece([&](std::int64_t, std::int64_t count, const float* piece) {
    values.insert(values.end(), piece, piece + count * rows.columns());
  });
  return values;
}

// matrix: [rows, columns] → [columns, rows]
std::vector<float> transposed(const std::vector<float>& matrix, std::int64_t rows,
                              std::int64_t columns) {
  std::vector<float> out(matrix.size());
  for (std::int64_t row = 0; row < rows; ++row) {
    for (std::int64_t column = 0; column < columns; ++column) {
      out[static_cast<std::size_t>(column * rows + row)] =
          matrix[static_cast<std::size_t>(row * columns + column)];
    }
  }
  return out;
}

// The product of two factors is what is added to a matrix.
struct Factors {
  std::vector<float> left;   // [rows, rank]
  std::vector<float> right;  // [rank, columns]
  std::int64_t rank = 0;
  std::int64_t columns = 0;
  Shape shape;  // of the weight that they fit
};

class Merger {
 public:
  Merger(const Checkpoint& base, const Adapter& adapter, std::span<const ExpectedTensor> expected,
         std::optional<DType> type)
      : base_(base), adapter_(adapter), type_(type) {
    for (const ExpectedTensor& tensor : expected) {
      if (!tensor.stand_in.empty()) tie(tensor.name, tensor.stand_in);
    }
  }

  Checkpoint merge() && {
    for (const ReplacedTensor& replaced : adapter_.replaced) replace(replaced);
    for (const LowRankUpdate& update : adapter_.updates) apply(update);
    for (const Tie& tie : ties_) settle(tie);  // the head's matrix comes before its bias
    std::vector<CheckpointTensor> changed;
    for (auto& [name, tensor] : changed_) changed.push_back(std::move(tensor));
    return base_.with(std::move(changed), std::move(owned_), adapter_.tensors);
  }

 private:
  // Two names for one tensor, of which the base model may have one alone.
  struct Tie {
    std::string name;
    std::string stand_in;
    std::string added;  // the one that the base model lacks; empty: it has both
  };

  [[noreturn]] void refuse(ErrorCode code, const CheckpointTensor& tensor,
                           const std::string& problem) const {
    throw Error(code,
                source_of(adapter_.tensors) + ": tensor " + in_quotes(tensor.name) + " " + problem);
  }

  [[nodiscard]] const CheckpointTensor* find(const std::string& name) const {
    const auto changed = changed_.find(name);
    return changed == changed_.end() ? base_.find(name) : &changed->second;
  }

  // While the adapter is applied, what is tied is there by both of its names.
  void tie(const std::string& name, const std::string& stand_in) {
    const bool is_known =
        std::any_of(ties_.begin(), ties_.end(), [&](const Tie& tie) { return tie.name == name; });
    if (is_known) return;
    const CheckpointTensor* one = base_.find(name);
    const CheckpointTensor* other = base_.find(stand_in);
    if (one == nullptr && other == nullptr) return;
    Tie tie = {name, stand_in, {}};
    if (one == nullptr || other == nullptr) {
      tie.added = one == nullptr ? name : stand_in;
      CheckpointTensor& added = changed_[tie.added] = one == nullptr ? *other : *one;
      added.name = tie.added;
    } else if (!same_values(*one, *other)) {
      return;
    }
    ties_.push_back(std::move(tie));
  }

  static bool same_values(const CheckpointTensor& left, const CheckpointTensor& right) {
    return left.dtype == right.dtype && left.shape == right.shape &&
           (left.bytes.data() == right.bytes.data() ||
            std::memcmp(left.bytes.data(), right.bytes.data(), left.bytes.size()) == 0);
  }

  // The base model's tensor that `by`, one of the adapter's, changes.
  const CheckpointTensor& require(const std::string& name, const CheckpointTensor& by,
                                  const Shape& shape) const {
    const CheckpointTensor* tensor = find(name);
    if (tensor == nullptr) {
      refuse(ErrorCode::missing_tensor, by,
             "has no place in " + source_of(base_) + ", which lacks " + in_quotes(name));
    }
    if (tensor->shape != shape) {
      refuse(ErrorCode::shape_mismatch, by,
             "is for " + shape_text(shape) + ", but " + in_quotes(name) + " of " +
                 source_of(base_) + " is " + shape_text(tensor->shape));
    }
    if (tensor->dtype == DType::i8 ||
        (tensor->dtype != DType::f64 && !weight_format(tensor->dtype))) {
      refuse(ErrorCode::unsupported, by,
             "cannot change " + in_quotes(name) + " of " + source_of(base_) + ", which holds " +
                 std::string(name_of(tensor->dtype)) +
                 "; apply the adapter to the model in floating point");
    }
    return *tensor;
  }

  void replace(const ReplacedTensor& replaced) {
    const CheckpointTensor& tensor = *replaced.tensor;
    const CheckpointTensor& old = require(replaced.name, tensor, tensor.shape);
    const DType type = type_of(old);
    CheckpointTensor fresh = tensor;
    fresh.name = replaced.name;
    if (type != tensor.dtype) {
      TensorRows rows(adapter_.tensors, tensor);
      fresh.dtype = type;
      fresh.bytes = written(rows, type, tensor, [](auto, auto, const float*, float*) {});
    }
    // What was trained in place is tied as before. (PEFT's ensure_weight_tying finds no tied
    // modules in BLIP.)
    if (!replaced.is_copy) {
      for (const Tie& tie : ties_) {
        if (tie.name != replaced.name && tie.stand_in != replaced.name) continue;
        const std::string& other = tie.name == replaced.name ? tie.stand_in : tie.name;
        changed_[other] = fresh;
        changed_[other].name = other;
      }
    }
    changed_[replaced.name] = std::move(fresh);
  }

  void apply(const LowRankUpdate& update) {
    const Factors factors = factors_of(update);
    const std::string name = update.module + ".weight";
    const CheckpointTensor old = require(name, *update.a, factors.shape);
    const auto scale = static_cast<float>(update.scale);
    TensorRows rows(base_, old);
    put(old, written(rows, type_of(old), *update.b,
                     [&](std::int64_t first, std::int64_t count, const float* values, float* out) {
                       multiply({factors.left.data() + first * factors.rank, factors.rank},
                                {factors.right.data(), factors.columns}, out, factors.columns,
                                count, factors.columns, factors.rank);
                       const std::int64_t size = count * factors.columns;
                       for (std::int64_t i = 0; i < size; ++i) out[i] = values[i] + out[i] * scale;
                     }));
    if (update.bias != nullptr) add_bias(update, scale);
  }

  void add_bias(const LowRankUpdate& update, float scale) {
    const CheckpointTensor old =
        require(update.module + ".bias", *update.bias, {factors_rows(update)});
    const std::vector<float> bias = floats_of(adapter_.tensors, *update.bias);
    TensorRows rows(base_, old);
    put(old, written(rows, type_of(old), *update.bias,
                     [&](std::int64_t first, std::int64_t count, const float* values, float* out) {
                       for (std::int64_t i = 0; i < count; ++i) {
                         out[i] = values[i] + bias[static_cast<std::size_t>(first + i)] * scale;
                       }
                     }));
  }

  [[nodiscard]] static std::int64_t factors_rows(const LowRankUpdate& update) {
    return update.b->shape[0];
  }

  [[nodiscard]] Factors factors_of(const LowRankUpdate& update) const {
    const Shape& a = update.a->shape;
    const Shape& b = update.b->shape;
    Factors factors = {.left = floats_of(adapter_.tensors, *update.b),
                       .right = floats_of(adapter_.tensors, *update.a),
                       .rank = a[0],
                       .columns = 1,
                       .shape = a};
    factors.shape[0] = b[0];
    if (update.is_embedding) {
      std::vector<float> words = transposed(factors.right, a[0], a[1]);  // [V, r]
      factors.right = transposed(factors.left, b[0], b[1]);              // [r, H]
      factors.left = std::move(words);
      factors.shape = {a[1], b[0]};
    }
    for (std::size_t i = 1; i < factors.shape.size(); ++i) factors.columns *= factors.shape[i];
    return factors;
  }

  [[nodiscard]] DType type_of(const CheckpointTensor& old) const {
    return type_ ? *type_ : old.dtype == DType::f64 ? DType::f32 : old.dtype;
  }

  // The rows of a tensor, as `change` makes them anew, in number type `type`. `by` is named if
  // something is not finite then.
  std::span<const std::byte> written(
      TensorRows& rows, DType type, const CheckpointTensor& by,
      const std::function<void(std::int64_t first, std::int64_t count, const float* values,
                               float* out)>& change) {
    const auto elements = static_cast<std::size_t>(rows.rows() * rows.columns());
    owned_.push_back(allocate_aligned(std::max<std::size_t>(elements * size_of(type), 1)));
    std::byte* const target = owned_.back().get();
    std::vector<float> values;
    rows.for_each_piece([&](std::int64_t first, std::int64_t count, const float* old) {
      const auto size = static_cast<std::size_t>(count * rows.columns());
      const auto start = static_cast<std::size_t>(first * rows.columns());
      values.assign(old, old + size);
      change(first, count, old, values.data());
      if (!std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); })) {
        refuse(ErrorCode::malformed, by, "makes values that are not finite");
      }
      if (type == DType::f32) {
        std::memcpy(target + start * sizeof(float), values.data(), size * sizeof(float));
      } else {
        convert_from_f32(values.data(), size, *weight_format(type),
                         reinterpret_cast<std::uint16_t*>(target) + start);
      }
    });
    return {target, elements * size_of(type)};
  }

  void put(const CheckpointTensor& old, std::span<const std::byte> bytes) {
    CheckpointTensor tensor = old;
    tensor.dtype = type_of(old);
    tensor.bytes = bytes;
    changed_[old.name] = std::move(tensor);
  }

  // Of what is tied still, the base model's one name is enough. The language model head adds the
  // bias that is called its own (`name`), and is read by the other; of a head whose matrix is tied
  // no more, transformers looks for both.
  void settle(const Tie& tie) {
    const CheckpointTensor name = *find(tie.name);
    const bool is_bias = tie.name.ends_with(".bias");
    if (is_bias && name.bytes.data() != find(tie.stand_in)->bytes.data()) {
      changed_[tie.stand_in] = name;
      changed_[tie.stand_in].name = tie.stand_in;
    }
    const bool is_tied = name.bytes.data() == find(tie.stand_in)->bytes.data();
    has_own_head_ = has_own_head_ || !is_tied;
    if (!tie.added.empty() && is_tied && !(is_bias && has_own_head_)) changed_.erase(tie.added);
  }

  const Checkpoint& base_;
  const Adapter& adapter_;
  std::optional<DType> type_;
  std::vector<Tie> ties_;
  bool has_own_head_ = false;  // a matrix that word embeddings stood in for is there
  std::map<std::string, CheckpointTensor> changed_;
  std::vector<AlignedBytes> owned_;
};

}  // namespace

Checkpoint merge_adapter(const Checkpoint& base, const Adapter& adapter,
                         std::span<const ExpectedTensor> expected, std::optional<DType> type) {
  return Merger(base, adapter, expected, type).merge();
}

Checkpoint open_tensors(const ModelSource& source, std::optional<DType> type) {
  Checkpoint base = Checkpoint::open(source.model);
  if (source.adapter.empty()) return base;
  return merge_adapter(base, open_adapter(source.adapter),
                       family_of(source.model).tensors_of_all_classes(source.model), type);
}

}  // namespace blip
