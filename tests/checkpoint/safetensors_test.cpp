#include "checkpoint/safetensors.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/checkpoint/safetensors_bytes.hpp"
#include "tests/core/expect_error.hpp"

namespace blip {
namespace {

std::vector<CheckpointTensor> parse(std::string_view bytes) {
  return parse_safetensors(as_bytes(bytes), "file");
}

void expect_refused(const std::string& part, const std::string& header, std::size_t data_bytes,
                    ErrorCode code = ErrorCode::malformed) {
  SCOPED_TRACE(header.substr(0, 200));
  const std::string bytes = safetensors_bytes(header, std::string(data_bytes, 'x'));
  expect_error(code, part, [&] { parse(bytes); });
}

TEST(Safetensors, ReadsTensorsInTheOrderOfTheirData) {
  const std::string bytes =
      safetensors_bytes(R"({"b":{"dtype":"U8","shape":[2],"data_offsets":[4,6]},)"
                        R"("a":{"dtype":"I16","shape":[1,2],"data_offsets":[0,4]}})",
                        "abcdXY");
  const auto tensors = parse(bytes);
  ASSERT_EQ(tensors.size(), 2U);
  EXPECT_EQ(tensors[0].name, "a");
  EXPECT_EQ(tensors[0].dtype, DType::i16);
  EXPECT_EQ(tensors[0].shape, (std::vector<std::int64_t>{1, 2}));
  EXPECT_EQ(tensors[0].element_count(), 2);
  EXPECT_EQ(tensors[1].name, "b");
  EXPECT_EQ(std::to_integer<char>(tensors[1].bytes[1]), 'Y');
}

TEST(Safetensors, ZeroDimensionsMeanOneElement) {
  const std::string bytes =
      safetensors_bytes(R"({"s":{"dtype":"F32","shape":[],"data_offsets":[0,4]}})", "abcd");
  const auto tensors = parse(bytes);
  ASSERT_EQ(tensors.size(), 1U);
  EXPECT_TRUE(tensors[0].shape.empty());
  EXPECT_EQ(tensors[0].element_count(), 1);
}

TEST(Safetensors, EmptyTensorsTakeNoPlace) {
  const std::string bytes =
      safetensors_bytes(R"({"e":{"dtype":"F32","shape":[3,0],"data_offsets":[2,2]},)"
                        R"("a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},)"
                        R"("b":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}})",
                        "abc");
  const auto tensors = parse(bytes);
  ASSERT_EQ(tensors.size(), 3U);
  EXPECT_EQ(tensors[1].name, "e");
  EXPECT_EQ(tensors[1].element_count(), 0);
}

TEST(Safetensors, AFileWithoutTensorsIsLegal) {
  EXPECT_TRUE(parse(safetensors_bytes("{}")).empty());
  EXPECT_TRUE(parse(safetensors_bytes(R"({"__metadata__":{"format":"pt"}}   )")).empty());
}

TEST(Safetensors, RefusesFilesTooShortForTheirHeader) {
  expect_error(ErrorCode::malformed, "the file is empty", [] { parse(""); });
  expect_error(ErrorCode::malformed, "too short", [] { parse("\x01\x00\x00"); });
  expect_error(ErrorCode::malformed, "truncated", [] { parse(safetensors_bytes("{}", "", 3)); });
  expect_error(ErrorCode::limit_exceeded, "100000001 bytes",
               [] { parse(safetensors_bytes("{}", "", 100'000'001)); });
  expect_error(ErrorCode::limit_exceeded, "18446744073709551615 bytes",
               [] { parse(safetensors_bytes("{}", "", ~0ULL)); });
}

TEST(Safetensors, RefusesOverlapsAndHoles) {
  expect_refused("overlaps",
                 R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},)"
                 R"("b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}})",
                 6);
  expect_refused("overlaps",
                 R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},)"
                 R"("b":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}})",
                 4);
  expect_refused("overlaps",
                 R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},)"
                 R"("b":{"dtype":"U8","shape":[0],"data_offsets":[2,2]}})",
                 4);
  expect_refused("hole after byte 4",
                 R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},)"
                 R"("b":{"dtype":"U8","shape":[1],"data_offsets":[5,6]}})",
                 6);
  expect_refused("hole", R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[1,5]}})", 5);
  expect_refused("cover 4 of the 5", R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}})", 5);
  expect_refused("cover 0 of the 5", "{}", 5);
}

TEST(Safetensors, RefusesOffsetsOutsideTheData) {
  expect_refused("beyond", R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}})", 3);
  expect_refused("before it begins", R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[4,0]}})", 4);
  expect_refused(
      "beyond",
      R"({"a":{"dtype":"U8","shape":[18446744073709551615],"data_offsets":[0,18446744073709551615]}})",
      4);
  expect_refused(
      "hole",
      R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[18446744073709551615,18446744073709551615]}})",
      4);
}

TEST(Safetensors, RefusesShapesThatContradictTheData) {
  expect_refused("should have 12 bytes",
                 R"({"a":{"dtype":"F32","shape":[3],"data_offsets":[0,4]}})", 4);
  expect_refused("should have 0 bytes", R"({"a":{"dtype":"F32","shape":[0],"data_offsets":[0,4]}})",
                 4);
}

TEST(Safetensors, RefusesShapesThatOverflow) {
  const std::string too_large = "too large to exist";
  expect_refused(too_large,
                 R"({"a":{"dtype":"U8","shape":[9223372036854775808],"data_offsets":[0,4]}})", 4);
  // 2^32 * 2^32 = 2^64 wraps to 0, 2^62 elements of 4 bytes to 0 bytes.
  expect_refused(too_large,
                 R"({"a":{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0]}})", 0);
  expect_refused(too_large,
                 R"({"a":{"dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,0]}})", 0);
  expect_refused(too_large,
                 R"({"a":{"dtype":"U8","shape":[9223372036854775807,3,0],"data_offsets":[0,0]}})",
                 0);
}

TEST(Safetensors, KnowsWhichElementTypesItLacks) {
  expect_refused("tensor \"a\" has dtype F8_E4M3, which is not supported",
                 R"({"a":{"dtype":"F8_E4M3","shape":[4],"data_offsets":[0,4]}})", 4,
                 ErrorCode::unsupported);
  expect_refused("unknown dtype \"f32\"",
                 R"({"a":{"dtype":"f32","shape":[1],"data_offsets":[0,4]}})", 4);
}

TEST(Safetensors, SizesAndNamesOfTypesAgreeWithTheFormat) {
  for (const auto& [dtype, name, size] :
       std::vector<std::tuple<DType, std::string, std::size_t>>{{DType::f64, "F64", 8},
                                                                {DType::f32, "F32", 4},
                                                                {DType::f16, "F16", 2},
                                                                {DType::bf16, "BF16", 2},
                                                                {DType::i64, "I64", 8},
                                                                {DType::i32, "I32", 4},
                                                                {DType::i16, "I16", 2},
                                                                {DType::i8, "I8", 1},
                                                                {DType::u8, "U8", 1},
                                                                {DType::boolean, "BOOL", 1}}) {
    EXPECT_EQ(name_of(dtype), name);
    EXPECT_EQ(size_of(dtype), size);
    const std::string bytes =
        safetensors_bytes(R"({"a":{"dtype":")" + name + R"(","shape":[3],"data_offsets":[0,)" +
                              std::to_string(3 * size) + "]}}",
                          std::string(3 * size, 'x'));
    const auto tensors = parse(bytes);
    ASSERT_EQ(tensors.size(), 1U);
    EXPECT_EQ(tensors[0].dtype, dtype);
  }
}

}  // namespace
}  // namespace blip
