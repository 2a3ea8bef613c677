// Flax's msgpack files, written by hand.
#include "checkpoint/flax_file.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "checkpoint/msgpack.hpp"
#include "tests/core/expect_error.hpp"
#include "torch_bytes.hpp"

namespace blip {
namespace {

std::string packed(std::string_view text) {
  return std::string(1, static_cast<char>(0xA0 + text.size())) + std::string(text);
}

std::string map_of(const std::vector<std::pair<std::string, std::string>>& entries) {
  std::string bytes(1, static_cast<char>(0x80 + entries.size()));
  for (const auto& [name, value] : entries) bytes += packed(name) + value;
  return bytes;
}

std::string array_of(const std::vector<int>& shape, const std::string& dtype,
                     const std::string& elements) {
  std::string inner = "\x93" + std::string(1, static_cast<char>(0x90 + shape.size()));
  for (const int size : shape) inner += static_cast<char>(size);
  inner += packed(dtype) + "\xC4" + std::string(1, static_cast<char>(elements.size())) + elements;
  return "\xC7" + std::string(1, static_cast<char>(inner.size())) + "\x01" + inner;
}

std::string floats_up_to(int count) {
  std::string bytes;
  for (int i = 0; i < count; ++i) bytes += float_bytes({static_cast<float>(i)});
  return bytes;
}

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

struct Parsed {
  std::vector<std::int64_t> shape;
  std::vector<float> values;
};

std::map<std::string, Parsed> parsed(const std::string& bytes) {
  const TorchFile file = parse_flax(bytes_of(bytes), "x.msgpack");
  std::map<std::string, Parsed> tensors;
  for (const CheckpointTensor& tensor : file.tensors) {
    Parsed& own = tensors[tensor.name];
    own.shape = tensor.shape;
    own.values.resize(tensor.bytes.size() / sizeof(float));
    std::memcpy(own.values.data(), tensor.bytes.data(), tensor.bytes.size());
  }
  return tensors;
}

void expect_refused(ErrorCode code, const std::string& part, const std::string& bytes) {
  expect_error(code, part, [&] { static_cast<void>(parse_flax(bytes_of(bytes), "x.msgpack")); });
}

TEST(FlaxFile, HasPyTorchsNamesAndOrder) {
  const std::string bytes =
      map_of({{"dense", map_of({{"kernel", array_of({2, 3}, "float32", floats_up_to(6))},
                                {"bias", array_of({3}, "float32", floats_up_to(3))}})},
              {"norm", map_of({{"scale", array_of({2}, "float32", floats_up_to(2))}})},
              {"words", map_of({{"embedding", array_of({2, 2}, "float32", floats_up_to(4))}})},
              {"conv", map_of({{"kernel", array_of({1, 2, 2, 2}, "float32", floats_up_to(8))}})},
              {"step", "\x07"}});
  EXPECT_TRUE(is_flax(bytes_of(bytes)));
  const auto tensors = parsed(bytes);
  ASSERT_EQ(tensors.size(), 5U);
  EXPECT_EQ(tensors.at("dense.weight").shape, (std::vector<std::int64_t>{3, 2}));
  EXPECT_EQ(tensors.at("dense.weight").values, (std::vector<float>{0, 3, 1, 4, 2, 5}));
  EXPECT_EQ(tensors.at("dense.bias").values, (std::vector<float>{0, 1, 2}));
  EXPECT_EQ(tensors.at("norm.weight").values, (std::vector<float>{0, 1}));
  EXPECT_EQ(tensors.at("words.weight").values, (std::vector<float>{0, 1, 2, 3}));
  // [height 1, width 2, in 2, out 2] → [out, in, height, width]
  EXPECT_EQ(tensors.at("conv.weight").shape, (std::vector<std::int64_t>{2, 2, 1, 2}));
  EXPECT_EQ(tensors.at("conv.weight").values, (std::vector<float>{0, 4, 2, 6, 1, 5, 3, 7}));
}

TEST(FlaxFile, HasStackedLayersApart) {
  const auto tensors = parsed(
      map_of({{"layers", map_of({{"kernel", array_of({2, 1, 2}, "float32", floats_up_to(4))},
                                 {"bias", array_of({2, 2}, "float32", floats_up_to(4))}})}}));
  ASSERT_EQ(tensors.size(), 4U);
  EXPECT_EQ(tensors.at("layers.weight#1").shape, (std::vector<std::int64_t>{2, 1}));
  EXPECT_EQ(tensors.at("layers.weight#1").values, (std::vector<float>{2, 3}));
  EXPECT_EQ(tensors.at("layers.bias#0").values, (std::vector<float>{0, 1}));
}

TEST(FlaxFile, HasArraysInChunksWhole) {
  const std::string chunked =
      map_of({{"__msgpack_chunked_array__", "\xC3"},
              {"shape", map_of({{"0", "\x03"}, {"1", "\x01"}})},
              {"chunks", map_of({{"0", array_of({2}, "float32", floats_up_to(2))},
                                 {"1", array_of({1}, "float32", float_bytes({9.0F}))}})}});
  const auto tensors = parsed(map_of({{"words", map_of({{"embedding", chunked}})}}));
  EXPECT_EQ(tensors.at("words.weight").shape, (std::vector<std::int64_t>{3, 1}));
  EXPECT_EQ(tensors.at("words.weight").values, (std::vector<float>{0, 1, 9}));
}

TEST(FlaxFile, IsRefusedIfItIsDamaged) {
  const std::string good = map_of({{"a", array_of({2}, "float32", floats_up_to(2))}});
  for (std::size_t size = 1; size < good.size(); ++size) {
    expect_refused(ErrorCode::malformed, "x.msgpack: byte", good.substr(0, size));
  }
  expect_refused(ErrorCode::malformed, "behind the map", good + "\x01");
  expect_refused(ErrorCode::malformed, "begins with a map", "\x01");
  expect_refused(ErrorCode::malformed, "no Flax checkpoint", map_of({{"a", "\x01"}}));
  expect_refused(ErrorCode::malformed, "has 8 bytes",
                 map_of({{"a", array_of({3}, "float32", floats_up_to(2))}}));
  expect_refused(ErrorCode::unsupported, "\"complex64\"",
                 map_of({{"a", array_of({1}, "complex64", floats_up_to(2))}}));
  expect_refused(ErrorCode::malformed, "two tensors",
                 map_of({{"a.b", array_of({1}, "float32", floats_up_to(1))},
                         {"a", map_of({{"b", array_of({1}, "float32", floats_up_to(1))}})}}));
  // 4 billion values, announced by five bytes.
  expect_refused(ErrorCode::malformed, "more values than",
                 "\x81" + packed("a") + "\xDD\xFF\xFF\xFF\xFF");
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "\x81" + packed("a");
  expect_refused(ErrorCode::malformed, "too deep", deep + "\xC0");
  std::string lists = "\x81" + packed("a");
  for (int i = 0; i < 100; ++i) lists += "\x91";
  expect_refused(ErrorCode::malformed, "too deep", lists + "\xC0");
  expect_refused(ErrorCode::malformed, "no value begins", "\x81" + packed("a") + "\xC1");
}

TEST(Msgpack, ReadsEveryKind) {
  const std::string bytes = std::string("\xC0\xC2\x2A\xFF\xCD\x01\x00\xD1\xFF\x00", 10) +
                            std::string("\xD9\x02hi\xCB\x00\x00\x00\x00\x00\x00\x00\x00", 13) +
                            std::string("\xD6\x05\x01\x02\x03\x04", 6);
  const std::string name = "x";
  MsgpackReader reader(bytes_of(bytes), name);
  EXPECT_EQ(reader.next().kind, MsgpackKind::nil);
  EXPECT_EQ(reader.next().kind, MsgpackKind::boolean);
  for (const std::int64_t number : {42, -1, 256, -256}) EXPECT_EQ(reader.next().integer, number);
  EXPECT_EQ(reader.next().text(), "hi");
  EXPECT_EQ(reader.next().kind, MsgpackKind::number);
  const MsgpackValue extension = reader.next();
  EXPECT_EQ(extension.type, 5);
  EXPECT_EQ(extension.bytes.size(), 4U);
  EXPECT_TRUE(reader.at_end());
}

}  // namespace
}  // namespace blip
