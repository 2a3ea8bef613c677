// Which files beside the one that -m names a command takes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "pictures.hpp"
#include "program.hpp"
#include "task_models.hpp"

namespace blip::testing {
namespace {

using ::testing::HasSubstr;

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
  const Outcome weights = run_blip({"caption", "-m", folder.file("w.pth", pointer), picture});
  EXPECT_EQ(weights.exit_code, 2);
  EXPECT_THAT(weights.err, HasSubstr("w.pth: is a Git LFS pointer"));
  copy_files(folder, {"config.json", "model.safetensors", "preprocessor_config.json"});
  folder.file("vocab.txt", pointer);
  const Outcome tokenizer = run_blip({"caption", "-m", folder.path(), picture});
  EXPECT_EQ(tokenizer.exit_code, 2);
  EXPECT_THAT(tokenizer.err, HasSubstr("vocab.txt: is a Git LFS pointer"));
}

}  // namespace
}  // namespace blip::testing
