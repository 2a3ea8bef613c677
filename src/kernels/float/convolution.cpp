#include "kernels/float/convolution.hpp"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "blip/error.hpp"
#include "core/aligned_memory.hpp"
#include "core/scratch.hpp"
#include "core/thread_memory.hpp"
#include "core/thread_pool.hpp"
#include "kernels/float/convolution_plan.hpp"

namespace blip {
namespace {

// Sizes of images that a convolution remembers its code for. Requests of more sizes than these in
// turn would have oneDNN write its code anew each time.
constexpr std::size_t kMaxPlans = 8;

// Calls `call`, and says what oneDNN refused in our own words.
template <typename Call>
auto checked(const Call& call) {
  try {
    return call();
  } catch (const dnnl::error& error) {
    if (error.status == dnnl_out_of_memory) {
      throw Error(ErrorCode::limit_exceeded, "out of memory in a convolution");
    }
    throw Error(ErrorCode::unsupported, "oneDNN refused a convolution (status " +
                                            std::to_string(static_cast<int>(error.status)) + ")");
  }
}

AlignedBytes copy_of(const float* values, std::int64_t count) {
  const std::size_t bytes = static_cast<std::size_t>(count) * sizeof(float);
  AlignedBytes copy = allocate_aligned(bytes);
  std::memcpy(copy.get(), values, bytes);
  return copy;
}

}  // namespace

ConvolutionInput with_same_padding(std::int64_t height, std::int64_t width,
                                   const ConvolutionShape& shape) {
  const auto zeros = [&](std::int64_t size) {
    const std::int64_t outputs = (size + shape.stride - 1) / shape.stride;
    return std::max<std::int64_t>((outputs - 1) * shape.stride + shape.kernel - size, 0);
  };
  const std::int64_t rows = zeros(height);
  const std::int64_t columns = zeros(width);
  return {height, width, {rows / 2, rows - rows / 2, columns / 2, columns - columns / 2}};
}

// The weights, and a plan for each of the sizes seen last.
class Convolution::Plans {
 public:
  Plans(const ConvolutionShape& shape, const float* weight, const float* bias,
        const ConvolutionInput& expected)
      : shape_(shape), bias_(copy_of(bias, shape.outputs)) {
    const SingleOpenMpThread single;  // as in the tasks that will run it
    plans_.push_back(std::make_shared<const ConvolutionPlan>(shape, expected, engine_, nullptr));
    layout_ = plans_.front()->weights_layout();
    weights_ = allocate_aligned(layout_.get_size());
    const std::int64_t kernel = shape.kernel;
    const std::int64_t inputs = shape.inputs / shape.groups;
    using Format = dnnl::memory::format_tag;
    const dnnl::memory::desc plain =
        shape.groups == 1 ? dnnl::memory::desc({shape.outputs, inputs, kernel, kernel},
                                               dnnl::memory::data_type::f32, Format::oihw)
                          : dnnl::memory::desc({shape.groups, shape.outputs / shape.groups, inputs,
                                                kernel, kernel},
                                               dnnl::memory::data_type::f32, Format::goihw);
    dnnl::memory source(plain, engine_, const_cast<float*>(weight));
    dnnl::memory target(layout_, engine_, weights_.get());
    dnnl::stream stream(engine_);
    dnnl::reorder(source, target).execute(stream, source, target);
    stream.wait();
  }

  // Whether results are the same, of images of any size.
  [[nodiscard]] bool equals(const Plans& other) const {
    return shape_ == other.shape_ && layout_ == other.layout_ &&
           std::memcmp(bias(), other.bias(),
                       static_cast<std::size_t>(shape_.outputs) * sizeof(float)) == 0 &&
           std::memcmp(weights(), other.weights(), layout_.get_size()) == 0;
  }

  [[nodiscard]] const ConvolutionShape& shape() const noexcept { return shape_; }
  [[nodiscard]] const dnnl::engine& engine() const noexcept { return engine_; }
  [[nodiscard]] const std::byte* weights() const noexcept { return weights_.get(); }
  [[nodiscard]] const float* bias() const noexcept {
    return reinterpret_cast<const float*>(bias_.get());
  }

  std::shared_ptr<const ConvolutionPlan> plan_for(const ConvolutionInput& input) {
    const std::lock_guard lock(mutex_);
    const auto known = std::find_if(plans_.begin(), plans_.end(),
                                    [&](const auto& plan) { return plan->input() == input; });
    if (known != plans_.end()) {
      std::rotate(known, known + 1, plans_.end());  // the last is the one used last
      return plans_.back();
    }
    const SingleOpenMpThread single;
    auto plan = std::make_shared<const ConvolutionPlan>(shape_, input, engine_, &layout_);
    if (plans_.size() == kMaxPlans) plans_.erase(plans_.begin());
    plans_.push_back(plan);
    return plan;
  }

 private:
  ConvolutionShape shape_;
  dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
  dnnl::memory::desc layout_;
  AlignedBytes weights_;
  AlignedBytes bias_;
  std::mutex mutex_;
  std::vector<std::shared_ptr<const ConvolutionPlan>> plans_;
};

Convolution::Convolution(const ConvolutionShape& shape, const float* weight, const float* bias,
                         const ConvolutionInput& expected)
    : plans_(checked([&] { return std::make_shared<Plans>(shape, weight, bias, expected); })) {}
Convolution::Convolution() = default;
Convolution::~Convolution() = default;
Convolution::Convolution(Convolution&&) noexcept = default;
Convolution& Convolution::operator=(Convolution&&) noexcept = default;

Convolution ConvolutionPool::shared(Convolution convolution) {
  const std::lock_guard lock(mutex_);
  std::erase_if(known_, [](const auto& each) { return each.expired(); });
  for (const auto& each : known_) {
    if (auto plans = each.lock(); plans && plans->equals(*convolution.plans_)) {
      convolution.plans_ = std::move(plans);
      return convolution;
    }
  }
  known_.push_back(convolution.plans_);
  return convolution;
}

const ConvolutionShape& Convolution::shape() const noexcept {
  return plans_->shape();
}

void Convolution::apply(const float* x, std::int64_t batch, const ConvolutionInput& input,
                        float* out, Context& context) const {
  const auto plan = checked([&] { return plans_->plan_for(input); });
  const Scratch::Frame frame(context.scratch());
  const auto scratch =
      allocate_for_threads<std::byte>(context, static_cast<std::int64_t>(plan->scratch_bytes()));
  const std::size_t strips = plan->strips();
  context.threads().parallel_for(
      static_cast<std::size_t>(batch) * strips, [&](std::size_t task, int thread) {
        const auto image = static_cast<std::int64_t>(task / strips);
        checked([&] {
          plan->run(task % strips, x + image * plan->input_floats(), plans_->weights(),
                    plans_->bias(), out + image * plan->output_floats(),
                    scratch[static_cast<std::size_t>(thread)], plans_->engine());
        });
      });
}

}  // namespace blip
