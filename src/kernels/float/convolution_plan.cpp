#include "kernels/float/convolution_plan.hpp"

#include <algorithm>
#include <utility>

#include "core/memory_headroom.hpp"
#include "kernels/layout/divide_up.hpp"

namespace blip {
namespace {

using Tag = dnnl::memory::format_tag;
using Type = dnnl::memory::data_type;
using Dims = dnnl::memory::dims;

// Multiplications of a strip: some 20 µs of a core, against one or two for handing it out.
constexpr std::int64_t kStripWork = 4'000'000;
// What reading or writing a float costs, in multiplications. Depthwise and the first pointwise
// convolutions do little else.
constexpr std::int64_t kFloatWork = 16;

constexpr float kRelu6 = 6.0F;

// A pixel of its result needs no other than its own: an image of H × W pixels is one of H * W rows.
bool is_pointwise(const ConvolutionShape& shape, const ConvolutionInput& input) {
  return shape.kernel == 1 && shape.stride == 1 && input.padding == ImagePadding{};
}

dnnl::primitive_attr attributes_of(const ConvolutionShape& shape) {
  dnnl::post_ops after;
  if (shape.epilogue == ConvolutionEpilogue::bias_residual) after.append_sum();
  if (shape.epilogue == ConvolutionEpilogue::bias_relu6) {
#if DNNL_VERSION_MAJOR < 3
    after.append_eltwise(1.0F, dnnl::algorithm::eltwise_clip, 0.0F, kRelu6);
#else
    after.append_eltwise(dnnl::algorithm::eltwise_clip, 0.0F, kRelu6);
#endif
  }
  dnnl::primitive_attr attributes;
  attributes.set_post_ops(after);
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attributes;
}

dnnl::convolution_forward::primitive_desc describe(
    const dnnl::memory::desc& source, const dnnl::memory::desc& weights,
    const dnnl::memory::desc& bias, const dnnl::memory::desc& result, const Dims& strides,
    const Dims& before, const Dims& after, const dnnl::primitive_attr& attributes,
    const dnnl::engine& engine) {
  constexpr auto kKind = dnnl::prop_kind::forward_inference;
  constexpr auto kAlgorithm = dnnl::algorithm::convolution_direct;
#if DNNL_VERSION_MAJOR < 3
  return {{kKind, kAlgorithm, source, weights, bias, result, strides, before, after},
          attributes,
          engine};
#else
  return {engine, kKind,   kAlgorithm, source, weights,   bias,
          result, strides, before,     after,  attributes};
#endif
}

}  // namespace

ConvolutionPlan::ConvolutionPlan(const ConvolutionShape& shape, const ConvolutionInput& input,
                                 const dnnl::engine& engine, const dnnl::memory::desc* weights)
    : shape_(shape), input_(input), is_pointwise_(is_pointwise(shape, input)), width_(input.width) {
  std::int64_t height = input.height;
  if (is_pointwise_) {
    height *= input.width;
    width_ = 1;
  }
  const ImagePadding& padding = input.padding;
  const std::int64_t rows = shape.output_size(height, padding.top, padding.bottom);
  const std::int64_t columns = shape.output_size(width_, padding.left, padding.right);
  input_floats_ = height * width_ * shape.inputs;
  output_floats_ = rows * columns * shape.outputs;

  const std::int64_t weights_size =
      shape.outputs * (shape.inputs / shape.groups) * shape.kernel * shape.kernel;
  const std::int64_t work =
      rows * columns * weights_size + kFloatWork * (input_floats_ + output_floats_);
  const std::int64_t wanted = std::clamp<std::int64_t>(divide_up(work, kStripWork), 1, rows);
  const std::int64_t strip_rows = divide_up(rows, wanted);
  for (std::int64_t row = 0; row < rows; row += strip_rows) {
    const std::int64_t end = std::min(row + strip_rows, rows);
    const std::int64_t first = row * shape.stride - padding.top;
    const std::int64_t last = (end - 1) * shape.stride - padding.top + shape.kernel;
    const std::int64_t first_there = std::clamp<std::int64_t>(first, 0, height);
    const std::int64_t last_there = std::clamp<std::int64_t>(last, 0, height);
    const StripShape strip = {.rows = last_there - first_there,
                              .top = first_there - first,
                              .bottom = last - last_there,
                              .output_rows = end - row};
    const std::size_t program = program_for(strip, engine, weights);
    strips_.push_back({.input_offset = first_there * width_ * shape.inputs,
                       .output_offset = row * columns * shape.outputs,
                       .program = program});
  }
}

std::size_t ConvolutionPlan::program_for(const StripShape& strip, const dnnl::engine& engine,
                                         const dnnl::memory::desc* weights) {
  const auto known = std::find_if(programs_.begin(), programs_.end(),
                                  [&](const Program& program) { return program.shape == strip; });
  if (known != programs_.end()) return static_cast<std::size_t>(known - programs_.begin());

  require_headroom();
  const ImagePadding& padding = input_.padding;
  const std::int64_t columns = shape_.output_size(width_, padding.left, padding.right);
  const auto image = [&](std::int64_t channels, std::int64_t rows, std::int64_t width) {
    if (is_pointwise_) std::swap(rows, width);  // oneDNN likes one long row better than short ones
    return dnnl::memory::desc({1, channels, rows, width}, Type::f32, Tag::nhwc);
  };
  const std::int64_t kernel = shape_.kernel;
  const Dims weight_sizes = shape_.groups == 1
                                ? Dims{shape_.outputs, shape_.inputs, kernel, kernel}
                                : Dims{shape_.groups, shape_.outputs / shape_.groups,
                                       shape_.inputs / shape_.groups, kernel, kernel};
  dnnl::memory::desc layout(weight_sizes, Type::f32, Tag::any);
  if (weights != nullptr) layout = *weights;
  if (!programs_.empty()) layout = weights_layout();
  auto description = describe(image(shape_.inputs, strip.rows, width_), layout,
                              dnnl::memory::desc({shape_.outputs}, Type::f32, Tag::x),
                              image(shape_.outputs, strip.output_rows, columns),
                              {shape_.stride, shape_.stride}, {strip.top, padding.left},
                              {strip.bottom, padding.right}, attributes_of(shape_), engine);
  scratch_bytes_ = std::max(scratch_bytes_, description.scratchpad_desc().get_size());
  programs_.push_back({strip, description, dnnl::convolution_forward(description)});
  return programs_.size() - 1;
}

dnnl::memory::desc ConvolutionPlan::weights_layout() const {
  return programs_.front().description.weights_desc();
}

void ConvolutionPlan::run(std::size_t strip, const float* x, const std::byte* weights,
                          const float* bias, float* out, std::byte* scratch,
                          const dnnl::engine& engine) const {
  const Strip& place = strips_[strip];
  const Program& program = programs_[place.program];
  // oneDNN reads what it is given as a source, whatever the type says.
  const auto memory = [&](const dnnl::memory::desc& layout, const void* data) {
    return dnnl::memory(layout, engine, const_cast<void*>(data));
  };
  const auto& description = program.description;
  dnnl::stream stream(engine);
  program.primitive.execute(
      stream, {{DNNL_ARG_SRC, memory(description.src_desc(), x + place.input_offset)},
               {DNNL_ARG_WEIGHTS, memory(description.weights_desc(), weights)},
               {DNNL_ARG_BIAS, memory(description.bias_desc(), bias)},
               {DNNL_ARG_DST, memory(description.dst_desc(), out + place.output_offset)},
               {DNNL_ARG_SCRATCHPAD, memory(description.scratchpad_desc(), scratch)}});
  stream.wait();
}

}  // namespace blip
