// Models whose logit_scale or logit_bias makes no scores.
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>

#include "blip/chinese_clip.hpp"
#include "blip/clip.hpp"
#include "blip/model.hpp"
#include "blip/siglip.hpp"
#include "filled_model.hpp"
#include "tests/core/expect_error.hpp"

namespace blip {
namespace {

constexpr float kEndless = std::numeric_limits<float>::infinity();
constexpr float kNoNumber = std::numeric_limits<float>::quiet_NaN();

// Of a safetensors file, a tensor of one element.
void set_number(const std::filesystem::path& model, const std::string& tensor, float value) {
  const std::filesystem::path file = model / "model.safetensors";
  std::ifstream in(file, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(in), {}};
  std::uint64_t header = 0;
  std::memcpy(&header, bytes.data(), sizeof header);
  const auto entry = nlohmann::json::parse(bytes.substr(sizeof header, header)).at(tensor);
  const std::size_t size = entry.at("dtype") == "BF16" ? 2 : 4;  // the upper half of a float32
  const std::size_t at = sizeof header + header + entry.at("data_offsets").at(0).get<std::size_t>();
  std::memcpy(bytes.data() + at, reinterpret_cast<const char*>(&value) + 4 - size, size);
  std::ofstream(file, std::ios::binary) << bytes;
}

using Load = std::function<void(const std::filesystem::path&)>;

template <typename Model>
void load_as(const std::filesystem::path& model) {
  static_cast<void>(Model::from_pretrained(model));
}

void expect_scale_is_checked(const std::filesystem::path& model, const Load& load_model) {
  for (const float value : {1000.0F, 89.0F, kEndless, -kEndless, kNoNumber}) {
    SCOPED_TRACE(value);
    set_number(model, "logit_scale", value);
    expect_error(ErrorCode::malformed,
                 "model.safetensors: tensor 'logit_scale' or its exponential is not finite",
                 [&] { load_model(model); });
  }
  for (const float value : {-1000.0F, 0.0F, 4.6F, 88.0F}) {
    SCOPED_TRACE(value);
    set_number(model, "logit_scale", value);
    EXPECT_NO_THROW(load_model(model));
  }
}

TEST(LogitScale, OfEveryClassMakesScores) {
  const FilledModel clip("clip");
  expect_scale_is_checked(clip.path(), load_as<CLIPModel>);
  const FilledModel chinese_clip("chinese_clip");
  expect_scale_is_checked(chinese_clip.path(), load_as<ChineseCLIPModel>);
  const FilledModel siglip("siglip");
  expect_scale_is_checked(siglip.path(), load_as<SiglipModel>);
  const TemporaryDirectory directory;
  const std::filesystem::path model = directory.path() / "blip";
  std::filesystem::copy(BLIP_TEST_DATA "/blip", model);
  std::filesystem::permissions(model / "model.safetensors", std::filesystem::perms::owner_write,
                               std::filesystem::perm_options::add);
  expect_scale_is_checked(model, load_as<BlipModel>);
}

TEST(LogitBias, IsFinite) {
  const FilledModel siglip("siglip");
  for (const float value : {kEndless, -kEndless, kNoNumber}) {
    set_number(siglip.path(), "logit_bias", value);
    expect_error(ErrorCode::malformed, "model.safetensors: tensor 'logit_bias' is not finite",
                 [&] { load_as<SiglipModel>(siglip.path()); });
  }
  set_number(siglip.path(), "logit_bias", -1000.0F);
  EXPECT_NO_THROW(load_as<SiglipModel>(siglip.path()));
}

}  // namespace
}  // namespace blip
