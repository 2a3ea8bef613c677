// `blip explain`, and --explain of caption, ask and match: the maps are the library's, which
// tests/tasks holds against autograd; here are files, names and refusals.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "blip/blip.hpp"
#include "pictures.hpp"
#include "program.hpp"
#include "task_models.hpp"

namespace blip::testing {
namespace {

using ::testing::HasSubstr;

std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

// The numbers of a .npy of float32.
std::vector<float> numbers_of(const std::string& file) {
  const std::string bytes = read_file(file);
  std::vector<float> numbers((bytes.size() - 128) / sizeof(float));
  std::memcpy(numbers.data(), bytes.data() + 128, numbers.size() * sizeof(float));
  return numbers;
}

GradCam library_cam(const GradCamOptions& options, Context& context) {
  const auto processor = BlipProcessor::from_pretrained(task_model("itm"));
  const auto model = BlipForImageTextRetrieval::from_pretrained(task_model("itm"));
  const BlipInputs inputs = processor(Image::open(photo(0)), "a red motorcycle");
  return model.grad_cam(model.encode_images(inputs.pixel_values, context).front(),
                        inputs.input_ids.front(), TextStyle::hf, options, context);
}

TEST(Explain, WritesTheLibrarysMaps) {
  const Folder folder;
  const std::string file = folder / "maps.npy";
  Context context({.num_threads = 1});
  for (const auto& [words, options] :
       {std::pair{std::vector<std::string>{}, GradCamOptions{}},
        {{"--layer", "0", "--head", "1"}, GradCamOptions{.layer = 0, .head = 1}},
        {{"--layer", "0", "--head", "mean"}, GradCamOptions{.layer = 0}}}) {
    std::vector<std::string> line = {
        "explain", "-m", task_model("itm"), "--no-exif-rotation", photo(0), "a red motorcycle",
        "-o",      file};
    line.insert(line.end(), words.begin(), words.end());
    const Outcome run = run_blip(line);
    ASSERT_EQ(run.exit_code, 0) << run.err;
    EXPECT_EQ(run.out, file + "\n");
    const GradCam cam = library_cam(options, context);
    const std::vector<float> numbers = numbers_of(file);
    const std::size_t patches = cam.mean.data.size();
    ASSERT_EQ(numbers.size(), patches * 4);  // the mean and three words, one of two pieces
    for (std::size_t i = 0; i < patches; ++i) {
      EXPECT_NEAR(numbers[i], cam.mean.data[i], 1e-6);
      EXPECT_NEAR(numbers[patches + i], cam.maps.data[i], 1e-6);
      EXPECT_NEAR(numbers[3 * patches + i],
                  (cam.maps.data[2 * patches + i] + cam.maps.data[3 * patches + i]) / 2, 1e-6);
    }
    EXPECT_EQ(read_file(folder / "maps.names.txt"), "a red motorcycle\na\nred\nmotorcycle\n");
  }
}

TEST(Explain, WritesAPictureHereIfNothingElseIsSaid) {
  const Folder folder;
  const Outcome run =
      run_blip({"explain", "-m", task_model("itm"), photo(0), "a cat"}, {.directory = folder / ""});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  const std::vector<std::string> names = names_in(folder / "");
  ASSERT_EQ(names.size(), 1U);
  EXPECT_EQ(run.out, names[0] + "\n");
  EXPECT_THAT(names[0], HasSubstr(".explain.png"));
  EXPECT_GT(Image::open(folder / names[0]).width(), 288);
}

TEST(Explain, RefusesWhatCannotBe) {
  const Folder folder;
  const auto refused = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"explain", "-m", task_model("itm"), photo(0), "a cat"});
    const Outcome run = run_blip(words, {.directory = folder / ""});
    EXPECT_EQ(run.exit_code, 2);
    EXPECT_EQ(run.out, "");
    return run.err;
  };
  EXPECT_THAT(refused({"--layer", "2"}), HasSubstr("layer 2 is outside the text model's 2"));
  EXPECT_THAT(refused({"--head", "7"}), HasSubstr("head 7 is outside"));
  EXPECT_THAT(refused({"--head", "all"}), HasSubstr("--head: 'all' is neither a number nor mean"));
  EXPECT_THAT(refused({"--layer", "-1"}), HasSubstr("--layer"));
  EXPECT_THAT(refused({"-o", "maps.gif"}), HasSubstr("neither a .png nor a .npy"));
  EXPECT_THAT(refused({"-o", "no/such/folder/maps.png"}), HasSubstr("there is no folder"));
  EXPECT_THAT(run_blip({"explain", photo(0)}).err, HasSubstr("an image and a text"));
  EXPECT_THAT(run_blip({"explain", "-m", task_model("blip"), photo(0), "a cat"}).err,
              HasSubstr("this needs a BlipForImageTextRetrieval"));
  EXPECT_TRUE(names_in(folder / "").empty());
}

TEST(Explain, OfEveryCaptionAnswerAndMatch) {
  const Folder folder;
  const std::string captions = folder / "captions";
  const Outcome plain = run_blip({"caption", "-m", "nano", photo(0), photo(1)});
  const Outcome caption =
      run_blip({"caption", "-m", "nano", photo(0), photo(1), "--explain", captions});
  EXPECT_EQ(caption.exit_code, 0) << caption.err;
  EXPECT_EQ(caption.out, plain.out);
  EXPECT_EQ(names_in(captions).size(), 2U);

  const std::string answers = folder / "answers";
  const std::vector<std::string> ask = {"ask",    "-m",          task_model("vqa"),
                                        photo(0), "what is it?", "is it red?"};
  std::vector<std::string> words = ask;
  words.insert(words.end(), {"--explain", answers, "--explain-format", "png,npy"});
  const Outcome answer = run_blip(words);
  EXPECT_EQ(answer.exit_code, 0) << answer.err;
  EXPECT_EQ(answer.out, run_blip(ask).out);
  EXPECT_EQ(names_in(answers).size(), 6U);

  const std::string matches = folder / "matches";
  const std::vector<std::string> match = {"match",  "-m",    task_model("itm"), photo_folder(),
                                          "--text", "a cat", "--text",          "a dog"};
  words = match;
  words.insert(words.end(), {"--explain", matches, "--explain-format", "npy"});
  const Outcome matched = run_blip(words);
  EXPECT_EQ(matched.exit_code, 0) << matched.err;
  EXPECT_EQ(matched.out, run_blip(match).out);
  EXPECT_EQ(names_in(matches).size(), 2U * 2U * 6U);
}

TEST(Explain, IsNoOptionOfTheRestAlone) {
  for (const char* option : {"--explain-layer=1", "--explain-head=0", "--explain-format=npy"}) {
    const Outcome run = run_blip({"caption", photo(0), option});
    EXPECT_EQ(run.exit_code, 2);
    EXPECT_THAT(run.err, HasSubstr("needs --explain DIR"));
  }
}

TEST(Explain, StandardInputCannotBeDrawnOn) {
  const Folder folder;
  const Outcome run = run_blip({"caption", "-", "--explain", folder / "maps"});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.err, ::testing::HasSubstr("cannot draw on a picture from standard input"));
}

}  // namespace
}  // namespace blip::testing
