// What a machine can do: its rates of matrix products and of reading memory, each over all threads
// of a Context, to hold a model's against.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "blip/context.hpp"

namespace blip::bench {

[[nodiscard]] double seconds(const std::function<void()>& work);

/// A product of the kind the vision tower makes, large enough to be at its best: [2304, 768] by
/// [3072, 768], by oneDNN, each thread with a share of the outputs.
class MatrixProduct {
 public:
  explicit MatrixProduct(Context& context);
  [[nodiscard]] double flops_per_second();

 private:
  Context& context_;
  std::vector<float> a_;
  std::vector<float> b_;
  std::vector<float> out_;
};

/// The same of unsigned by signed bytes.
class ByteProduct {
 public:
  explicit ByteProduct(Context& context);
  [[nodiscard]] double operations_per_second();

 private:
  Context& context_;
  std::vector<std::uint8_t> a_;
  std::vector<std::int8_t> b_;
  std::vector<std::int32_t> out_;
};

/// Sums an array several times the size of the last-level cache.
class MemoryRead {
 public:
  explicit MemoryRead(Context& context);
  [[nodiscard]] double bytes_per_second();

 private:
  Context& context_;
  std::vector<std::uint64_t> data_;
};

}  // namespace blip::bench
