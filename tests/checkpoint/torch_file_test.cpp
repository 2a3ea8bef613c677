#include "checkpoint/torch_file.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/checkpoint/safetensors_bytes.hpp"
#include "tests/checkpoint/torch_bytes.hpp"
#include "tests/core/expect_error.hpp"

namespace blip {
namespace {

TorchFile parse(const std::string& bytes) {
  return is_zip(as_bytes(bytes)) ? parse_torch_zip(as_bytes(bytes), "file")
                                 : parse_torch_legacy(as_bytes(bytes), "file");
}

void expect_refused(ErrorCode code, const std::string& part, const std::string& bytes) {
  expect_error(code, part, [&] { parse(bytes); });
}

std::vector<float> values_of(const CheckpointTensor& tensor) {
  std::vector<float> values(tensor.bytes.size() / sizeof(float));
  std::memcpy(values.data(), tensor.bytes.data(), tensor.bytes.size());
  return values;
}

bool is_inside(const CheckpointTensor& tensor, const std::string& file) {
  const auto bytes = as_bytes(file);
  return tensor.bytes.data() >= bytes.data() &&
         tensor.bytes.data() + tensor.bytes.size() <= bytes.data() + bytes.size();
}

// data/torch/ is written by PyTorch (make_checkpoint_fixtures.py of tools/reference): every kind of
// tensor that torch.save knows, in both containers, and the same values in safetensors.
TEST(TorchFile, ReadsWhatPyTorchWrote) {
  const std::filesystem::path data = std::filesystem::path(BLIP_TEST_DATA) / "torch";
  const Checkpoint expected = Checkpoint::open(data / "same.safetensors");
  ASSERT_GT(expected.tensors().size(), 30U);
  for (const auto& [name, container] : {std::pair("zip.pth", Container::torch_zip),
                                        std::pair("legacy.pth", Container::torch_legacy),
                                        std::pair("zip_protocol_4.bin", Container::torch_zip)}) {
    SCOPED_TRACE(name);
    const Checkpoint checkpoint = Checkpoint::open(data / name);
    EXPECT_EQ(checkpoint.container(), container);
    ASSERT_EQ(checkpoint.tensors().size(), expected.tensors().size());
    for (const CheckpointTensor& wanted : expected.tensors()) {
      SCOPED_TRACE(wanted.name);
      const CheckpointTensor* tensor = checkpoint.find(wanted.name);
      ASSERT_NE(tensor, nullptr);
      EXPECT_EQ(tensor->dtype, wanted.dtype);
      EXPECT_EQ(tensor->shape, wanted.shape);
      EXPECT_TRUE(std::equal(tensor->bytes.begin(), tensor->bytes.end(), wanted.bytes.begin(),
                             wanted.bytes.end()));
    }
  }
}

TEST(TorchFile, UsesContiguousTensorsInPlaceAndCopiesOthers) {
  const std::string values = float_bytes({0, 1, 2, 3, 4, 5});
  const std::string dict =
      pickled_dict({{"a", pickled({.elements = 6, .shape = {2, 3}, .strides = {3, 1}})},
                    {"b", pickled({.elements = 6, .shape = {3, 2}, .strides = {1, 3}})},
                    {"c", pickled({.elements = 6, .shape = {2}, .strides = {1}, .offset = 4})},
                    {"d", pickled({.elements = 6, .shape = {1, 3}, .strides = {99, 1}})}});
  for (const std::string& file : {torch_zip(dict, {{"0", values}})}) {
    const TorchFile parsed = parse(file);
    ASSERT_EQ(parsed.tensors.size(), 4U);
    EXPECT_TRUE(is_inside(parsed.tensors[0], file));
    EXPECT_FALSE(is_inside(parsed.tensors[1], file));
    EXPECT_EQ(values_of(parsed.tensors[1]), (std::vector<float>{0, 3, 1, 4, 2, 5}));
    EXPECT_TRUE(is_inside(parsed.tensors[2], file));
    EXPECT_EQ(parsed.tensors[2].bytes.data(), parsed.tensors[0].bytes.data() + 16);
    EXPECT_TRUE(is_inside(parsed.tensors[3], file));  // the stride of a single row says nothing
    EXPECT_EQ(parsed.copies.size(), 1U);
  }
}

TEST(TorchFile, ReadsTheLegacyContainer) {
  const PickledTensor tensor = {.key = "140", .elements = 3, .shape = {3}, .strides = {1}};
  const std::string file = torch_legacy(pickled_dict({{"w", pickled(tensor, true)}}),
                                        {{"140", 3, float_bytes({1, 2, 3})}});
  ASSERT_TRUE(is_torch_legacy(as_bytes(file)));
  const TorchFile parsed = parse(file);
  ASSERT_EQ(parsed.tensors.size(), 1U);
  EXPECT_EQ(values_of(parsed.tensors[0]), (std::vector<float>{1, 2, 3}));
  EXPECT_TRUE(is_inside(parsed.tensors[0], file));
  for (std::size_t size = 30; size < file.size(); ++size) {
    expect_refused(ErrorCode::malformed, "file: ", file.substr(0, size));
  }
  expect_refused(ErrorCode::malformed, "behind its last storage", file + "x");
}

TEST(TorchFile, ReadsPartsOfStoragesAsOldPyTorchSavedThem) {
  // ('storage', type, root key, location, elements, (view key, offset, elements))
  std::string tensor =
      pickled({.key = "7", .elements = 4, .shape = {2}, .strides = {1}}, /*legacy=*/true);
  const std::size_t none = tensor.find("NtQ");
  tensor.replace(none, 1, "(" + pickled("8") + pickled(2) + pickled(2) + "t");
  const std::string file =
      torch_legacy(pickled_dict({{"w", tensor}}), {{"7", 4, float_bytes({1, 2, 3, 4})}});
  const TorchFile parsed = parse(file);  // which points into it
  EXPECT_EQ(values_of(parsed.tensors[0]), (std::vector<float>{3, 4}));
}

TEST(TorchFile, FindsTheStateDict) {
  const PickledTensor tensor = {.elements = 1, .shape = {1}, .strides = {1}};
  const auto names = [&](const std::string& value) {
    std::string result;
    for (const CheckpointTensor& found : parse(torch_zip(value, {{"0", "1234"}})).tensors) {
      result += found.name + " ";
    }
    return result;
  };
  const std::string inner = pickled_dict({{"w", pickled(tensor)}, {"n", "N"}});
  EXPECT_EQ(names(inner), "w ");
  EXPECT_EQ(names(pickled_dict({{"model", inner}, {"epoch", pickled(3)}})), "w ");
  EXPECT_EQ(names(pickled_dict({{"state_dict", inner}, {"other", pickled(tensor)}})), "w ");
  EXPECT_EQ(names(pickled_dict({{"model", pickled(3)}, {"top", pickled(tensor)}})), "top ");
  // Of a key set twice, the last counts, as in Python.
  EXPECT_EQ(names(pickled_dict({{"w", pickled(tensor)}, {"x", pickled(tensor)}, {"w", "N"}})),
            "x ");
  for (const std::string& value : {std::string("}"), std::string("]"), pickled(tensor), pickled(1),
                                   pickled_dict({{"model", pickled_dict({{"a", "N"}})}})}) {
    expect_refused(ErrorCode::malformed, "holds no state dict", torch_zip(value, {{"0", "1234"}}));
  }
}

TEST(TorchFile, RefusesTensorsOutsideTheirStorage) {
  const auto refuse = [](const std::string& part, PickledTensor tensor,
                         ErrorCode code = ErrorCode::malformed) {
    SCOPED_TRACE(part);
    tensor.elements = 4;
    expect_refused(
        code, part,
        torch_zip(pickled_dict({{"w", pickled(tensor)}}), {{"0", std::string(16, 'x')}}));
  };
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  refuse("reaches beyond the 4 elements", {.shape = {5}, .strides = {1}});
  refuse("reaches beyond", {.shape = {2}, .strides = {4}});
  refuse("reaches beyond", {.shape = {4}, .strides = {1}, .offset = 1});
  refuse("reaches beyond", {.shape = {}, .strides = {}, .offset = 4});
  refuse("reaches beyond", {.shape = {2}, .strides = {kMax}, .offset = 3});
  refuse("reaches beyond", {.shape = {kMax}, .strides = {kMax}});
  refuse("too large to exist", {.shape = {kMax, 2}, .strides = {0, 0}});
  refuse("impossible", {.shape = {-1}, .strides = {1}});
  refuse("impossible", {.shape = {2}, .strides = {-1}});
  refuse("offset", {.shape = {1}, .strides = {1}, .offset = -1});
  refuse("2 dimensions and 1 strides", {.shape = {1, 1}, .strides = {1}});
  refuse("repeats its elements", {.shape = {std::int64_t{1} << 40}, .strides = {0}},
         ErrorCode::limit_exceeded);
  refuse("more than 64 dimensions",
         {.shape = std::vector<std::int64_t>(65, 1), .strides = std::vector<std::int64_t>(65, 1)},
         ErrorCode::limit_exceeded);
  refuse("ComplexFloatStorage, which is not supported",
         {.shape = {1}, .strides = {1}, .type = "ComplexFloatStorage"}, ErrorCode::unsupported);
  refuse("\"torch.FloatTensor\"", {.shape = {1}, .strides = {1}, .type = "FloatTensor"},
         ErrorCode::unsupported);
}

TEST(TorchFile, RefusesStoragesThatAreNotThere) {
  const PickledTensor tensor = {.elements = 2, .shape = {2}, .strides = {1}};
  const std::string dict = pickled_dict({{"w", pickled(tensor)}});
  expect_refused(ErrorCode::malformed, "lacks the storage \"0\"", torch_zip(dict, {}));
  expect_refused(ErrorCode::malformed, "has 4 bytes instead of 8",
                 torch_zip(dict, {{"0", "1234"}}));
  const std::string two_sizes = pickled_dict(
      {{"w", pickled(tensor)}, {"v", pickled({.elements = 1, .shape = {1}, .strides = {1}})}});
  expect_refused(ErrorCode::malformed, "two types or sizes",
                 torch_zip(two_sizes, {{"0", "12345678"}}));
  const PickledTensor huge = {.elements = std::int64_t{1} << 62, .shape = {1}, .strides = {1}};
  expect_refused(ErrorCode::malformed, "too large to exist",
                 torch_zip(pickled_dict({{"w", pickled(huge)}}), {{"0", "1234"}}));
  const std::string legacy = pickled_dict({{"w", pickled(tensor, true)}});
  expect_refused(ErrorCode::malformed, "lacks the storage", torch_legacy(legacy, {}));
  expect_refused(ErrorCode::malformed, "instead of 2",
                 torch_legacy(legacy, {{"0", 1, float_bytes({1})}}));
  expect_refused(ErrorCode::malformed, "lists a storage twice",
                 torch_legacy(legacy, {{"0", 2, float_bytes({1, 2})}, {"0", 2, ""}}));
}

TEST(TorchFile, ExecutesNothing) {
  const PickledTensor tensor = {.elements = 1, .shape = {1}, .strides = {1}};
  const auto refuse = [&](const std::string& part, const std::string& value) {
    SCOPED_TRACE(part);
    expect_refused(
        ErrorCode::unsupported, part,
        torch_zip(pickled_dict({{"w", pickled(tensor)}, {"x", value}}), {{"0", "1234"}}));
  };
  refuse("refers to \"posix.system\"", "cposix\nsystem\n" + pickled("touch hacked") + "\x85R");
  refuse("refers to \"builtins.eval\"", pickled("builtins") + pickled("eval") + "\x93");
  refuse("refers to \"argparse.Namespace\"", "cargparse\nNamespace\n)\x81");
  refuse("calls \"torch.FloatStorage\"", "ctorch\nFloatStorage\n)R");
  refuse("calls something that cannot be called", pickled("eval") + ")R");
  refuse("nothing in a checkpoint is executed", "ccollections\nOrderedDict\n)\x81");
}

// A TorchScript module: an object without a constructor, and its attributes.
std::string script_module(const std::vector<std::pair<std::string, std::string>>& attributes) {
  return "c__torch__.some.___torch_mangle_1\nModule\n)\x81" + pickled_dict(attributes) + "b";
}

std::string script_zip(const std::string& root,
                       const std::vector<std::pair<std::string, std::string>>& storages) {
  std::vector<ZipPart> parts = {{"a/data.pkl", whole_pickle(root)},
                                {"a/code/__torch__.py", "import os; os.system('touch hacked')"},
                                {"a/constants.pkl", "not a pickle at all"}};
  for (const auto& [key, data] : storages) parts.push_back({"a/data/" + key, data});
  return zip_bytes(parts);
}

TEST(TorchFile, TakesTheTensorsOfAScriptByTheirPath) {
  const PickledTensor matrix = {.key = "0", .elements = 2, .shape = {2, 1}, .strides = {1, 1}};
  const PickledTensor scale = {.key = "1", .elements = 1};
  const std::string block = script_module({{"training", "\x89"}, {"weight", pickled(matrix)}});
  const std::string list =
      "ctorch.jit._pickle\nbuild_intlist\n](K\x01K\x02"
      "e\x85R";
  const std::string file =
      script_zip(script_module({{"training", "\x89"},
                                {"sizes", list},
                                {"logit_scale", pickled(scale)},
                                {"none", "N"},
                                {"visual", script_module({{"0", block}, {"hooks", pickled("")}})}}),
                 {{"0", float_bytes({1.0F, 2.0F})}, {"1", float_bytes({3.0F})}});
  const TorchFile read = parse(file);
  ASSERT_EQ(read.tensors.size(), 2U);
  EXPECT_EQ(read.tensors[0].name, "logit_scale");
  EXPECT_EQ(values_of(read.tensors[0]), (std::vector<float>{3.0F}));
  EXPECT_EQ(read.tensors[1].name, "visual.0.weight");
  EXPECT_EQ(read.tensors[1].shape, (std::vector<std::int64_t>{2, 1}));
  EXPECT_TRUE(is_inside(read.tensors[1], file));
}

TEST(TorchFile, RefusesScriptsThatAreNone) {
  const auto refuse = [](ErrorCode code, const std::string& part, const std::string& root) {
    SCOPED_TRACE(part);
    expect_refused(code, part, script_zip(root, {}));
  };
  refuse(ErrorCode::unsupported, "refers to \"posix.system\"",
         script_module({{"x", "cposix\nsystem\n" + pickled("touch hacked") + "\x85R"}}));
  refuse(ErrorCode::unsupported, "makes an object of something that is no class of its own",
         "ccollections\nOrderedDict\n)\x81");
  refuse(ErrorCode::malformed, "arguments that are no tuple", "c__torch__\nModule\nN\x81");
  refuse(ErrorCode::unsupported, "calls something that cannot be called", "c__torch__\nModule\n)R");
  refuse(ErrorCode::malformed, "something other than a module", "ccollections\nOrderedDict\n}b");
  // A module that holds itself, by the pickle's memo.
  refuse(ErrorCode::limit_exceeded, "modules within modules without end",
         "c__torch__\nModule\n)\x81q\x01}(" + pickled("again") + "h\x01ub");
  // Twice as many paths with every level.
  const std::string kept_as_0 = {'q', '\0', '0'};
  std::string tree = script_module({{"x", "N"}}) + kept_as_0;
  for (char level = 1; level < 40; ++level) {
    const std::string below = std::string("h") + static_cast<char>(level - 1);
    tree += script_module({{"a", below}, {"b", below}}) + "q" + level + "0";
  }
  refuse(ErrorCode::limit_exceeded, "modules within modules without end",
         tree + "h" + static_cast<char>(39));
  // Attributes without names, which are skipped, by many such paths.
  std::string nameless = "c__torch__\nModule\n)\x81}(";
  for (int i = 0; i <= 100'000; ++i) nameless += "K\x01N";
  refuse(ErrorCode::limit_exceeded, "modules within modules without end", nameless + "ub");
}

TEST(TorchFile, RefusesWhatIsNotAStateDictInAZip) {
  const auto zip = [](const std::vector<ZipPart>& parts) { return zip_bytes(parts); };
  expect_refused(ErrorCode::malformed, "without a data.pkl", zip({{"a/b", "x"}}));
  expect_refused(ErrorCode::malformed, "without a data.pkl", zip({{"a/b/data.pkl", "N."}}));
  expect_refused(ErrorCode::malformed, "several data.pkl",
                 zip({{"a/data.pkl", "N."}, {"b/data.pkl", "N."}}));
  expect_refused(ErrorCode::malformed, "holds no state dict",
                 zip({{"a/data.pkl", "N."}, {"a/constants.pkl", "N."}}));
  expect_refused(ErrorCode::unsupported, "byte order \"big\"",
                 zip({{"a/data.pkl", "N."}, {"a/byteorder", "big"}}));
}

}  // namespace
}  // namespace blip
