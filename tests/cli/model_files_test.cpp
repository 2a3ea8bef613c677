// Which files beside the one that -m names a command takes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>

#include "pictures.hpp"
#include "program.hpp"
#include "task_models.hpp"

namespace blip::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const std::filesystem::path kNano = std::filesystem::path(BLIP_SOURCE_DIR) / "tests/models/nano";

// Of the bundled model the files of these names, the big one as a link.
void copy_files(const Folder& folder, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    std::filesystem::create_symlink(kNano / name, folder.path() / name);
  }
}

TEST(ModelFiles, AWeightsFileGivesWhatItsDirectoryGives) {
  const Folder folder;
  const std::string picture = folder.picture("a.png");
  const Outcome directory = run_blip({"caption", "-m", kNano, picture});
  const Outcome file = run_blip({"caption", "-m", kNano / "model.safetensors", picture});
  EXPECT_EQ(file.exit_code, 0) << file.err;
  EXPECT_EQ(file.out, directory.out);

  const std::vector<std::string> question = {photo(0), "what is this?", "-m"};
  const auto answer = [&](const std::string& model) {
    std::vector<std::string> words = {"ask"};
    words.insert(words.end(), question.begin(), question.end());
    words.push_back(model);
    return run_blip(words);
  };
  const Outcome answered = answer(task_model("vqa") + "/model.safetensors");
  EXPECT_EQ(answered.exit_code, 0) << answered.err;
  EXPECT_EQ(answered.out, answer(task_model("vqa")).out);
}

// The model in `source` in `folder`, with another header or other bytes.
using Change = std::function<void(nlohmann::json& header, std::string& data)>;
std::string changed_model(const std::filesystem::path& source, const Folder& folder,
                          const Change& change) {
  const std::string file = read_file(source / "model.safetensors");
  std::uint64_t size = 0;
  std::memcpy(&size, file.data(), sizeof size);
  auto header = nlohmann::json::parse(file.substr(sizeof size, size));
  std::string data = file.substr(sizeof size + size);
  change(header, data);
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  size = text.size();
  folder.file("model.safetensors",
              std::string(reinterpret_cast<const char*>(&size), sizeof size) + text + data);
  for (const auto& entry : std::filesystem::directory_iterator(source)) {
    const auto name = entry.path().filename();
    if (name != "model.safetensors") {
      std::filesystem::copy_file(entry.path(), folder.path() / name);
    }
  }
  return folder.path();
}

// Makes one number of a tensor NaN.
Change with_nan(const std::string& tensor, std::size_t index) {
  return [tensor, index](nlohmann::json& header, std::string& data) {
    const auto& entry = header.at(tensor);
    const std::map<std::string, std::string> nans = {
        {"F32", {"\0\0\xc0\x7f", 4}}, {"F16", {"\0\x7e", 2}}, {"BF16", {"\xc0\x7f", 2}}};
    const std::string& nan = nans.at(entry.at("dtype"));
    const auto start = entry.at("data_offsets").at(0).get<std::size_t>();
    data.replace(start + index * nan.size(), nan.size(), nan);
  };
}

constexpr const char* kDecoder = "text_decoder.cls.predictions.decoder.weight";
constexpr const char* kWords = "text_decoder.bert.embeddings.word_embeddings.weight";

TEST(ModelFiles, TiedEmbeddingsLoadByTheDecodersNameAlone) {
  const Folder folder;
  const std::string picture = folder.picture("a.png");
  const std::string model = changed_model(kNano, folder, [](nlohmann::json& header, std::string&) {
    header[kDecoder] = header.at(kWords);
    header.erase(kWords);
  });
  for (const char* dtype : {"stored", "f32", "int8"}) {
    const Outcome run = run_blip({"caption", "-m", model, picture, "--dtype", dtype});
    EXPECT_EQ(run.exit_code, 0) << run.err;
    EXPECT_EQ(run.out, run_blip({"caption", "-m", kNano, picture, "--dtype", dtype}).out);
  }
  ASSERT_EQ(run_blip({"convert", model, folder / "converted"}).exit_code, 0);
  EXPECT_EQ(run_blip({"caption", "-m", folder / "converted", picture}).out,
            run_blip({"caption", "-m", kNano, picture}).out);
}

// Wherever the one damaged number is and whether or not its token would be chosen.
TEST(ModelFiles, NanInTheLogitsIsRefusedByEverySearch) {
  for (const std::size_t token : {0U, 7U, 1803U, 3606U}) {
    const Folder folder;
    const std::string picture = folder.picture("a.png");
    const std::string model =
        changed_model(kNano, folder, with_nan("text_decoder.cls.predictions.bias", token));
    for (const std::vector<std::string>& search :
         {std::vector<std::string>{}, {"--beams", "3"}, {"--sample"}}) {
      std::vector<std::string> words = {"caption", "-m", model, picture};
      words.insert(words.end(), search.begin(), search.end());
      const Outcome run = run_blip(words);
      EXPECT_NE(run.exit_code, 0) << token;
      EXPECT_EQ(run.out, "") << token;
      EXPECT_THAT(run.err, HasSubstr("NaN")) << token;
    }
  }
}

