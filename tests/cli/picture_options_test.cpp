// How pictures are read: transparency, the limit of pixels, and pictures on standard input.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <thread>

#include "pictures.hpp"
#include "program.hpp"
#include "task_models.hpp"

namespace blip::testing {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

std::string fixture(const std::string& name) {
  return std::string(BLIP_SOURCE_DIR) + "/tests/image/data/files/" + name;
}

// What the model sees of a picture.
nlohmann::json embedding_of(std::vector<std::string> words) {
  words.insert(words.begin(), {"embed", "--model", task_model("itm")});
  const Outcome run = run_blip(words);
  EXPECT_EQ(run.exit_code, 0) << run.err;
  return json_lines(run.out).at(0).at("embedding");
}

TEST(PictureOptions, TransparentPixelsShowTheBackground) {
  // The same colours with and without an alpha channel.
  const std::string cutout = fixture("png_rgba_19x13");
  const auto white = embedding_of({cutout});
  EXPECT_EQ(embedding_of({cutout, "--matte", "white"}), white);
  EXPECT_EQ(embedding_of({cutout, "--matte", "#FFffFF"}), white);
  EXPECT_EQ(embedding_of({cutout, "--matte", "ffffff"}), white);
  const auto dropped = embedding_of({cutout, "--matte", "none"});
  EXPECT_EQ(dropped, embedding_of({fixture("png_rgb_19x13")}));
  const auto black = embedding_of({cutout, "--matte", "black"});
  const auto grey = embedding_of({cutout, "--matte", "grey"});
  EXPECT_EQ(grey, embedding_of({cutout, "--matte", "gray"}));
  EXPECT_EQ(grey, embedding_of({cutout, "--matte", "808080"}));
  EXPECT_NE(white, dropped);
  EXPECT_NE(white, black);
  EXPECT_NE(white, grey);
  EXPECT_NE(black, dropped);
}

TEST(PictureOptions, OpaquePicturesHaveNoBackground) {
  const std::string opaque = fixture("png_rgb_19x13");
  EXPECT_EQ(embedding_of({opaque, "--matte", "black"}), embedding_of({opaque}));
}

TEST(PictureOptions, ABackgroundThatIsNoColourIsRefused) {
  for (const char* colour : {"red", "#fff", "12345g", "0x1234", "+12345"}) {
    const Outcome run = run_blip({"embed", fixture("png_rgb_19x13"), "-m", task_model("itm"),
                                  std::string("--matte=") + colour});
    EXPECT_EQ(run.exit_code, 2) << colour;
    EXPECT_THAT(run.err, HasSubstr("--matte")) << colour;
  }
}

TEST(PictureOptions, TheLimitOfPixelsCanBeMoved) {
  const Folder folder;
  const std::string picture = folder.file("a.png", png(40, 25, 1));
  const auto caption = [&](const std::string& limit) {
    return run_blip({"caption", picture, "--max-pixels", limit});
  };
  const Outcome refused = caption("999");
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.err, HasSubstr("40 x 25"));
  EXPECT_EQ(caption("1000").exit_code, 0);
  EXPECT_EQ(caption("0.001M").exit_code, 0);
  EXPECT_EQ(caption("4000m").exit_code, 0);
  for (const char* limit : {"0", "many", "10MB", "5000M", "1e30", "nan"}) {
    const Outcome run = caption(limit);
    EXPECT_EQ(run.exit_code, 2) << limit;
    EXPECT_THAT(run.err, HasSubstr("--max-pixels")) << limit;
  }
}

TEST(PictureOptions, ADashIsThePictureOnStandardInput) {
  const Folder folder;
  const std::string picture = folder.picture("a.png");
  const std::string expected = run_blip({"caption", picture}).out;
  const Outcome run = run_blip({"caption", "-"}, {.input = read_file(picture)});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.out, expected);
  const Outcome named = run_blip({"caption", "-", "-f", "jsonl"}, {.input = read_file(picture)});
  EXPECT_EQ(json_lines(named.out).at(0).at("path"), "-");
  const Outcome asked = run_blip({"ask", "-", "what is it?", "-m", task_model("vqa")},
                                 {.input = read_file(photo(0))});
  EXPECT_EQ(asked.out, run_blip({"ask", photo(0), "what is it?", "-m", task_model("vqa")}).out);
}

TEST(PictureOptions, WhatIsNoPictureOnStandardInputIsNamed) {
  const Outcome empty = run_blip({"caption", "-"});
  EXPECT_EQ(empty.exit_code, 1);
  EXPECT_THAT(empty.err, EndsWith("standard input: empty file\n"));
  const Outcome text = run_blip({"caption", "-"}, {.input = "hello"});
  EXPECT_EQ(text.exit_code, 1);
  EXPECT_THAT(text.err, HasSubstr("standard input: not an image"));
}

TEST(PictureOptions, StandardInputIsReadOnce) {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"caption", "-", "-"}, {"caption", "-", "--from-file", "-"}}) {
    const Outcome run = run_blip(words);
    EXPECT_EQ(run.exit_code, 2);
    EXPECT_THAT(run.err, HasSubstr("standard input (-) can be read only once"));
  }
}

TEST(PictureOptions, ADashInAListIsAFile) {
  const Folder folder;
  folder.picture("-");
  const Outcome run = run_blip({"caption", "--from-file", folder.file("list", "-\n")},
                               {.directory = folder.path()});
  EXPECT_EQ(run.exit_code, 0) << run.err;
}

// A pipe by its name, whose writer comes late and writes slowly.
TEST(PictureOptions, APipeThatIsNamedIsWaitedFor) {
  const Folder folder;
  const std::string picture = read_file(folder.picture("a.png"));
  const std::string pipe = folder / "pipe.png";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  std::thread writer([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    write_file(pipe, picture);
  });
  const Outcome run = run_blip({"caption", pipe});
  writer.join();
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.out, run_blip({"caption", folder / "a.png"}).out);
}

}  // namespace
}  // namespace blip::testing
