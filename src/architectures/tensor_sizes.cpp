#include "architectures/tensor_sizes.hpp"

#include <algorithm>
#include <cmath>

namespace blip {

int TensorSizes::size(const std::string& name, std::size_t rank, std::size_t dimension,
                      std::int64_t limit) const {
  const CheckpointTensor* tensor = checkpoint_.find(name);
  if (tensor == nullptr) {
    fail("has no config.json, and no tensor '" + name + "' to tell the sizes from",
         ErrorCode::unsupported);
  }
  if (tensor->shape.size() != rank || tensor->shape[dimension] < 1 ||
      tensor->shape[dimension] > limit) {
    fail("tensor '" + name + "' has a shape that no " + model_ + " has");
  }
  return static_cast<int>(tensor->shape[dimension]);
}

int TensorSizes::layers(const std::string& prefix, const std::string& name) const {
  int count = 0;
  while (count < kLayerCounts.max && has(prefix + std::to_string(count) + name)) ++count;
  if (count == 0) fail("has no layers of '" + prefix + "'");
  return count;
}

int TensorSizes::grid(int rows, int patch_size) const {
  const int edge = static_cast<int>(std::lround(std::sqrt(std::max(rows, 0))));
  if (edge < 1 || edge * edge != rows || edge * patch_size > kPixelSizes.max) {
    fail("has positions of " + std::to_string(rows) + " patches, which are no square");
  }
  return edge;
}

int TensorSizes::heads(int width, int of_one) const {
  if (width % of_one != 0) {
    fail("a tower's width, " + std::to_string(width) + ", is no multiple of " +
             std::to_string(of_one) + ", so the number of heads is unknown without a config",
         ErrorCode::unsupported);
  }
  return width / of_one;
}

int usual_head_width(int width) {
  switch (width) {
    case 1152:
      return 72;
    case 1280:
      return 80;
    case 1408:
      return 88;
    case 1664:
      return 104;
    case 1792:
      return 112;
    default:
      return 64;
  }
}

}  // namespace blip
