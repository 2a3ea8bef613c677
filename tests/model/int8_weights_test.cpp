// Int8 weights: made of a float checkpoint, or stored as such, with the scales beside them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

#include "checkpoint/safetensors_writer.hpp"
#include "kernels/int8/quantize_weights.hpp"
#include "kernels/layout/convert.hpp"
#include "model/tensor_rows.hpp"
#include "model/weight_loader.hpp"
#include "tests/checkpoint/torch_bytes.hpp"
#include "tests/core/expect_error.hpp"
#include "tests/core/temporary_directory.hpp"

namespace blip {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Shape = std::vector<std::int64_t>;

template <typename T>
std::string bytes_of(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

std::vector<float> wave(std::size_t count) {
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i) {
    values[i] = 0.1F * std::sin(static_cast<float>(i) * 1.7F);
  }
  return values;
}

template <typename T>
std::vector<T> list(const void* data, std::int64_t count) {
  const auto* first = static_cast<const T*>(data);
  return {first, first + count};
}

class Int8Weights : public ::testing::Test {
 protected:
  // In the order given: the first tensor's bytes are aligned.
  void add(const std::string& name, DType dtype, const Shape& shape, const std::string& bytes) {
    places_.push_back({name, dtype, shape});
    data_ += bytes;
  }
  Checkpoint open() {
    directory_.write("model.safetensors", safetensors_header(places_) + data_);
    return Checkpoint::open(directory_.path());
  }
  // stored: [[-128, 0], [127, 3], [1, 2]], meant: times 0.5, 2 and 0
  void add_stored(const std::vector<float>& scales = {0.5F, 2.0F, 0.0F},
                  const Shape& shape = {3, 1}) {
    add("w.weight_scale", DType::f32, shape, bytes_of(scales));
    add("w.weight", DType::i8, {3, 2}, bytes_of(std::vector<std::int8_t>{-128, 0, 127, 3, 1, 2}));
  }
  WeightMatrix matrix(const Checkpoint& checkpoint, WeightType type, const std::string& name,
                      std::initializer_list<std::int64_t> shape) {
    WeightLoader loader(checkpoint, type, converted_);
    return loader.matrix(name, shape);
  }

