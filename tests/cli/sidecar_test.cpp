// `blip caption --sidecar`: a text file beside each image.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "pictures.hpp"
#include "program.hpp"
#include "task_models.hpp"

namespace blip::testing {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

Outcome sidecar(std::vector<std::string> words) {
  words.insert(words.begin(), {"caption", "-m", "nano", "--sidecar"});
  return run_blip(words);
}

std::string caption_of(const std::string& picture) {
  return run_blip({"caption", "-m", "nano", picture}).out;
}

std::ptrdiff_t files_in(const std::filesystem::path& folder) {
  return std::distance(std::filesystem::recursive_directory_iterator(folder), {});
}

TEST(SidecarFiles, HaveTheCaptionOfTheImageBesideThem) {
  const Folder folder;
  const std::string a = folder.picture("in/a.png", 1);
  const std::string b = folder.picture("in/deep/b.1.png", 2);
  const Outcome run = sidecar({".txt", folder / "in", "--recursive"});
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_EQ(run.out, "");
  EXPECT_EQ(run.err, "");
  EXPECT_EQ(read_file(folder / "in/a.txt"), caption_of(a));
  EXPECT_EQ(read_file(folder / "in/deep/b.1.txt"), caption_of(b));
  EXPECT_EQ(files_in(folder / "in"), 5) << "nothing else";
  EXPECT_EQ(sidecar({"caption", a}).exit_code, 0);
  EXPECT_EQ(read_file(folder / "in/a.caption"), caption_of(a));
}

TEST(SidecarFiles, ThatAreThereAreKeptUnlessToldOtherwise) {
  const Folder folder;
  const std::string a = folder.picture("a.png");
  const std::string old = folder.file("a.txt", "by hand\n");
  const std::string caption = caption_of(a);
  const Outcome kept = sidecar({".txt", a});
  EXPECT_EQ(kept.exit_code, 0);
  EXPECT_EQ(kept.err,
            "blip: 1 image has a .txt file, which stays as it is; --existing says what else to "
            "do\n");
  EXPECT_EQ(sidecar({".txt", a, "--existing", "skip"}).err, "");
  EXPECT_EQ(read_file(old), "by hand\n");
  EXPECT_EQ(sidecar({".txt", a, "--existing", "append"}).exit_code, 0);
  EXPECT_EQ(read_file(old), "by hand, " + caption);
  write_file(old, "by hand");
  EXPECT_EQ(sidecar({".txt", a, "--existing", "prepend", "--separator", " | "}).exit_code, 0);
  EXPECT_EQ(read_file(old), caption.substr(0, caption.size() - 1) + " | by hand\n");
  EXPECT_EQ(sidecar({".txt", a, "--existing", "overwrite"}).exit_code, 0);
  EXPECT_EQ(read_file(old), caption);
}

TEST(SidecarFiles, AnInterruptedRunGoesOn) {
  const Folder folder;
  for (std::uint32_t i = 0; i < 4; ++i) folder.picture(numbered("p", i), i);
  write_file(folder / "p1.txt", "done before\n");
  EXPECT_EQ(sidecar({".txt", folder.path(), "--existing", "skip"}).exit_code, 0);
  EXPECT_EQ(read_file(folder / "p1.txt"), "done before\n");
  for (const char* name : {"p0", "p2", "p3"}) {
    EXPECT_EQ(read_file(folder / (std::string(name) + ".txt")),
              caption_of(folder / (std::string(name) + ".png")));
  }
}

TEST(SidecarFiles, AFolderOfTheirOwnIsLaidOutAsThatOfTheImages) {
  const Folder folder;
  const std::string b = folder.picture("in/deep/b.png", 2);
  folder.picture("in/a.png", 1);
  EXPECT_EQ(sidecar({".txt", folder / "in", "-r", "-o", folder / "out"}).exit_code, 0);
  EXPECT_EQ(read_file(folder / "out/deep/b.txt"), caption_of(b));
  EXPECT_TRUE(std::filesystem::exists(folder / "out/a.txt"));
  EXPECT_EQ(files_in(folder / "in"), 3);
  const Outcome file = sidecar({".txt", folder / "in", "-o", b});
  EXPECT_EQ(file.exit_code, 2);
  EXPECT_THAT(file.err, HasSubstr("is not a folder"));
}

TEST(SidecarFiles, ImagesThatDifferByTheirEndingsAloneAreToldOf) {
  const Folder folder;
  const std::string jpg = folder.picture("in/a.jpg", 1);
  const std::string png = folder.picture("in/a.png", 2);
  for (int round = 0; round < 2; ++round) {
    const Outcome run = sidecar({".txt", folder / "in", "--existing", "overwrite"});
    EXPECT_EQ(run.exit_code, 0);
    EXPECT_EQ(run.err, "blip: " + png + " and " + jpg +
                           " differ by their endings alone: the text of the former is in "
                           "a.png.txt\n");
    EXPECT_EQ(read_file(folder / "in/a.txt"), caption_of(jpg));
    EXPECT_EQ(read_file(folder / "in/a.png.txt"), caption_of(png));
  }
  // A part of the list comes to the same.
  std::filesystem::remove(folder / "in/a.png.txt");
  EXPECT_EQ(sidecar({".txt", folder / "in", "--shard", "2/2"}).exit_code, 0);
  EXPECT_EQ(read_file(folder / "in/a.png.txt"), caption_of(png));
}

TEST(SidecarFiles, AreWrittenAsTheOptionsSay) {
  const Folder folder;
  const std::string a = folder.picture("a.png");
  const auto written = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {".txt", a, "--existing", "overwrite"});
    const Outcome run = sidecar(words);
    EXPECT_EQ(run.exit_code, 0) << run.err;
    return read_file(folder / "a.txt");
  };
  const std::string plain = caption_of(a);
  const std::string bare = plain.substr(0, plain.size() - 1);
  EXPECT_EQ(written({"--prefix", "sks dog,", "--suffix", ", on film"}),
            "sks dog, " + bare + ", on film\n");
  const std::string prompted = written({"--prompt", "a photo of"});
  EXPECT_THAT(prompted, StartsWith("a photo of "));
  EXPECT_EQ("a photo of " + written({"--prompt", "A photo of", "--strip-prompt"}), prompted);
  const std::string brief = written({"--max-chars", "12"});
  EXPECT_LE(brief.size(), 13U);
  EXPECT_THAT(plain, StartsWith(brief.substr(0, brief.size() - 1) + " "));
  const std::string lines = written({"--beams", "3", "--num-captions", "3"});
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 3);
  // The same captions on standard output.
  EXPECT_EQ(run_blip({"caption", "-m", "nano", a, "--prefix", "sks dog,", "--max-chars", "20"}).out,
            written({"--prefix", "sks dog,", "--max-chars", "20"}));
}