TEST(ModelFiles, NanInAnyResultIsRefused) {
  const Folder words;
  const std::string answers = words.file("answers", "yes\nno\n");
  struct Case {
    const char* model;
    const char* tensor;
    std::vector<std::string> command;
  };
  const std::vector<Case> cases = {
      {"itm", "itm_head.bias", {"match", photo(0), "a dog"}},
      {"itm", "vision_proj.bias", {"match", photo(0), "a dog"}},
      {"itm", "text_proj.bias", {"embed", "--text", "a dog"}},
      {"itm", "vision_proj.weight", {"embed", photo(0)}},
      {"itm", "vision_model.post_layernorm.weight", {"embed", photo(0)}},
      {"itm", "text_proj.bias", {"rank", "a dog", photo(0)}},
      {"blip", "visual_projection.weight", {"embed", photo(0)}},
      {"nlvr", "cls_head.0.bias", {"reason", photo(0), photo(1), "both are dogs"}},
      {"classifier", "classifier.bias", {"classify", photo(0)}},
      {"vqa", "text_decoder.cls.predictions.bias", {"ask", photo(0), "is it?"}},
      {"vqa",
       "text_decoder.cls.predictions.bias",
       {"ask", photo(0), "is it?", "--answers", answers}},
  };
  for (const Case& each : cases) {
    const Folder folder;
    std::vector<std::string> command = each.command;
    command.insert(command.end(),
                   {"-m", changed_model(task_model(each.model), folder, with_nan(each.tensor, 1))});
    const Outcome run = run_blip(command);
    EXPECT_NE(run.exit_code, 0) << each.tensor;
    EXPECT_THAT(run.out, Not(HasSubstr("nan"))) << each.tensor;
    EXPECT_THAT(run.err, HasSubstr("NaN")) << each.tensor;
  }
}

TEST(ModelFiles, AShardStandsForItsModel) {
  const Folder folder;
  const std::string picture = folder.picture("a.png");
  copy_files(folder, {"config.json", "preprocessor_config.json", "vocab.txt"});
  std::filesystem::create_symlink(kNano / "model.safetensors",
                                  folder / "model-00001-of-00001.safetensors");
  nlohmann::json map;
  map["weight_map"][kWords] = "model-00001-of-00001.safetensors";
  folder.file("model.safetensors.index.json", map.dump());
  const std::string expected = run_blip({"caption", "-m", kNano, picture}).out;
  for (const char* name : {"model-00001-of-00001.safetensors", "model.safetensors.index.json"}) {
    const Outcome run = run_blip({"caption", "-m", folder / name, picture});
    EXPECT_EQ(run.exit_code, 0) << run.err;
    EXPECT_EQ(run.out, expected) << name;
  }
}

TEST(ModelFiles, AVocabularyThatDoesNotFitIsRefusedByName) {
  const Folder folder;
  const std::string picture = folder.picture("a.png");
  copy_files(folder, {"config.json", "model.safetensors", "preprocessor_config.json"});
  folder.file("vocab.txt", read_file(std::filesystem::path(BLIP_SOURCE_DIR) /
                                     "models/bert-base-uncased/vocab.txt"));
  for (const std::string& model : {folder.path().string(), folder / "model.safetensors"}) {
    const Outcome run = run_blip({"caption", "-m", model, picture});
    EXPECT_EQ(run.exit_code, 2);
    EXPECT_THAT(run.err, HasSubstr("the vocabulary has 30522 tokens, but the model has word "
                                   "embeddings for 3607"));
  }
}

TEST(ModelFiles, ACheckpointOfATrainingTakesAnotherModelsProcessor) {
  const Folder folder;
  const std::string picture = folder.picture("a.png");
  std::filesystem::create_directory(folder / "checkpoint-500");
  for (const char* name : {"config.json", "model.safetensors"}) {
    std::filesystem::create_symlink(kNano / name,
                                    std::filesystem::path(folder / "checkpoint-500") / name);
  }
  const Outcome refused = run_blip({"caption", "-m", folder / "checkpoint-500", picture});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err, HasSubstr("--processor MODEL"));
  const Outcome run =
      run_blip({"caption", "-m", folder / "checkpoint-500", "--processor", kNano, picture});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.out, run_blip({"caption", "-m", kNano, picture}).out);
}

TEST(ModelFiles, GitLfsPointersAreNamedAsSuch) {
  const Folder folder;
  const std::string pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n";
  const std::string picture = folder.file("p.jpg", pointer);
  const Outcome image = run_blip({"caption", "-m", kNano, picture});
  EXPECT_EQ(image.exit_code, 1);
  EXPECT_EQ(image.err, "blip: " + picture +
                           ": is a Git LFS pointer, not the file itself; fetch it with: git lfs "
                           "pull\n");
  for (const char* name : {"w.pth", "w.bin", "w.safetensors", "pytorch_model.bin"}) {
    const Outcome weights = run_blip({"caption", "-m", folder.file(name, pointer), picture});
    EXPECT_EQ(weights.exit_code, 2);
    EXPECT_THAT(weights.err, HasSubstr(name + std::string(": is a Git LFS pointer")));
  }
  std::filesystem::remove(folder / "pytorch_model.bin");
  copy_files(folder, {"config.json", "model.safetensors", "preprocessor_config.json"});
  folder.file("vocab.txt", pointer);
  const Outcome tokenizer = run_blip({"caption", "-m", folder.path(), picture});
  EXPECT_EQ(tokenizer.exit_code, 2);
  EXPECT_THAT(tokenizer.err, HasSubstr("vocab.txt: is a Git LFS pointer"));
}

}  // namespace
}  // namespace blip::testing
