// LoRA adapters of PEFT on the command line: a model by its adapter, `blip inspect`, `blip
// convert`.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "checkpoint/checkpoint.hpp"
#include "pictures.hpp"
#include "program.hpp"
#include "task_models.hpp"

namespace blip::testing {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

const std::string kAdapter = BLIP_SOURCE_DIR "/tests/tasks/data/adapter";

// The adapter in the folder, with the small model of tests/tasks as its base.
std::string adapter_in(const Folder& folder, const std::string& base = task_model("vqa")) {
  std::filesystem::create_directory(folder / "adapter");
  Json config = Json::parse(read_file(kAdapter + "/adapter_config.json"));
  config["base_model_name_or_path"] = base;
  write_file(folder / "adapter/adapter_config.json", config.dump());
  std::filesystem::copy_file(kAdapter + "/adapter_model.safetensors",
                             folder / "adapter/adapter_model.safetensors");
  return folder / "adapter";
}

std::string answer(const std::vector<std::string>& model) {
  std::vector<std::string> arguments = {"ask", photo(0), "what color is the cat?", "--format",
                                        "json"};
  arguments.insert(arguments.end(), model.begin(), model.end());
  const Outcome run = run_blip(arguments);
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.err, "");
  return run.out;
}

TEST(Adapter, AnswersAsTheModelThatItIsConvertedTo) {
  const Folder folder;
  const std::string adapter = adapter_in(folder);
  const std::string base = task_model("vqa");
  const std::string by_itself = answer({"--model", adapter});
  EXPECT_EQ(answer({"--model", base, "--adapter", kAdapter}), by_itself);
  const Outcome run = run_blip({"convert", adapter, folder / "merged"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(answer({"--model", folder / "merged"}), by_itself);

  // It is a model like another, in the number type of its base.
  const Outcome report = run_blip({"inspect", folder / "merged", "--format", "json"});
  EXPECT_EQ(report.exit_code, 0) << report.out;
  EXPECT_FALSE(Json::parse(report.out).contains("adapter"));
  EXPECT_EQ(Json::parse(report.out)["dtypes"].size(), 1U);
  // The head is tied to the embeddings no more.
  const Checkpoint merged = Checkpoint::open(folder / "merged");
  EXPECT_NE(merged.find("text_decoder.cls.predictions.decoder.weight"), nullptr);
  EXPECT_EQ(Json::parse(read_file(folder / "merged/config.json"))["tie_word_embeddings"], false);
}

TEST(Adapter, IsConvertedToOtherNumberTypes) {
  const Folder folder;
  for (const char* type : {"f32", "int8"}) {
    const std::string target = folder / type;
    const Outcome run =
        run_blip({"convert", task_model("vqa"), target, "--adapter", kAdapter, "--dtype", type});
    ASSERT_EQ(run.exit_code, 0) << run.err;
    EXPECT_EQ(run_blip({"inspect", target}).exit_code, 0);
  }
}

TEST(Adapter, IsShownByInspect) {
  const Folder folder;
  const std::string adapter = adapter_in(folder);
  const Outcome run = run_blip({"inspect", adapter});
  EXPECT_EQ(run.exit_code, 0) << run.out << run.err;
  EXPECT_THAT(run.out, HasSubstr("Adapter        " + adapter));
  EXPECT_THAT(run.out, HasSubstr("LoRA of rank 3, alpha 5 (rsLoRA); "));
  EXPECT_THAT(run.out, HasSubstr("Ready for      blip ask"));
  const Json report = Json::parse(run_blip({"inspect", adapter, "--format", "json"}).out);
  EXPECT_EQ(report["model"], task_model("vqa"));
  EXPECT_EQ(report["adapter"]["peft_type"], "LORA");
  EXPECT_EQ(report["adapter"]["base_model"], task_model("vqa"));
  EXPECT_GT(report["adapter"]["updates"], 10);
  EXPECT_GT(report["adapter"]["replaced"], 2);
}

TEST(Adapter, WithoutItsBaseModelSaysWhatItIs) {
  const Folder folder;
  const std::string adapter = adapter_in(folder, "/content/my-blip");
  for (const char* command : {"inspect", "caption"}) {
    const Outcome run = std::string(command) == "inspect"
                            ? run_blip({"inspect", adapter})
                            : run_blip({"caption", photo(0), "--model", adapter});
    EXPECT_EQ(run.exit_code, 2);
    EXPECT_THAT(run.err, HasSubstr(adapter + ": is an adapter of /content/my-blip: no such model"));
    EXPECT_THAT(run.err, HasSubstr("--model BASE --adapter " + adapter));
  }
}

}  // namespace
}  // namespace blip::testing
