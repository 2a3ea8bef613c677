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
#include "task_models.hpp"

namespace blip::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;
using Json = nlohmann::json;

const std::filesystem::path kNano = std::filesystem::path(BLIP_SOURCE_DIR) / "tests/models/nano";

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
  const BlipConfig config = small_published_config("BlipForConditionalGeneration");
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
  const Outcome original = run_blip({"caption", picture, "--model", "nano"});
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
  const Outcome bad = run_blip({"convert", "nano", folder / "x", "--dtype", "int4"});
  EXPECT_EQ(bad.exit_code, 2);
  EXPECT_THAT(bad.err, HasSubstr("int4"));
}

TEST(Convert, ToInt8MakesTheMatricesInt8AndLeavesTheRest) {
  const Folder folder;
  ASSERT_EQ(run_blip({"convert", "nano", folder / "int8", "--dtype", "int8"}).exit_code, 0);
  const Checkpoint before = Checkpoint::open(kNano);
  const Checkpoint after = Checkpoint::open(folder / "int8");
  std::size_t matrices = 0;
  for (const CheckpointTensor& tensor : before.tensors()) {
    const CheckpointTensor* now = after.find(tensor.name);
    ASSERT_NE(now, nullptr) << tensor.name;
    EXPECT_EQ(now->shape, tensor.shape);
    const bool is_matrix =
        tensor.shape.size() == 2 && tensor.name.find("position_embeddings") == std::string::npos;
    EXPECT_EQ(name_of(now->dtype), is_matrix ? "I8" : "F16") << tensor.name;
    EXPECT_EQ(after.find(tensor.name + "_scale") != nullptr, is_matrix) << tensor.name;
    if (is_matrix) ++matrices;
    if (!is_matrix) {
      EXPECT_EQ(std::memcmp(now->bytes.data(), tensor.bytes.data(), tensor.bytes.size()), 0);
    }
  }
  EXPECT_EQ(after.tensors().size(), before.tensors().size() + matrices);
  EXPECT_EQ(Json::parse(read_file(folder / "int8/config.json"))["torch_dtype"], "float16");

  // Once more changes nothing, and half of it is gone.
  ASSERT_EQ(run_blip({"convert", folder / "int8", folder / "again", "--dtype", "int8"}).exit_code,
            0);
  EXPECT_EQ(read_file(folder / "again/model.safetensors"),
            read_file(folder / "int8/model.safetensors"));
  EXPECT_LT(std::filesystem::file_size(folder / "int8/model.safetensors"),
            std::filesystem::file_size(kNano / "model.safetensors") * 55 / 100);
}

TEST(Convert, Int8IsWhatLoadingAsInt8Makes) {
  const Folder folder;
  const std::vector<std::string> embed = {"embed", photo_folder(), "--format", "jsonl"};
  const auto output = [&](const std::string& model, const std::string& dtype) {
    std::vector<std::string> words = embed;
    words.insert(words.end(), {"--model", model, "--dtype", dtype});
    const Outcome run = run_blip(words);
    EXPECT_EQ(run.exit_code, 0) << run.err;
    return run.out;
  };
  for (const std::string name : {"itm", "blip"}) {
    SCOPED_TRACE(name);
    const std::string target = folder / name;
    ASSERT_EQ(run_blip({"convert", task_model(name), target, "--dtype", "int8"}).exit_code, 0);
    const std::string loaded = output(task_model(name), "int8");
    EXPECT_EQ(output(target, "stored"), loaded);
    EXPECT_EQ(output(target, "int8"), loaded);
    EXPECT_NE(output(task_model(name), "stored"), loaded);
    // Float again, it is what int8 can say: the same to rounding.
    ASSERT_EQ(run_blip({"convert", target, target + "-f32", "--dtype", "f32"}).exit_code, 0);
    EXPECT_EQ(output(target + "-f32", "stored"), output(target, "f32"));
    const Checkpoint wide = Checkpoint::open(target + "-f32");
    for (const CheckpointTensor& tensor : wide.tensors()) {
      EXPECT_EQ(name_of(tensor.dtype), "F32") << tensor.name;
      EXPECT_FALSE(tensor.name.ends_with(".weight_scale")) << tensor.name;
    }
  }
}

TEST(Convert, ToInt8OfAnOriginalCheckpointWritesTiedTensorsOnce) {
  const Folder folder;
  const BlipConfig config = small_published_config("BlipForConditionalGeneration");
  const std::string source =
      folder.file("model_base_caption.pth", original_checkpoint(config, {"temp"}));
  ASSERT_EQ(run_blip({"convert", source, folder / "int8", "--dtype", "int8"}).exit_code, 0);
  const Checkpoint after = Checkpoint::open(folder / "int8");
  EXPECT_EQ(after.find("text_decoder.cls.predictions.decoder.weight"), nullptr);
  EXPECT_EQ(after.find("text_decoder.cls.predictions.decoder.weight_scale"), nullptr);
  const CheckpointTensor* words = after.find("text_decoder.bert.embeddings.word_embeddings.weight");
  ASSERT_NE(words, nullptr);
  EXPECT_EQ(name_of(words->dtype), "I8");
  const Outcome report = run_blip({"inspect", folder / "int8"});
  EXPECT_EQ(report.exit_code, 0) << report.out;
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
  const std::string command = "trap '' XFSZ; ulimit -f 4000; exec '" + program_path() +
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
