// What the options of `blip caption` do, on the command line and in the environment.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "pictures.hpp"
#include "program.hpp"

namespace blip::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::ptrdiff_t count_words(const std::string& text) {
  return std::count(text.begin(), text.end(), ' ') + 1;
}

TEST(CaptionOptions, ThePromptStartsEveryCaption) {
  const Folder folder;
  const std::string a = folder.picture("a.png", 1);
  const std::string b = folder.picture("b.png", 2);
  const Outcome run = run_blip({"caption", a, b, "--prompt", "a man"});
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_THAT(run.out, StartsWith(a + ": a man"));
  EXPECT_THAT(run.out, HasSubstr(b + ": a man"));
}

TEST(CaptionOptions, APromptTooLongForTheModelIsTwo) {
  const Folder folder;
  std::string prompt;
  for (int i = 0; i < 200; ++i) prompt += "dog ";
  const Outcome run = run_blip({"caption", folder.picture("a.png"), "--prompt", prompt});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.err, HasSubstr("shorten the prompt"));
}

TEST(CaptionOptions, LengthsAreKept) {
  const Folder folder;
  const std::string a = folder.picture("a.png");
  EXPECT_LE(count_words(run_blip({"caption", a, "--max-new-tokens", "3"}).out), 3);
  EXPECT_LE(count_words(run_blip({"caption", a, "--max-length", "3"}).out), 2);
  const Outcome longer =
      run_blip({"caption", a, "--min-new-tokens", "15", "--max-new-tokens", "25"});
  EXPECT_EQ(longer.exit_code, 0);
  EXPECT_GE(count_words(longer.out), 8);
  EXPECT_GT(longer.out.size(), run_blip({"caption", a}).out.size());
}

TEST(CaptionOptions, TheEnvironmentSetsWhatTheCommandLineDoesNot) {
  const Folder folder;
  const std::string a = folder.picture("a.png");
  const Outcome from_environment =
      run_blip({"caption", a}, {.environment = {{"BLIP_MAX_NEW_TOKENS", "2"},
                                                {"BLIP_FORMAT", "jsonl"},
                                                {"BLIP_NO_EXIF_ROTATION", "1"}}});
  EXPECT_EQ(from_environment.out,
            run_blip({"caption", a, "--max-new-tokens", "2", "--format", "jsonl"}).out);
  const Outcome overridden =
      run_blip({"caption", a, "--max-new-tokens", "4", "--format", "text"},
               {.environment = {{"BLIP_MAX_NEW_TOKENS", "2"}, {"BLIP_FORMAT", "jsonl"}}});
  EXPECT_EQ(overridden.out, run_blip({"caption", a, "--max-new-tokens", "4"}).out);
}

TEST(CaptionOptions, AWrongEnvironmentVariableIsNamed) {
  const Outcome run = run_blip({"caption", "a.png"}, {.environment = {{"BLIP_BEAMS", "lots"}}});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.err, HasSubstr("BLIP_BEAMS"));
  EXPECT_THAT(run.err, HasSubstr("'lots'"));
}

TEST(CaptionOptions, TheModelComesFromTheEnvironmentToo) {
  const Folder folder;
  const Outcome run = run_blip({"caption", folder.picture("a.png")},
                               {.environment = {{"BLIP_MODEL", "no-such-model"}}});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.err, HasSubstr("no-such-model"));
}

TEST(CaptionOptions, TheSameSeedSaysTheSameWhateverTheBatchOrShard) {
  const Folder folder;
  for (std::uint32_t i = 0; i < 6; ++i) folder.picture(numbered("p", i), i);
  const std::string in = folder.path().string();
  const auto sampled = [&](std::vector<std::string> more) {
    std::vector<std::string> words = {"caption", in, "--sample", "--temperature", "2"};
    words.insert(words.end(), more.begin(), more.end());
    return run_blip(words).out;
  };
  const std::string whole = sampled({"--seed", "1"});
  EXPECT_EQ(sampled({"--seed", "1"}), whole);
  EXPECT_EQ(sampled({"--seed", "1", "--batch", "1"}), whole);
  EXPECT_EQ(sampled({"--seed", "1", "--batch", "4"}), whole);
  EXPECT_NE(sampled({"--seed", "2"}), whole);
  EXPECT_NE(sampled({}), sampled({}));
  std::string lines = sampled({"--seed", "1", "--shard", "2/3"});
  while (!lines.empty()) {
    const std::string line = lines.substr(0, lines.find('\n') + 1);
    EXPECT_THAT(whole, HasSubstr(line));
    lines.erase(0, line.size());
  }
}