TEST(SidecarFiles, RecordsArePrintedAsWellIfAFormatIsAskedFor) {
  const Folder folder;
  const std::string a = folder.picture("a.png");
  const Outcome run = sidecar({".txt", a, "--format", "jsonl"});
  const auto records = json_lines(run.out);
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0]["caption"].get<std::string>() + "\n", read_file(folder / "a.txt"));
  EXPECT_LT(records[0]["log_probability"], 0.0);
}

TEST(SidecarFiles, AnImageWhoseFileCannotBeWrittenFailsWithOneLine) {
  const Folder folder;
  const std::string a = folder.picture("a.png", 1);
  const std::string b = folder.picture("b.png", 2);
  std::filesystem::create_directory(folder / "a.txt");
  const std::string broken = folder.file("c.png", "no picture");
  const Outcome run =
      sidecar({".txt", a, b, broken, "https://", "--existing", "overwrite", "-f", "jsonl"});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.err, HasSubstr("blip: " + a + ": " + (folder / "a.txt") +
                                 ": cannot be written: Is a directory\n"));
  EXPECT_THAT(run.err, HasSubstr("blip: https://: has no folder to write beside"));
  EXPECT_EQ(std::count(run.err.begin(), run.err.end(), '\n'), 3);
  EXPECT_EQ(read_file(folder / "b.txt"), caption_of(b));
  EXPECT_FALSE(std::filesystem::exists(folder / "c.txt"));
  EXPECT_TRUE(json_lines(run.out).at(0).contains("error"));
}

TEST(SidecarFiles, WrongUsageIsTwoWithOneLine) {
  const Folder folder;
  const std::string a = folder.picture("a.png");
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"--sidecar", ".jpg"},
           {"--sidecar", "."},
           {"--sidecar", "a/b"},
           {"--sidecar", ".txt", "-o", "-"},
           {"--sidecar", ".txt", "--existing", "maybe"},
           {"--sidecar", ".txt", "--resume"},
           {"--sidecar", ".txt", "--beams", "2", "--num-captions", "2", "--existing", "append"},
           {"--existing", "skip"},
           {"--separator", " "},
           {"--max-chars", "0"}}) {
    auto all = words;
    all.insert(all.begin(), {"caption", "-m", "nano", a});
    const Outcome run = run_blip(all);
    EXPECT_EQ(run.exit_code, 2) << ::testing::PrintToString(words);
    EXPECT_EQ(std::count(run.err.begin(), run.err.end(), '\n'), 1) << run.err;
  }
  EXPECT_EQ(files_in(folder.path()), 1);
}

}  // namespace
}  // namespace blip::testing
