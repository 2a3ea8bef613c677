// ConvolutionPlan: how one convolution goes over images of one size, and oneDNN's code for it.
//
// An image is cut into strips of rows, of about the same work whatever the convolution, and oneDNN
// does each strip on one thread. The cut depends on the image's size alone, so results do not
// depend on the number of threads.
#pragma once

#include <dnnl.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/float/convolution.hpp"

namespace blip {

class ConvolutionPlan {
 public:
  /// `weights` is the layout that the weights are in; null: whichever is fastest for this size.
  ConvolutionPlan(const ConvolutionShape& shape, const ConvolutionInput& input,
                  const dnnl::engine& engine, const dnnl::memory::desc* weights);

  [[nodiscard]] const ConvolutionInput& input() const noexcept { return input_; }
  [[nodiscard]] dnnl::memory::desc weights_layout() const;
  [[nodiscard]] std::size_t strips() const noexcept { return strips_.size(); }
  [[nodiscard]] std::size_t scratch_bytes() const noexcept { return scratch_bytes_; }
  [[nodiscard]] std::int64_t input_floats() const noexcept { return input_floats_; }
  [[nodiscard]] std::int64_t output_floats() const noexcept { return output_floats_; }

  /// One strip of one image: x: [H, W, I] → out: [OH, OW, O]
  void run(std::size_t strip, const float* x, const std::byte* weights, const float* bias,
           float* out, std::byte* scratch, const dnnl::engine& engine) const;

 private:
  // Rows that a strip reads, and the zeros above and below them; rows that it writes.
  struct StripShape {
    std::int64_t rows = 0;
    std::int64_t top = 0;
    std::int64_t bottom = 0;
    std::int64_t output_rows = 0;

    bool operator==(const StripShape&) const = default;
  };
  // Code for strips of one shape.
  struct Program {
    StripShape shape;
    dnnl::convolution_forward::primitive_desc description;
    dnnl::convolution_forward primitive;
  };
  struct Strip {
    std::int64_t input_offset = 0;   // floats
    std::int64_t output_offset = 0;  // floats
    std::size_t program = 0;
  };

  std::size_t program_for(const StripShape& strip, const dnnl::engine& engine,
                          const dnnl::memory::desc* weights);

  ConvolutionShape shape_;
  ConvolutionInput input_;
  bool is_pointwise_ = false;
  std::int64_t width_ = 0;  // of what the strips are cut from: 1 of a pointwise convolution
  std::int64_t input_floats_ = 0;
  std::int64_t output_floats_ = 0;
  std::size_t scratch_bytes_ = 0;
  std::vector<Program> programs_;
  std::vector<Strip> strips_;
};

}  // namespace blip
