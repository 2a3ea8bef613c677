// What WeightLoader accepts, converts and refuses, on small safetensors files written here.
#include "model/weight_loader.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <functional>
#include <string>

#include "blip/error.hpp"
#include "tests/checkpoint/safetensors_bytes.hpp"
#include "tests/core/expect_error.hpp"
#include "tests/core/temporary_directory.hpp"

namespace blip {
namespace {

// w: f32 [2, 3] = 0…5, h: f16 [2] = 1, -2, i: i64 [1]; `padding` spaces in the header shift the
// data, which the format allows to start anywhere.
class WeightLoaderTest : public ::testing::Test {
 protected:
  Checkpoint open(std::size_t padding = 0) {
    const float values[] = {0, 1, 2, 3, 4, 5};
    const std::uint16_t halves[] = {0x3c00, 0xc000};
    std::string data(reinterpret_cast<const char*>(values), sizeof(values));
    data.append(reinterpret_cast<const char*>(halves), sizeof(halves));
    data.append(8, '\0');
    const std::string header = R"({"w":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},)"
                               R"("h":{"dtype":"F16","shape":[2],"data_offsets":[24,28]},)"
                               R"("i":{"dtype":"I64","shape":[1],"data_offsets":[28,36]}})" +
                               std::string(padding, ' ');
    directory_.write("model.safetensors", safetensors_bytes(header, data));
    return Checkpoint::open(directory_.path());
  }

  TemporaryDirectory directory_;
  ConvertedWeights converted_;
};

TEST_F(WeightLoaderTest, UsesWeightsInPlaceWhereverTheyAreAligned) {
  std::size_t in_place = 0;
  for (std::size_t padding = 0; padding < 4; ++padding) {
    const Checkpoint checkpoint = open(padding);
    converted_.clear();
    WeightLoader loader(checkpoint, WeightType::stored, converted_);
    const WeightMatrix matrix = loader.matrix("w", {2, 3});
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(matrix.data) % sizeof(float), 0U);
    EXPECT_EQ(static_cast<const float*>(matrix.data)[5], 5.0F);
    if (converted_.empty()) ++in_place;
  }
  EXPECT_EQ(in_place, 1U) << "one of four offsets is aligned; the others need a copy";
}

TEST_F(WeightLoaderTest, ConvertsToTheTypeAskedFor) {
  const Checkpoint checkpoint = open();
  WeightLoader loader(checkpoint, WeightType::f16, converted_);
  const WeightMatrix matrix = loader.matrix("w", {2, 3});
  EXPECT_EQ(matrix.format, WeightFormat::f16);
  EXPECT_EQ(static_cast<const std::uint16_t*>(matrix.data)[2], 0x4000);  // 2.0
  const float* values = loader.values("h", {2});  // vectors are float32 whatever is asked
  EXPECT_EQ(values[0], 1.0F);
  EXPECT_EQ(values[1], -2.0F);
  WeightLoader bf16(checkpoint, WeightType::bf16, converted_);
  EXPECT_EQ(static_cast<const std::uint16_t*>(bf16.matrix("h", {2}).data)[1], 0xc000);  // -2.0
}

TEST_F(WeightLoaderTest, NamesWhatIsMissingMisshapenOrNotAWeight) {
  const Checkpoint checkpoint = open();
  WeightLoader loader(checkpoint, WeightType::stored, converted_);
  const auto message = [&](ErrorCode code, const std::function<void()>& work) {
    try {
      work();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), code);
      return std::string(error.what());
    }
    return std::string("no error");
  };
  EXPECT_NE(message(ErrorCode::missing_tensor,
                    [&] {
                      loader.matrix("absent", {4, 2});
                    })
                .find("model.safetensors: tensor 'absent' [4, 2] is missing"),
            std::string::npos);
  EXPECT_NE(message(ErrorCode::shape_mismatch,
                    [&] {
                      loader.matrix("w", {3, 2});
                    })
                .find("tensor 'w' has shape [2, 3], config.json asks for [3, 2]"),
            std::string::npos);
  EXPECT_NE(message(ErrorCode::unsupported, [&] { loader.values("i", {1}); })
                .find("tensor 'i' holds I64"),
            std::string::npos);
}

TEST_F(WeightLoaderTest, NamesTheDirectoryWhenThereAreShards) {
  const std::string a[] = {"a"};
  const std::string b[] = {"b"};
  directory_.write("one.safetensors", one_value_tensors(a));
  directory_.write("two.safetensors", one_value_tensors(b));
  directory_.write("model.safetensors.index.json",
                   R"({"weight_map":{"a":"one.safetensors","b":"two.safetensors"}})");
  const Checkpoint checkpoint = Checkpoint::open(directory_.path());
  WeightLoader loader(checkpoint, WeightType::stored, converted_);
  expect_error(ErrorCode::missing_tensor,
               directory_.path().string() + ": tensor 'c' [1] is missing",
               [&] { loader.values("c", {1}); });
}

TEST_F(WeightLoaderTest, ListsWhatNothingAskedFor) {
  const Checkpoint checkpoint = open();
  WeightLoader loader(checkpoint, WeightType::stored, converted_);
  loader.matrix("w", {2, 3});
  EXPECT_EQ(loader.unused(), (std::vector<std::string>{"h", "i"}));
}

}  // namespace
}  // namespace blip
