// The hybrid vision tower: its backbone against PyTorch's own layers, and what stays fixed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "architectures/blip/tensors.hpp"
#include "blip/error.hpp"
#include "small_models.hpp"
#include "tests/core/temporary_directory.hpp"
#include "train/model/load_towers.hpp"
#include "train/run/tensor_file.hpp"

namespace blip::train {
namespace {

// Odd sizes: 13 pixels, then 7, 4 and 4, and one stage that is scaled by the depth.
BlipConfig hybrid_config() {
  BlipConfig config = small_config();
  EfficientNetLiteConfig backbone;
  backbone.width_coefficient = 1.0;
  backbone.depth_coefficient = 1.2;
  backbone.depth_divisor = 2;
  backbone.kernel_sizes = {3, 5, 3};
  backbone.in_channels = {4, 4, 6};
  backbone.out_channels = {4, 6, 10};
  backbone.strides = {1, 2, 1};
  backbone.num_block_repeats = {1, 2, 1};
  backbone.expand_ratios = {1, 3, 2};
  backbone.hidden_dim = 14;
  config.vision_config.backbone_config = backbone;
  config.vision_config.image_size = 13;
  config.vision_config.patch_size = 4;
  return config;
}

ModelOptions hybrid_options(bool is_fixed) {
  ModelOptions options = small_options(0.0, torch::kFloat64);
  options.vision.is_backbone_fixed = is_fixed;
  return options;
}

// Norms that do something.
void draw_statistics(Parameters& parameters) {
  const torch::NoGradGuard no_grad;
  const torch::Generator generator = seeded(9);
  for (Parameter& parameter : parameters.all()) {
    if (!is_of_backbone(parameter.name) || parameter.tensor.dim() != 1) continue;
    parameter.tensor.uniform_(0.5, 1.5, generator);
  }
}

torch::Tensor hybrid_images(std::int64_t rows) {
  return torch::rand({rows, 3, 13, 13}, seeded(3), torch::kFloat32).to(torch::kFloat64) * 4 - 2;
}

// As PyTorch's own modules compute it.
class Reference {
 public:
  explicit Reference(const Parameters& parameters, std::string prefix)
      : parameters_(parameters), prefix_(std::move(prefix)) {}

  [[nodiscard]] torch::Tensor tensor(const std::string& name) const {
    return parameters_.find(prefix_ + name)->tensor;
  }
  [[nodiscard]] torch::Tensor convolve(const torch::Tensor& x, const std::string& convolution,
                                       const std::string& norm, std::int64_t stride) const {
    constexpr std::int64_t kNone = 0;
    const torch::Tensor weight = tensor(convolution + ".weight");
    const auto places = (x.size(2) + stride - 1) / stride;
    const auto total =
        std::max<std::int64_t>((places - 1) * stride + weight.size(2) - x.size(2), 0);
    const std::int64_t before = total / 2;
    const torch::Tensor padded =
        torch::constant_pad_nd(x, {before, total - before, before, total - before});
    const torch::Tensor y = torch::conv2d(padded, weight, torch::Tensor(), stride,
                                          torch::IntArrayRef(kNone), 1, x.size(1) / weight.size(1));
    return torch::batch_norm(y, tensor(norm + ".weight"), tensor(norm + ".bias"),
                             tensor(norm + ".running_mean"), tensor(norm + ".running_var"),
                             /*training=*/false, 0.1, 1e-3F, false);
  }