TEST(CaptionOptions, ABadImageDoesNotShiftTheSeedsOfTheOthers) {
  const Folder folder;
  for (std::uint32_t i = 0; i < 4; ++i) folder.picture(numbered("p", i), i);
  const std::vector<std::string> words = {
      "caption", folder.path().string(), "--sample", "--temperature", "2", "--seed", "3"};
  std::string whole = run_blip(words).out;
  write_file(folder / "p1.png", "");
  const std::string rest = run_blip(words).out;
  const std::size_t begin = whole.find('\n') + 1;
  whole.erase(begin, whole.find('\n', begin) + 1 - begin);
  EXPECT_EQ(rest, whole);
}

// `jpeg` with an EXIF tag that says it was taken with the camera held in another `orientation`.
std::string with_orientation(const std::string& jpeg, char orientation) {
  const std::string exif =
      std::string("Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0", 24) + orientation +
      std::string(7, '\0');
  const std::string segment =
      "\xff\xe1" + std::string(1, '\0') + static_cast<char>(exif.size() + 2) + exif;
  return jpeg.substr(0, 2) + segment + jpeg.substr(2);
}

TEST(CaptionOptions, ExifRotationIsOnUnlessTurnedOff) {
  const Folder folder;
  const std::string photo = std::string(BLIP_SOURCE_DIR) + "/examples/photos/cat.jpg";
  const std::string turned = folder.file("turned.jpg", with_orientation(read_file(photo), '\x06'));
  const Outcome as_stored = run_blip({"caption", "-m", "nano", photo});
  const Outcome upright = run_blip({"caption", "-m", "nano", turned});
  const Outcome switched_off = run_blip({"caption", "-m", "nano", turned, "--no-exif-rotation"});
  EXPECT_EQ(upright.exit_code, 0) << upright.err;
  EXPECT_EQ(switched_off.out, as_stored.out);
  EXPECT_NE(upright.out, as_stored.out);  // a cat on its side looks like something else to nano
}

TEST(CaptionOptions, EveryNumberTypeAndSizeAndThreadCountWorks) {
  const Folder folder;
  const std::string a = folder.picture("a.png");
  const std::string as_stored = run_blip({"caption", a}).out;
  EXPECT_EQ(run_blip({"caption", a, "--dtype", "auto"}).out, as_stored);
  EXPECT_EQ(run_blip({"caption", a, "--dtype", "f16"}).out, as_stored);  // nano is stored in f16
  EXPECT_EQ(run_blip({"caption", a, "--dtype", "f32"}).out, as_stored);  // f16 widened is exact
  EXPECT_EQ(run_blip({"caption", a, "--dtype", "bf16"}).exit_code, 0);
  EXPECT_EQ(run_blip({"caption", a, "--threads", "1"}).out, as_stored);
  EXPECT_EQ(run_blip({"caption", a, "--threads", "3"}).out, as_stored);
  EXPECT_EQ(run_blip({"caption", a, "--image-size", "260"}).out, as_stored);  // its own size
  EXPECT_EQ(run_blip({"caption", a, "--image-size", "224"}).exit_code, 0);
}

TEST(CaptionOptions, BeamSearchOptionsReachTheModel) {
  const Folder folder;
  const std::string a = folder.picture("a.png");
  const auto with = [&](std::vector<std::string> more) {
    std::vector<std::string> words = {"caption", a, "--beams", "3"};
    words.insert(words.end(), more.begin(), more.end());
    const Outcome run = run_blip(words);
    EXPECT_EQ(run.exit_code, 0) << run.err;
    return run.out;
  };
  // A strong length penalty in either direction gives captions of different length.
  const std::string brief = with({"--length-penalty", "-20", "--early-stopping", "never"});
  const std::string wordy = with({"--length-penalty", "20", "--early-stopping", "never"});
  EXPECT_LT(brief.size(), wordy.size());
  with({"--early-stopping", "true"});
  with({"--early-stopping", "false"});
  const std::string unique = with({"--no-repeat-ngram", "1", "--min-new-tokens", "12"});
  std::vector<std::string> words;
  for (std::size_t at = 0, end = 0; end != std::string::npos; at = end + 1) {
    end = unique.find_first_of(" \n", at);
    words.push_back(unique.substr(at, end - at));
  }
  std::sort(words.begin(), words.end());
  EXPECT_EQ(std::adjacent_find(words.begin(), words.end()), words.end()) << unique;
  EXPECT_NE(with({"--repetition-penalty", "5", "--min-new-tokens", "12"}),
            with({"--min-new-tokens", "12"}));
}

}  // namespace
}  // namespace blip::testing