  TemporaryDirectory directory_;
  ConvertedWeights converted_;
  std::vector<SafetensorsPlace> places_;
  std::string data_;
};

TEST_F(Int8Weights, AreMadeOfEveryStoredFormat) {
  const std::vector<float> values = wave(std::size_t{5} * 37);
  std::vector<std::uint16_t> half(values.size());
  add("f32", DType::f32, {5, 37}, bytes_of(values));
  convert_from_f32(values.data(), values.size(), WeightFormat::f16, half.data());
  add("f16", DType::f16, {5, 37}, bytes_of(half));
  add("odd", DType::i8, {1}, "x");  // what follows is misaligned
  convert_from_f32(values.data(), values.size(), WeightFormat::bf16, half.data());
  add("bf16", DType::bf16, {5, 37}, bytes_of(half));
  const Checkpoint checkpoint = open();
  for (const std::string name : {"f32", "f16", "bf16"}) {
    SCOPED_TRACE(name);
    WeightLoader wide(checkpoint, WeightType::f32, converted_);
    const auto* source = static_cast<const float*>(wide.matrix(name, {5, 37}).data);
    std::vector<std::int8_t> expected(values.size());
    std::vector<float> scales(5);
    quantize_rows(source, 5, 37, expected.data(), scales.data());

    const WeightMatrix found = matrix(checkpoint, WeightType::i8, name, {5, 37});
    EXPECT_EQ(found.format, WeightFormat::i8);
    EXPECT_EQ(found.rows, 5);
    EXPECT_EQ(found.columns, 37);
    EXPECT_EQ(list<std::int8_t>(found.data, 5 * 37), expected);
    EXPECT_EQ(list<float>(found.scales, 5), scales);
    EXPECT_EQ(found.row_sums, nullptr) << "only layers that quantise their inputs have them";
  }
}

TEST_F(Int8Weights, OnlyMatricesAre) {
  add("patches", DType::f32, {2, 3, 1, 2}, bytes_of(wave(12)));
  add("bias", DType::f32, {6}, bytes_of(wave(6)));
  const Checkpoint checkpoint = open();
  WeightLoader loader(checkpoint, WeightType::i8, converted_);
  const WeightMatrix patches = loader.matrix("patches", {2, 3, 1, 2});
  EXPECT_EQ(patches.format, WeightFormat::f32);
  EXPECT_EQ(patches.data, checkpoint.find("patches")->bytes.data()) << "as stored";
  EXPECT_EQ(loader.values("bias", {6})[1], wave(2)[1]);
  EXPECT_THAT(converted_, IsEmpty());
}

TEST_F(Int8Weights, AConvolutionOfSinglePixelsIsAMatrix) {
  constexpr std::int64_t kSide = 256;
  constexpr auto kCount = static_cast<std::size_t>(kSide * kSide);
  const std::vector<float> values = wave(kCount);
  add("pointwise", DType::f32, {kSide, kSide, 1, 1}, bytes_of(values));
  const Checkpoint checkpoint = open();
  WeightLoader loader(checkpoint, WeightType::i8, converted_);
  const WeightMatrix matrix = loader.matrix("pointwise", {kSide, kSide, 1, 1});
  std::vector<std::int8_t> expected(kCount);
  std::vector<float> scales(kSide);
  quantize_rows(values.data(), kSide, kSide, expected.data(), scales.data());
  EXPECT_EQ(matrix.format, WeightFormat::i8);
  EXPECT_EQ(matrix.columns, kSide);
  EXPECT_EQ(list<std::int8_t>(matrix.data, kCount), expected);
  EXPECT_EQ(list<float>(matrix.scales, kSide), scales);
}

// Of few weights it stays what it is.
TEST_F(Int8Weights, ASmallConvolutionKeepsItsType) {
  add("pointwise", DType::f32, {255, 256, 1, 1}, bytes_of(wave(255 * 256)));
  add("matrix", DType::f32, {2, 3}, bytes_of(wave(6)));
  const Checkpoint checkpoint = open();
  WeightLoader loader(checkpoint, WeightType::i8, converted_);
  EXPECT_EQ(loader.matrix("pointwise", {255, 256, 1, 1}).format, WeightFormat::f32);
  EXPECT_EQ(loader.matrix("matrix", {2, 3}).format, WeightFormat::i8);
}

TEST_F(Int8Weights, FloatsAreWhatIsMeant) {
  const std::vector<float> scales = {0.5F, 2.0F};
  add("pointwise", DType::i8, {2, 2, 1, 1}, std::string("\x01\xff\x03\x80", 4));
  add("pointwise_scale", DType::f32, {2, 1}, bytes_of(scales));
  const Checkpoint checkpoint = open();
  WeightLoader loader(checkpoint, WeightType::stored, converted_);
  EXPECT_EQ(loader.floats("pointwise", {2, 2, 1, 1}),
            (std::vector<float>{0.5F, -0.5F, 6.0F, -256.0F}));
  EXPECT_THAT(loader.unused(), IsEmpty());
}

TEST_F(Int8Weights, ALargeMatrixIsQuantisedPieceByPiece) {
  // More than three pieces, the last one short.
  const std::int64_t rows = 1000;
  const std::int64_t columns = 900;
  const std::vector<float> values = wave(static_cast<std::size_t>(rows * columns));
  add("w", DType::f32, {rows, columns}, bytes_of(values));
  const Checkpoint checkpoint = open();
  std::vector<std::int8_t> expected(values.size());
  std::vector<float> scales(static_cast<std::size_t>(rows));
  quantize_rows(values.data(), rows, columns, expected.data(), scales.data());
  const WeightMatrix found = matrix(checkpoint, WeightType::i8, "w", {rows, columns});
  EXPECT_EQ(list<std::int8_t>(found.data, rows * columns), expected);
  EXPECT_EQ(list<float>(found.scales, rows), scales);
  // The pages were given back, not the values.
  EXPECT_EQ(
      std::memcmp(checkpoint.find("w")->bytes.data(), values.data(), values.size() * sizeof(float)),
      0);
}

// Tied tensors of a PyTorch file are one storage by two names.
TEST_F(Int8Weights, TensorsThatShareTheirElementsAreQuantisedOnce) {
  const std::vector<float> values = {1, 2, 3, 4};
  const std::string shared =
      pickled({.key = "0", .elements = 4, .shape = {2, 2}, .strides = {2, 1}});
  directory_.write(
      "pytorch_model.bin",
      torch_zip(pickled_dict({{"words", shared}, {"head", shared}}), {{"0", bytes_of(values)}}));
  const Checkpoint checkpoint = Checkpoint::open(directory_.path());
  WeightLoader loader(checkpoint, WeightType::i8, converted_);
  const WeightMatrix words = loader.matrix("words", {2, 2});
  const WeightMatrix head = loader.matrix("head", {2, 2});
  EXPECT_EQ(words.data, head.data);
  EXPECT_EQ(words.scales, head.scales);
  EXPECT_EQ(converted_.size(), 2U) << "the values and the scales";
}

// Views of one storage begin at one address, and need not be of one shape.
TEST_F(Int8Weights, TensorsOfOtherShapesInTheSameStorageAreQuantisedByThemselves) {
  const std::vector<float> values = wave(12);
  const auto view = [](const std::vector<std::int64_t>& shape) {
    return pickled({.key = "0", .elements = 12, .shape = shape, .strides = {shape.back(), 1}});
  };
  directory_.write("pytorch_model.bin",
                   torch_zip(pickled_dict({{"narrow", view({2, 3})}, {"wide", view({2, 6})}}),
                             {{"0", bytes_of(values)}}));
  const Checkpoint checkpoint = Checkpoint::open(directory_.path());
  ASSERT_EQ(checkpoint.find("narrow")->bytes.data(), checkpoint.find("wide")->bytes.data());
  WeightLoader loader(checkpoint, WeightType::i8, converted_);
  for (const auto& [name, columns] : {std::pair("narrow", 3), std::pair("wide", 6)}) {
    SCOPED_TRACE(name);
    const auto count = static_cast<std::size_t>(2 * columns);
    std::vector<std::int8_t> expected(count);
    std::vector<float> scales(2);
    quantize_rows(values.data(), 2, columns, expected.data(), scales.data());
    const WeightMatrix found = loader.matrix(name, {2, columns});
    EXPECT_EQ(found.columns, columns);
    EXPECT_EQ(list<std::int8_t>(found.data, 2 * found.columns), expected);
    EXPECT_EQ(list<float>(found.scales, 2), scales);
  }
}

TEST_F(Int8Weights, StoredOnesThatShareTheirElementsHaveScalesOfTheirOwn) {
  const std::string shared = pickled(
      {.key = "0", .elements = 4, .shape = {2, 2}, .strides = {2, 1}, .type = "CharStorage"});
  const auto scales = [](std::int64_t offset) {
    return pickled(
        {.key = "1", .elements = 4, .shape = {2, 1}, .strides = {1, 1}, .offset = offset});
  };
  directory_.write(
      "pytorch_model.bin",
      torch_zip(pickled_dict(
                    {{"a", shared}, {"a_scale", scales(0)}, {"b", shared}, {"b_scale", scales(2)}}),
                {{"0", "\x01\x02\x03\x04"}, {"1", float_bytes({1, 2, 3, 4})}}));
  const Checkpoint checkpoint = Checkpoint::open(directory_.path());
  WeightLoader loader(checkpoint, WeightType::stored, converted_);
  const WeightMatrix a = loader.matrix("a", {2, 2});
  const WeightMatrix b = loader.matrix("b", {2, 2});
  EXPECT_EQ(a.data, b.data);
  EXPECT_THAT(list<float>(a.scales, 2), ElementsAre(1.0F, 2.0F));
  EXPECT_THAT(list<float>(b.scales, 2), ElementsAre(3.0F, 4.0F));
}

TEST_F(Int8Weights, AStoredOneIsUsedInPlace) {
  add_stored();
  const Checkpoint checkpoint = open();
  for (const WeightType type : {WeightType::stored, WeightType::i8}) {
    WeightLoader loader(checkpoint, type, converted_);
    const WeightMatrix found = loader.matrix("w.weight", {3, 2});
    EXPECT_EQ(found.format, WeightFormat::i8);
    EXPECT_EQ(found.data, checkpoint.find("w.weight")->bytes.data());
    EXPECT_EQ(found.columns, 2);
    EXPECT_THAT(list<float>(found.scales, 3), ElementsAre(0.5F, 2.0F, 0.0F));
    EXPECT_THAT(loader.unused(), IsEmpty());
  }
}

TEST_F(Int8Weights, AStoredOneIsExpandedForTheOthers) {
  add_stored();
  const Checkpoint checkpoint = open();
  const std::vector<float> meant = {-64.0F, 0.0F, 254.0F, 6.0F, 0.0F, 0.0F};
  for (const auto& [type, format] : {std::pair(WeightType::f32, WeightFormat::f32),
                                     std::pair(WeightType::f16, WeightFormat::f16),
                                     std::pair(WeightType::bf16, WeightFormat::bf16)}) {
    WeightLoader loader(checkpoint, type, converted_);
    const WeightMatrix found = loader.matrix("w.weight", {3, 2});
    EXPECT_EQ(found.format, format);
    std::vector<float> values(6);
    convert_rows_to_f32(found, 0, 3, values.data());
    EXPECT_EQ(values, meant);
    EXPECT_THAT(loader.unused(), IsEmpty());
  }
}

TEST_F(Int8Weights, ScalesThatNoTensorAskedForAreUnused) {
  add("w.weight_scale", DType::f32, {2, 1}, bytes_of(wave(2)));
  add("w.weight", DType::f32, {2, 2}, bytes_of(wave(4)));
  const Checkpoint checkpoint = open();
  WeightLoader loader(checkpoint, WeightType::stored, converted_);
  loader.matrix("w.weight", {2, 2});
  EXPECT_THAT(loader.unused(), ElementsAre("w.weight_scale"));
}

class BadInt8Weights : public Int8Weights, public ::testing::WithParamInterface<WeightType> {
 protected:
  void expect_refusal(ErrorCode code, const std::string& part) {
    const Checkpoint checkpoint = open();
    expect_error(code, "model.safetensors: tensor " + part, [&] {
      matrix(checkpoint, GetParam(), "w.weight", {3, 2});
    });
  }
};

INSTANTIATE_TEST_SUITE_P(, BadInt8Weights,
                         ::testing::Values(WeightType::stored, WeightType::i8, WeightType::f32,
                                           WeightType::bf16));

TEST_P(BadInt8Weights, MissingScalesAreNamed) {
  add("w.weight", DType::i8, {3, 2}, std::string(6, '\1'));
  expect_refusal(ErrorCode::missing_tensor, "\"w.weight_scale\" [3, 1]");
}

TEST_P(BadInt8Weights, MisshapenScalesAreNamed) {
  add_stored({1.0F, 1.0F, 1.0F}, {3});
  expect_refusal(ErrorCode::shape_mismatch, "\"w.weight_scale\" must have shape [3, 1]");
}

TEST_P(BadInt8Weights, TooFewScalesAreNamed) {
  add_stored({1.0F, 1.0F}, {2, 1});
  expect_refusal(ErrorCode::shape_mismatch, "\"w.weight_scale\" must have shape [3, 1]");
}

TEST_P(BadInt8Weights, ScalesOfAnotherTypeAreNamed) {
  add("w.weight_scale", DType::bf16, {3, 1}, std::string(6, '\1'));
  add("w.weight", DType::i8, {3, 2}, std::string(6, '\1'));
  expect_refusal(ErrorCode::malformed, "\"w.weight_scale\" holds BF16, scales must be F32");
}

TEST_P(BadInt8Weights, ScalesThatAreNoScalesAreNamed) {
  for (const float bad :
       {-1.0F, std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
    places_.clear();
    data_.clear();
    add_stored({1.0F, bad, 1.0F});
    expect_refusal(ErrorCode::malformed,
                   "\"w.weight_scale\" has a scale that is negative or not finite, in row 1");
  }
}

TEST_F(Int8Weights, AWeightThatIsNotFiniteIsNamed) {
  std::vector<float> values = wave(6);
  values[4] = std::numeric_limits<float>::infinity();
  add("w", DType::f32, {3, 2}, bytes_of(values));
  const Checkpoint checkpoint = open();
  expect_error(ErrorCode::malformed,
               "tensor \"w\" has a value that is not finite, which int8 cannot hold, in row 2",
               [&] {
                 matrix(checkpoint, WeightType::i8, "w", {3, 2});
               });
}

TEST_F(Int8Weights, OnlyAMatrixMayBeStoredSo) {
  add("bias", DType::i8, {4}, "abcd");
  add("patches", DType::i8, {2, 1, 1, 2}, "abcd");
  const Checkpoint checkpoint = open();
  WeightLoader loader(checkpoint, WeightType::stored, converted_);
  expect_error(ErrorCode::unsupported, "tensor 'bias' holds I8, which only matrices may",
               [&] { loader.values("bias", {4}); });
  expect_error(ErrorCode::unsupported, "tensor \"patches\" holds I8, which only matrices may", [&] {
    loader.matrix("patches", {2, 1, 1, 2});
  });
}

// Resident bytes of files: the mapped weights and the program itself.
std::int64_t resident_file_bytes() {
  std::ifstream status("/proc/self/status");
  std::string word;
  std::int64_t kilobytes = 0;
  while (status >> word) {
    if (word == "RssFile:") status >> kilobytes;
  }
  return kilobytes * 1024;
}

TEST_F(Int8Weights, TheFileTheyAreMadeOfTakesNoMemory) {
  const std::int64_t rows = 4096;
  const std::int64_t columns = 4096;  // 64 MB
  add("w", DType::f32, {rows, columns},
      bytes_of(std::vector<float>(static_cast<std::size_t>(rows * columns), 0.5F)));
  const Checkpoint checkpoint = open();
  const std::int64_t before = resident_file_bytes();
  if (before == 0) GTEST_SKIP() << "no /proc/self/status";
  matrix(checkpoint, WeightType::i8, "w", {rows, columns});
  EXPECT_LT(resident_file_bytes() - before, std::int64_t{8} << 20);
}

}  // namespace
}  // namespace blip
