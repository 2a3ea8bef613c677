#include "checkpoint/checkpoint.hpp"

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cstring>
#include <string>
#include <vector>

#include "tests/checkpoint/safetensors_bytes.hpp"
#include "tests/checkpoint/torch_bytes.hpp"
#include "tests/core/expect_error.hpp"
#include "tests/core/temporary_directory.hpp"

namespace blip {
namespace {

template <typename T>
std::vector<T> values_of(const CheckpointTensor& tensor) {
  std::vector<T> values(tensor.bytes.size() / sizeof(T));
  std::memcpy(values.data(), tensor.bytes.data(), tensor.bytes.size());
  return values;
}

// data/dtypes.safetensors is written by PyTorch (tools/reference/make_checkpoint_fixtures.py).
TEST(Checkpoint, ReadsWhatPyTorchWrote) {
  const Checkpoint checkpoint =
      Checkpoint::open(std::filesystem::path(BLIP_TEST_DATA) / "dtypes.safetensors");
  ASSERT_EQ(checkpoint.tensors().size(), 12U);

  const CheckpointTensor* f32 = checkpoint.find("f32");
  ASSERT_NE(f32, nullptr);
  EXPECT_EQ(f32->shape, (std::vector<std::int64_t>{2, 3}));
  EXPECT_EQ(values_of<float>(*f32), (std::vector<float>{0.0F, -0.5F, 1.5F, 3.25F, -1e-30F, 1e30F}));
  EXPECT_EQ(values_of<double>(*checkpoint.find("f64")), (std::vector<double>{0.1, -2e300}));
  EXPECT_EQ(values_of<std::uint16_t>(*checkpoint.find("f16")),
            (std::vector<std::uint16_t>{0x3C00, 0xC000, 0x7BFF}));
  EXPECT_EQ(values_of<std::uint16_t>(*checkpoint.find("bf16")),
            (std::vector<std::uint16_t>{0x3F80, 0xC000, 0x4049}));
  EXPECT_EQ(values_of<std::int64_t>(*checkpoint.find("i64")),
            (std::vector<std::int64_t>{INT64_MIN, -1, INT64_MAX}));
  EXPECT_EQ(values_of<std::int32_t>(*checkpoint.find("i32")),
            (std::vector<std::int32_t>{INT32_MIN, 7}));
  EXPECT_EQ(values_of<std::int16_t>(*checkpoint.find("i16")), (std::vector<std::int16_t>{-300}));
  EXPECT_EQ(values_of<std::int8_t>(*checkpoint.find("i8")), (std::vector<std::int8_t>{-128, 127}));
  EXPECT_EQ(values_of<std::uint8_t>(*checkpoint.find("u8")), (std::vector<std::uint8_t>{0, 255}));
  EXPECT_EQ(values_of<std::uint8_t>(*checkpoint.find("bool")),
            (std::vector<std::uint8_t>{1, 0, 1}));
  EXPECT_TRUE(checkpoint.find("scalar")->shape.empty());
  EXPECT_EQ(checkpoint.find("empty")->element_count(), 0);
  EXPECT_EQ(checkpoint.find("absent"), nullptr);
}

TEST(Checkpoint, TensorsAreSortedByName) {
  const TemporaryDirectory directory;
  const std::array<std::string, 3> names = {"b", "c", "a"};
  directory.write("model.safetensors", one_value_tensors(names));
  const Checkpoint checkpoint = Checkpoint::open(directory.path());
  ASSERT_EQ(checkpoint.tensors().size(), 3U);
  EXPECT_EQ(checkpoint.tensors()[0].name, "a");
  EXPECT_EQ(values_of<float>(checkpoint.tensors()[0]), (std::vector<float>{2.0F}));
  EXPECT_EQ(checkpoint.tensors()[2].name, "c");
  ASSERT_EQ(checkpoint.files().size(), 1U);
  EXPECT_EQ(checkpoint.files()[0], directory.path() / "model.safetensors");
}

TEST(Checkpoint, ACopyKeepsTheFileMapped) {
  const TemporaryDirectory directory;
  const std::array<std::string, 1> names = {"a"};
  const auto file = directory.write("model.safetensors", one_value_tensors(names, 5.0F));
  const Checkpoint copy = [&] {
    Checkpoint original = Checkpoint::open(file);
    return original;
  }();
  std::filesystem::remove(file);
  EXPECT_EQ(values_of<float>(*copy.find("a")), (std::vector<float>{5.0F}));
}

TEST(Checkpoint, WhatWasGivenBackCanBeReadAgain) {
  const TemporaryDirectory directory;
  std::vector<std::string> names;
  names.reserve(9000);
  for (int i = 0; i < 9000; ++i) names.push_back("t" + std::to_string(10'000 + i));
  directory.write("model.safetensors", one_value_tensors(names));
  const Checkpoint checkpoint = Checkpoint::open(directory.path());
  // From within one page to within another, a few pages later.
  const std::byte* first = checkpoint.find("t10001")->bytes.data();
  const std::byte* last = checkpoint.find("t18998")->bytes.data();
  checkpoint.release({first, last});
  for (std::size_t i = 0; i < names.size(); ++i) {
    EXPECT_EQ(values_of<float>(*checkpoint.find(names[i])),
              (std::vector<float>{static_cast<float>(i)}));
  }
}

// Elements that a file does not have in one piece are copied to memory that has no file to come
// back from.
TEST(Checkpoint, GivesBackNothingThatIsNoFile) {
  const TemporaryDirectory directory;
  // [1024, 4] by columns: transposed, it has to be copied.
  std::vector<float> values(4096);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i + 1);
  const std::string data(reinterpret_cast<const char*>(values.data()), values.size() * 4);
  directory.write("pytorch_model.bin",
                  torch_zip(pickled_dict({{"a", pickled({.key = "0",
                                                         .elements = 4096,
                                                         .shape = {1024, 4},
                                                         .strides = {1, 1024}})}}),
                            {{"0", data}}));
  const Checkpoint checkpoint = Checkpoint::open(directory.path());
  const std::vector<float> before = values_of<float>(*checkpoint.find("a"));
  EXPECT_EQ(before[1], 1025.0F);
  checkpoint.release(checkpoint.find("a")->bytes);
  EXPECT_EQ(values_of<float>(*checkpoint.find("a")), before);
  // Nor anything beyond the file.
  std::vector<std::byte> other(std::size_t{1} << 16, std::byte{7});
  checkpoint.release(other);
  EXPECT_EQ(other, std::vector<std::byte>(std::size_t{1} << 16, std::byte{7}));
}

TEST(Checkpoint, SaysWhatIsMissing) {
  const TemporaryDirectory directory;
  expect_error(ErrorCode::not_found, "no such model directory",
               [&] { Checkpoint::open(directory.path() / "absent"); });
  expect_error(ErrorCode::not_found, "absent.safetensors: no such file",
               [&] { Checkpoint::open(directory.path() / "absent.safetensors"); });
  expect_error(ErrorCode::not_found, "absent.pth: no such file",
               [&] { Checkpoint::open(directory.path() / "absent.pth"); });
  expect_error(ErrorCode::not_found, "neither model.safetensors nor pytorch_model.bin",
               [&] { Checkpoint::open(directory.path()); });
}

std::string torch_file(float value) {
  return torch_zip(pickled_dict({{"a", pickled({.elements = 1, .shape = {1}, .strides = {1}})}}),
                   {{"0", float_bytes({value})}});
}

TEST(Checkpoint, PrefersSafetensorsAndThenWholeFiles) {
  const TemporaryDirectory directory;
  const std::array<std::string, 1> names = {"a"};
  const auto value = [&] {
    const Checkpoint checkpoint = Checkpoint::open(directory.path());
    return values_of<float>(*checkpoint.find("a"));
  };
  directory.write("shard.bin", torch_file(1.0F));
  directory.write("pytorch_model.bin.index.json", R"({"weight_map":{"a":"shard.bin"}})");
  EXPECT_EQ(value(), (std::vector<float>{1.0F}));
  directory.write("pytorch_model.bin", torch_file(2.0F));
  EXPECT_EQ(value(), (std::vector<float>{2.0F}));
  directory.write("shard.safetensors", one_value_tensors(names, 3.0F));
  directory.write("model.safetensors.index.json", R"({"weight_map":{"a":"shard.safetensors"}})");
  EXPECT_EQ(value(), (std::vector<float>{3.0F}));
  directory.write("model.safetensors", one_value_tensors(names, 4.0F));
  EXPECT_EQ(value(), (std::vector<float>{4.0F}));
}

TEST(Checkpoint, ContentTellsTheFormatNotTheName) {
  const TemporaryDirectory directory;
  const std::array<std::string, 1> names = {"a"};
  const Checkpoint zip = Checkpoint::open(directory.write("x.safetensors", torch_file(1.0F)));
  EXPECT_EQ(zip.container(), Container::torch_zip);
  const Checkpoint safetensors =
      Checkpoint::open(directory.write("pytorch_model.bin", one_value_tensors(names, 2.0F)));
  EXPECT_EQ(safetensors.container(), Container::safetensors);
  const Checkpoint legacy = Checkpoint::open(directory.write(
      "x.pt",
      torch_legacy(pickled_dict({{"a", pickled({.elements = 1, .shape = {1}, .strides = {1}},
                                               /*legacy=*/true)}}),
                   {{"0", 1, float_bytes({3.0F})}})));
  EXPECT_EQ(legacy.container(), Container::torch_legacy);
  EXPECT_EQ(values_of<float>(*legacy.find("a")), (std::vector<float>{3.0F}));
}

TEST(Checkpoint, CopiesOfScatteredTensorsLiveAsLongAsIt) {
  const TemporaryDirectory directory;
  const std::string dict =
      pickled_dict({{"a", pickled({.elements = 4, .shape = {2, 2}, .strides = {1, 2}})}});
  const auto file = directory.write("x.pth", torch_zip(dict, {{"0", float_bytes({1, 2, 3, 4})}}));
  const Checkpoint copy = [&] {
    Checkpoint original = Checkpoint::open(file);
    return original;
  }();
  EXPECT_EQ(values_of<float>(*copy.find("a")), (std::vector<float>{1, 3, 2, 4}));
}

TEST(Checkpoint, RenamesOriginalTensorsAndLeavesOutWhatTrainingNeeds) {
  const TemporaryDirectory directory;
  const std::array<std::string, 6> names = {"visual_encoder.norm.weight",
                                            "visual_encoder_m.norm.weight",
                                            "temp",
                                            "image_queue",
                                            "itm_head.bias",
                                            "text_encoder.embeddings.position_ids"};
  const Checkpoint checkpoint =
      Checkpoint::open(directory.write("model.pth", one_value_tensors(names)));
  EXPECT_TRUE(checkpoint.has_original_names());
  ASSERT_EQ(checkpoint.tensors().size(), 2U);
  EXPECT_EQ(checkpoint.tensors()[0].name, "itm_head.bias");
  EXPECT_EQ(values_of<float>(*checkpoint.find("vision_model.post_layernorm.weight")),
            (std::vector<float>{0.0F}));
  EXPECT_EQ(checkpoint.find("visual_encoder.norm.weight"), nullptr);
  EXPECT_EQ(checkpoint.left_out(),
            (std::vector<std::string>{"image_queue", "temp", "text_encoder.embeddings.position_ids",
                                      "visual_encoder_m.norm.weight"}));

  const std::array<std::string, 2> both = {"visual_encoder.norm.weight",
                                           "vision_model.post_layernorm.weight"};
  const auto file = directory.write("both.pth", one_value_tensors(both));
  expect_error(ErrorCode::malformed, "both its original and its later name",
               [&] { Checkpoint::open(file); });

  // Without them it is a file of transformers', and whatever is in it is the reader's to judge.
  const std::array<std::string, 2> later = {"temp", "vision_model.post_layernorm.weight"};
  const Checkpoint whole = Checkpoint::open(directory.write("later.bin", one_value_tensors(later)));
  EXPECT_EQ(whole.tensors().size(), 2U);
}

TEST(Checkpoint, NamesTheBrokenFile) {
  const TemporaryDirectory directory;
  const auto open = [&] { Checkpoint::open(directory.path()); };
  directory.write("model.safetensors", "");
  expect_error(ErrorCode::malformed, "model.safetensors: the file is empty", open);
  directory.write("model.safetensors", "\xFF\xD8\xFF\xE0 a photo, not a model");
  expect_error(ErrorCode::limit_exceeded, "is it a safetensors file?", open);

  const std::array<std::string, 2> names = {"a", "b"};
  const std::string whole = one_value_tensors(names);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    SCOPED_TRACE(size);
    directory.write("model.safetensors", whole.substr(0, size));
    expect_error(ErrorCode::malformed, "model.safetensors: ", open);
  }
  directory.write("model.safetensors", whole);
  EXPECT_NO_THROW(open());
}

TEST(Checkpoint, ADirectoryInPlaceOfTheFileIsUnreadable) {
  const TemporaryDirectory directory;
  std::filesystem::create_directory(directory.path() / "model.safetensors");
  expect_error(ErrorCode::unreadable, "is a directory",
               [&] { Checkpoint::open(directory.path()); });
}

}  // namespace
}  // namespace blip
