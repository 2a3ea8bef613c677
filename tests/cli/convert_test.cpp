// `blip convert`, from each format, and what it does when it cannot.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "checkpoint/checkpoint.hpp"
#include "original_checkpoint.hpp"
#include "pictures.hpp"
#include "program.hpp"

namespace blip::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;
using Json = nlohmann::json;

const std::filesystem::path kNano = std::filesystem::path(BLIP_SOURCE_DIR) / "models/nano";

std::vector<std::string> names_in(const std::filesystem::path& directory) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    names.push_back(entry.path().filename().string());
  }
  return names;
}

float first_value(const Checkpoint& checkpoint, std::string_view name) {
  float value = -1.0F;
  const CheckpointTensor* tensor = checkpoint.find(name);
  if (tensor != nullptr) std::memcpy(&value, tensor->bytes.data(), sizeof value);
  return value;
}

TEST(Convert, AnOriginalCheckpointBecomesAModelDirectory) {
  const Folder folder;
  const BlipConfig config = small_config("BlipForConditionalGeneration");
  const std::string source = folder.file(
      "model_base_caption.pth",
      original_checkpoint(config, {"temp", "text_decoder.bert.embeddings.position_ids"}));
  const Outcome run = run_blip({"convert", source, folder / "new/model"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("new/model/model.safetensors: "));
  EXPECT_THAT(names_in(folder / "new/model"),
              UnorderedElementsAre("config.json", "model.safetensors", "preprocessor_config.json",
                                   "tokenizer_config.json", "vocab.txt"));

  const Checkpoint before = Checkpoint::open(source);
  const Checkpoint after = Checkpoint::open(folder / "new/model");
  EXPECT_FALSE(after.has_original_names());
  // Tied tensors are written once, and everything else as it was.
  EXPECT_EQ(after.tensors().size(), before.tensors().size() - 2);
  EXPECT_EQ(after.find("text_decoder.cls.predictions.decoder.weight"), nullptr);
  for (const CheckpointTensor& tensor : after.tensors()) {
    const CheckpointTensor* was = before.find(tensor.name);
    ASSERT_NE(was, nullptr) << tensor.name;
    EXPECT_EQ(tensor.shape, was->shape);
    EXPECT_EQ(first_value(after, tensor.name), first_value(before, tensor.name)) << tensor.name;
  }
  const Json written = Json::parse(read_file(folder / "new/model/config.json"));
  EXPECT_EQ(written["architectures"], Json::array({"BlipForConditionalGeneration"}));
  EXPECT_EQ(written["model_type"], "blip");
  EXPECT_EQ(written["vision_config"]["image_size"], 24);
  EXPECT_EQ(written["vision_config"]["layer_norm_eps"], 1e-6);
  EXPECT_EQ(Json::parse(read_file(folder / "new/model/preprocessor_config.json"))["size"]["width"],
            24);
  const Outcome report = run_blip({"inspect", folder / "new/model"});
  EXPECT_EQ(report.exit_code, 0) << report.out;
}

TEST(Convert, ACopyCaptionsAsItsModelDoes) {
  const Folder folder;
  const std::string picture = folder.picture("a.png");
  ASSERT_EQ(run_blip({"convert", "nano", folder / "copy"}).exit_code, 0);
  EXPECT_EQ(read_file(folder / "copy/config.json"), read_file(kNano / "config.json"));
  EXPECT_EQ(read_file(folder / "copy/vocab.txt"), read_file(kNano / "vocab.txt"));
  const Outcome original = run_blip({"caption", picture});
  const Outcome copy = run_blip({"caption", picture, "--model", folder / "copy"});
  EXPECT_EQ(original.exit_code, 0) << original.err;
  EXPECT_EQ(copy.out, original.out);
}

TEST(Convert, ChangesNumberTypes) {
  const Folder folder;
  for (const auto& [option, name, torch_name] :
       {std::tuple("f32", "F32", "float32"), std::tuple("bf16", "BF16", "bfloat16"),
        std::tuple("f16", "F16", "float16"), std::tuple("stored", "F16", "float16")}) {
    SCOPED_TRACE(option);
    const std::string target = folder / option;
    ASSERT_EQ(run_blip({"convert", "nano", target, "--dtype", option}).exit_code, 0);
    const Checkpoint checkpoint = Checkpoint::open(target);
    for (const CheckpointTensor& tensor : checkpoint.tensors()) {
      EXPECT_EQ(name_of(tensor.dtype), name);
    }
    EXPECT_EQ(Json::parse(read_file(target + "/config.json"))["torch_dtype"], torch_name);
  }
  // Through float32 and back nothing is lost.
  ASSERT_EQ(run_blip({"convert", folder / "f32", folder / "again", "--dtype", "f16"}).exit_code, 0);
  EXPECT_EQ(read_file(folder / "again/model.safetensors"),
            read_file(folder / "stored/model.safetensors"));
  const Outcome bad = run_blip({"convert", "nano", folder / "x", "--dtype", "int8"});
  EXPECT_EQ(bad.exit_code, 2);
  EXPECT_THAT(bad.err, HasSubstr("int8"));
}

TEST(Convert, OverwritesOnlyIfToldTo) {
  const Folder folder;
  ASSERT_EQ(run_blip({"convert", "nano", folder / "out"}).exit_code, 0);
  const Outcome again = run_blip({"convert", "nano", folder / "out"});
  EXPECT_EQ(again.exit_code, 2);
  EXPECT_THAT(again.err, HasSubstr("model.safetensors is there already"));
  EXPECT_EQ(run_blip({"convert", "nano", folder / "out", "--force"}).exit_code, 0);

  // Another model's files count as well.
  std::filesystem::create_directory(folder / "other");
  folder.file("other/config.json", "{}");
  const Outcome other = run_blip({"convert", "nano", folder / "other"});
  EXPECT_EQ(other.exit_code, 2);
  EXPECT_THAT(other.err, HasSubstr("config.json is there already"));
  EXPECT_THAT(names_in(folder / "other"), UnorderedElementsAre("config.json"));
}

TEST(Convert, MayReplaceTheFilesItReads) {
  const Folder folder;
  ASSERT_EQ(run_blip({"convert", "nano", folder / "out", "--dtype", "f32"}).exit_code, 0);
  const Outcome run =
      run_blip({"convert", folder / "out", folder / "out", "--dtype", "f16", "--force"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  ASSERT_EQ(run_blip({"convert", "nano", folder / "new"}).exit_code, 0);
  EXPECT_EQ(read_file(folder / "out/model.safetensors"),
            read_file(folder / "new/model.safetensors"));
}

TEST(Convert, AFailureLeavesNothingBehind) {
  const Folder folder;
  const Outcome missing = run_blip({"convert", folder / "absent.pth", folder / "out"});
  EXPECT_EQ(missing.exit_code, 2);
  EXPECT_THAT(missing.err, HasSubstr("absent.pth"));
  EXPECT_FALSE(std::filesystem::exists(folder / "out"));

  const std::string hostile = folder.file(
      "hostile.pth",
      torch_zip(pickled_dict({{"w", "cposix\nsystem\n" + pickled("id") + "\x85R"}}), {}));
  const Outcome refused = run_blip({"convert", hostile, folder / "out"});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err, HasSubstr("posix.system"));
  EXPECT_FALSE(std::filesystem::exists(folder / "out"));

  // A disk that is full in the middle of the weights: a limit on the size of files says the same.
  const std::string command = "trap '' XFSZ; ulimit -f 4000; exec '" + std::string(BLIP_PROGRAM) +
                              "' convert nano '" + (folder / "out") + "' >'" + (folder / "stdout") +
                              "' 2>'" + (folder / "stderr") + "'";
  const int status = std::system(command.c_str());
  EXPECT_EQ(WEXITSTATUS(status), 2);
  const std::string message = read_file(folder / "stderr");
  EXPECT_THAT(message, HasSubstr("cannot write"));
  EXPECT_EQ(std::count(message.begin(), message.end(), '\n'), 1) << message;
  EXPECT_THAT(read_file(folder / "stdout"), IsEmpty());
  EXPECT_FALSE(std::filesystem::exists(folder / "out"));
}

}  // namespace
}  // namespace blip::testing
