#include "architectures/efficientnet_lite/config.hpp"

#include <algorithm>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>

#include "architectures/efficientnet_lite/blocks.hpp"
#include "core/in_quotes.hpp"
#include "core/shortest_number.hpp"

namespace blip {
namespace {

// Far beyond Lite4 (448 channels, 7 stages, 32 blocks), small enough that no product leaves int64
// and that a short file cannot ask for long work.
constexpr std::size_t kMaxStages = 32;
constexpr int kMaxBlocks = 1'000;
constexpr int kMaxStride = 16'384;  // of an image that is no larger
constexpr int kMaxChannels = 65'536;
constexpr JsonFields::IntRange kChannels = {1, 16'384};
constexpr JsonFields::IntRange kKernels = {1, 63};
constexpr JsonFields::IntRange kStrides = {1, 64};
constexpr JsonFields::IntRange kRepeats = {1, 100};
constexpr JsonFields::IntRange kRatios = {1, 64};
constexpr JsonFields::IntRange kDivisors = {1, 1'024};
constexpr JsonFields::FloatRange kCoefficients = {1e-3, 100.0};

// A number for each stage.
void read_stages(const JsonFields& fields, const char* key, JsonFields::IntRange range,
                 std::vector<int>& numbers) {
  const nlohmann::json* value = fields.find(key);
  if (value == nullptr) return;
  if (!value->is_array() || value->empty() || value->size() > kMaxStages) {
    fields.fail(key, "must be a list of 1 to " + std::to_string(kMaxStages) + " numbers");
  }
  numbers.clear();
  for (const nlohmann::json& item : *value) numbers.push_back(fields.as_integer(item, key, range));
}

void require_stages(const JsonFields& fields, const char* key, const std::vector<int>& numbers,
                    std::size_t stages) {
  if (numbers.size() == stages) return;
  fields.fail(key, "has " + std::to_string(numbers.size()) + " numbers for " +
                       std::to_string(stages) + " stages (out_channels)");
}

void check_sizes(const JsonFields& fields, const EfficientNetLiteConfig& config) {
  const std::size_t stages = config.out_channels.size();
  require_stages(fields, "kernel_sizes", config.kernel_sizes, stages);
  require_stages(fields, "in_channels", config.in_channels, stages);
  require_stages(fields, "strides", config.strides, stages);
  require_stages(fields, "num_block_repeats", config.num_block_repeats, stages);
  require_stages(fields, "expand_ratios", config.expand_ratios, stages);
  for (std::size_t stage = 1; stage < stages; ++stage) {
    if (config.in_channels[stage] == config.out_channels[stage - 1]) continue;
    fields.fail("in_channels", std::to_string(config.in_channels[stage]) + " of stage " +
                                   std::to_string(stage) + " are not the " +
                                   std::to_string(config.out_channels[stage - 1]) +
                                   " out_channels of the one before");
  }
  std::int64_t stride = kStemStride;
  double blocks = 0;
  for (std::size_t stage = 0; stage < stages; ++stage) {
    stride *= config.strides[stage];
    if (stride > kMaxStride) fields.fail("strides", "leave nothing of an image");
    blocks += config.depth_coefficient * config.num_block_repeats[stage] + 1;
    const double scaled = config.width_coefficient * config.out_channels[stage];
    const double widest = std::max<double>(scaled + config.depth_divisor, config.in_channels[0]);
    if (widest * config.expand_ratios[stage] > kMaxChannels) {
      fields.fail("expand_ratios", "make more than " + std::to_string(kMaxChannels) + " channels");
    }
  }
  if (blocks > kMaxBlocks) {
    fields.fail("num_block_repeats", "make more than " + std::to_string(kMaxBlocks) + " blocks");
  }
}

}  // namespace

EfficientNetLiteConfig parse_efficientnet_lite(const JsonFields& fields) {
  const std::string type = fields.string("model_type").value_or("");
  if (type != kEfficientNetLiteType) {
    fields.fail("model_type",
                in_quotes(type) + " is not supported, only " + in_quotes(kEfficientNetLiteType),
                ErrorCode::unsupported);
  }
  EfficientNetLiteConfig config;
  config.width_coefficient =
      fields.number("width_coefficient", kCoefficients).value_or(config.width_coefficient);
  config.depth_coefficient =
      fields.number("depth_coefficient", kCoefficients).value_or(config.depth_coefficient);
  config.depth_divisor = fields.integer("depth_divisor", kDivisors).value_or(config.depth_divisor);
  read_stages(fields, "kernel_sizes", kKernels, config.kernel_sizes);
  read_stages(fields, "in_channels", kChannels, config.in_channels);
  read_stages(fields, "out_channels", kChannels, config.out_channels);
  read_stages(fields, "strides", kStrides, config.strides);
  read_stages(fields, "num_block_repeats", kRepeats, config.num_block_repeats);
  read_stages(fields, "expand_ratios", kRatios, config.expand_ratios);
  config.hidden_dim = fields.integer("hidden_dim", {1, kMaxChannels}).value_or(config.hidden_dim);
  config.hidden_act = fields.string("hidden_act").value_or(config.hidden_act);
  config.batch_norm_eps = static_cast<float>(
      fields.number("batch_norm_eps", {0.0, 1.0}).value_or(config.batch_norm_eps));
  if (config.hidden_act != "relu6") {
    fields.fail("hidden_act", in_quotes(config.hidden_act) + " is not supported, only \"relu6\"",
                ErrorCode::unsupported);
  }
  check_sizes(fields, config);
  return config;
}

nlohmann::ordered_json efficientnet_lite_json(const EfficientNetLiteConfig& config) {
  return {{"model_type", kEfficientNetLiteType},
          {"width_coefficient", config.width_coefficient},
          {"depth_coefficient", config.depth_coefficient},
          {"depth_divisor", config.depth_divisor},
          {"kernel_sizes", config.kernel_sizes},
          {"in_channels", config.in_channels},
          {"out_channels", config.out_channels},
          {"strides", config.strides},
          {"num_block_repeats", config.num_block_repeats},
          {"expand_ratios", config.expand_ratios},
          {"hidden_dim", config.hidden_dim},
          {"hidden_act", config.hidden_act},
          {"batch_norm_eps", shortest_number(config.batch_norm_eps)}};
}

}  // namespace blip