 private:
  const Parameters& parameters_;
  std::string prefix_;
};

torch::Tensor reference_map(const Parameters& parameters, const torch::Tensor& images) {
  const Reference net(parameters, "vision_model.embeddings.backbone.");
  torch::Tensor x =
      torch::relu6(net.convolve(images, "embeddings.convolution", "embeddings.batchnorm", 2));
  for (int i = 0; i < 5; ++i) {  // 1 + ceil(2 · 1.2) + 1 blocks
    const std::string block = "encoder.blocks." + std::to_string(i) + ".";
    torch::Tensor y = x;
    if (i > 0) {
      y = torch::relu6(
          net.convolve(y, block + "expansion.expand_conv", block + "expansion.expand_bn", 1));
    }
    y = torch::relu6(net.convolve(y, block + "depthwise_conv.depthwise_conv",
                                  block + "depthwise_conv.depthwise_norm", i == 1 ? 2 : 1));
    y = net.convolve(y, block + "projection.project_conv", block + "projection.project_bn", 1);
    x = x.size(1) == y.size(1) && i != 1 ? x + y : y;
  }
  return torch::relu6(net.convolve(x, "encoder.top_conv", "encoder.top_bn", 1));
}

TEST(HybridTower, BackboneIsPytorchsOwn) {
  CaptioningModel model = make_captioning_model(hybrid_config(), hybrid_options(false));
  model.parameters.initialise(seeded(1));
  draw_statistics(model.parameters);
  const EfficientNetLite& backbone = *model.vision.backbone;
  const torch::Tensor images = hybrid_images(2);
  const auto gradients_of = [&](const torch::Tensor& map) {
    (map * map).sum().backward();
    std::vector<torch::Tensor> gradients;
    for (const Parameter& parameter : model.parameters.all()) {
      if (is_of_backbone(parameter.name) && parameter.role == Role::trained) {
        gradients.push_back(parameter.tensor.grad().clone());
      }
    }
    model.parameters.zero_grad();
    return gradients;
  };
  const torch::Tensor map = backbone.head(backbone.trunk(images));
  const torch::Tensor wanted = reference_map(model.parameters, images);
  EXPECT_EQ(map.sizes(), torch::IntArrayRef({2, 14, 4, 4}));
  EXPECT_TRUE(torch::allclose(map, wanted, 1e-10, 1e-10));
  const auto ours = gradients_of(map);
  const auto theirs = gradients_of(wanted);
  ASSERT_EQ(ours.size(), 3U * (1 + 2 + 4 * 3 + 1));
  for (std::size_t i = 0; i < ours.size(); ++i) {
    EXPECT_TRUE(torch::allclose(ours[i], theirs[i], 1e-8, 1e-9)) << i;
  }
}

TEST(HybridTower, HasWhatTheArchitectureLists) {
  const CaptioningModel model = make_captioning_model(hybrid_config(), hybrid_options(true));
  EXPECT_EQ(model.vision.position_embedding.size(1), 1 + 4 * 4);
  BlipConfig config = hybrid_config();
  config.architecture = "BlipForConditionalGeneration";
  for (const ExpectedTensor& expected : expected_tensors(config)) {
    const Parameter* parameter = model.parameters.find(expected.name);
    ASSERT_NE(parameter, nullptr) << expected.name;
    EXPECT_EQ(parameter->tensor.sizes(), torch::IntArrayRef(expected.shape)) << expected.name;
  }
}

TEST(HybridTower, TakesWhatTheTrunkMadeOfTheImages) {
  CaptioningModel model = make_captioning_model(hybrid_config(), hybrid_options(true));
  model.parameters.initialise(seeded(1));
  const torch::Tensor images = hybrid_images(2);
  const torch::Tensor features = model.vision.backbone->trunk(images);
  EXPECT_TRUE(model.vision.forward(features, false).equal(model.vision.forward(images, false)));
  EXPECT_THAT([&] { return model.vision.forward(small_images(2), false); },
              testing::ThrowsMessage<Error>(testing::HasSubstr("instead of [B, 3, 13, 13]")));
}

TEST(HybridTower, FixedBackboneHasNoGradientAndOneCopy) {
  RetrievalModel fixed = make_retrieval_model(hybrid_config(), hybrid_options(true));
  fixed.parameters.initialise(seeded(1));
  EXPECT_TRUE(
      fixed.momentum.vision.backbone->top.weight.is_same(fixed.online.vision.backbone->top.weight));
  EXPECT_EQ(fixed.parameters.find("vision_model_m.embeddings.backbone.encoder.top_conv.weight"),
            nullptr);
  for (const auto& [name, tensor] : fixed.parameters.trained()) EXPECT_FALSE(is_of_backbone(name));
  fixed.online.vision.forward(hybrid_images(1), true).sum().backward();
  EXPECT_FALSE(fixed.online.vision.backbone->top.weight.grad().defined());
  EXPECT_TRUE(fixed.online.vision.patch_embedding.weight.grad().defined());

  RetrievalModel trained = make_retrieval_model(hybrid_config(), hybrid_options(false));
  trained.parameters.initialise(seeded(1));
  draw_statistics(trained.parameters);
  copy_to_momentum(trained.momentum_pairs);
  trained.online.vision.forward(hybrid_images(1), true).sum().backward();
  EXPECT_TRUE(trained.online.vision.backbone->stem.weight.grad().defined());
  EXPECT_TRUE(trained.momentum.vision.backbone->top.running_var.equal(
      trained.online.vision.backbone->top.running_var));
}

TEST(HybridTower, IsFilledFromAClassifier) {
  CaptioningModel source = make_captioning_model(hybrid_config(), hybrid_options(true));
  source.parameters.initialise(seeded(1));
  draw_statistics(source.parameters);
  NamedTensors classifier = {{"classifier.weight", torch::ones({10, 14})}};
  const std::string prefix = "vision_model.embeddings.backbone.";
  for (const auto& [name, tensor] : source.parameters.named_state()) {
    if (!name.starts_with(prefix)) continue;
    classifier.emplace_back("efficientnet." + name.substr(prefix.size()),
                            tensor.to(torch::kFloat32));
  }
  const TemporaryDirectory directory;
  const auto file = directory.path() / "model.safetensors";
  replace_tensor_file(file, classifier);

  CaptioningModel model = make_captioning_model(hybrid_config(), hybrid_options(true));
  model.parameters.initialise(seeded(2));
  EXPECT_EQ(load_backbone(model.parameters, file).size(), classifier.size() - 1);
  EXPECT_TRUE(torch::allclose(model.vision.backbone->top.running_mean,
                              source.vision.backbone->top.running_mean, 1e-6));
  classifier.pop_back();
  replace_tensor_file(file, classifier);
  EXPECT_THAT([&] { load_backbone(model.parameters, file); },
              testing::ThrowsMessage<Error>(testing::HasSubstr("has no tensor \"efficientnet.")));
}

}  // namespace
}  // namespace blip::train
