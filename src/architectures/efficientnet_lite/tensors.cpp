#include "architectures/efficientnet_lite/tensors.hpp"

#include "architectures/efficientnet_lite/blocks.hpp"

namespace blip {

void add_efficientnet_lite(ExpectedTensorList& list, const EfficientNetLiteConfig& config,
                           const std::string& prefix) {
  const int stem = stem_channels(config);
  list.add(prefix + "embeddings.convolution.weight", {stem, 3, kStemKernel, kStemKernel});
  list.batch_norm(prefix + "embeddings.batchnorm", stem);
  const std::string encoder = prefix + "encoder.";
  int index = 0;
  int channels = stem;
  for (const EfficientNetLiteBlock& block : blocks_of(config)) {
    const std::string name = encoder + "blocks." + std::to_string(index++) + ".";
    if (block.expands()) {
      list.pointwise(name + "expansion.expand_conv.weight", block.expanded, block.inputs);
      list.batch_norm(name + "expansion.expand_bn", block.expanded);
    }
    list.add(name + "depthwise_conv.depthwise_conv.weight",
             {block.expanded, 1, block.kernel, block.kernel});
    list.batch_norm(name + "depthwise_conv.depthwise_norm", block.expanded);
    list.pointwise(name + "projection.project_conv.weight", block.outputs, block.expanded);
    list.batch_norm(name + "projection.project_bn", block.outputs);
    channels = block.outputs;
  }
  list.pointwise(encoder + "top_conv.weight", config.hidden_dim, channels);
  list.batch_norm(encoder + "top_bn", config.hidden_dim);
}

}  // namespace blip
