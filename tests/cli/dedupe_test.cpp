// `blip dedupe`: which photos are there twice.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "blip/image.hpp"
#include "image/jpeg_writer.hpp"
#include "pictures.hpp"
#include "program.hpp"
#include "task_models.hpp"

namespace blip::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Json = nlohmann::json;

class Dedupe : public ::testing::Test {
 protected:
  // The photos of the tests.
  Dedupe() { fs::copy(photo_folder(), photos_); }

  void index() const {
    const Outcome run =
        run_blip({"index", photos_, "--index", file_, "-m", task_model("itm"), "--recursive"});
    EXPECT_EQ(run.exit_code, 0) << run.err;
  }
  // Kind and names of the files of each group.
  [[nodiscard]] std::vector<std::vector<std::string>> groups(
      std::vector<std::string> words = {}) const {
    words.insert(words.begin(), {"dedupe", "--index", file_, "--format", "jsonl"});
    const Outcome run = run_blip(words);
    EXPECT_EQ(run.exit_code, 0) << run.err;
    std::vector<std::vector<std::string>> groups;
    for (const Json& line : json_lines(run.out)) {
      groups.push_back({line["kind"]});
      for (const Json& file : line["files"]) {
        groups.back().push_back(fs::path(file["path"].get<std::string>()).filename());
        EXPECT_EQ(file["best"], &file == &line["files"].front());
      }
    }
    return groups;
  }
  // Scaled and encoded anew.
  void write_small(const std::string& photo, const std::string& name) const {
    const Image image = Image::open(photos_ + "/" + photo);
    const Image small = image.resized(image.width() / 2, image.height() / 2, Resample::lanczos);
    constexpr int kQuality = 70;
    const std::vector<std::byte> bytes = image::jpeg_bytes(small, kQuality);
    write_file(photos_ + "/" + name, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }

  Folder folder_;
  std::string photos_ = folder_ / "photos";
  std::string file_ = folder_ / "library.db";
};

TEST_F(Dedupe, PhotosThatAreThereOnceAreNone) {
  index();
  EXPECT_TRUE(groups().empty());
}

TEST_F(Dedupe, FindsTheSameBytesUnderAnyName) {
  fs::copy(photos_ + "/cat.jpg", photos_ + "/zebra.jpg");
  index();
  EXPECT_THAT(groups(), ElementsAre(ElementsAre("copy", "cat.jpg", "zebra.jpg")));
  EXPECT_TRUE(groups({"--path", "c*"}).empty());
  EXPECT_TRUE(fs::exists(photos_ + "/zebra.jpg")) << "nothing is deleted";
  fs::remove(photos_ + "/zebra.jpg");
  EXPECT_TRUE(groups().empty()) << "what is gone is not told";
}

TEST_F(Dedupe, FindsWhatIsScaledAndEncodedAnewAndTheBestIsFirst) {
  for (const char* name : {"cat", "gull", "motorcycle", "skateboarder", "stop-sign", "table"}) {
    write_small(std::string(name) + ".jpg", "a-small-" + std::string(name) + ".jpg");
  }
  index();
  const auto found = groups();
  ASSERT_EQ(found.size(), 6U);
  for (const auto& group : found) {
    ASSERT_EQ(group.size(), 3U);
    EXPECT_EQ(group[0], "copy");
    EXPECT_EQ(group[2], "a-small-" + group[1]);
  }
}

TEST_F(Dedupe, WhatIsAlikeIsTheRest) {
  fs::copy(photos_ + "/cat.jpg", photos_ + "/zebra.jpg");
  index();
  const auto found = groups({"--alike", "--cosine", "0"});
  ASSERT_GE(found.size(), 2U);
  EXPECT_THAT(found[0], ElementsAre("copy", "cat.jpg", "zebra.jpg"));
  EXPECT_EQ(found[1][0], "alike");
  EXPECT_EQ(std::count(found[1].begin(), found[1].end(), "zebra.jpg"), 0);
  EXPECT_EQ(groups({"--alike", "--cosine", "1"}).size(), 1U);
}

TEST_F(Dedupe, WritesAPageOfThem) {
  fs::copy(photos_ + "/cat.jpg", photos_ + "/<b>zebra.jpg");
  index();
  const std::string sheet = folder_ / "twice.html";
  const Outcome run = run_blip({"dedupe", "--index", file_, "--sheet", sheet});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  const std::string page = read_file(sheet);
  EXPECT_THAT(page, HasSubstr("<h2>copy</h2>"));
  EXPECT_THAT(page, HasSubstr("best: 640 x 522, 213.3 kB"));
  EXPECT_THAT(page, HasSubstr("&lt;b&gt;zebra.jpg</a>"));
  EXPECT_THAT(page, ::testing::Not(HasSubstr("<b>zebra")));
}

TEST_F(Dedupe, TextIsForPeople) {
  fs::copy(photos_ + "/cat.jpg", photos_ + "/zebra.jpg");
  index();
  const Outcome run = run_blip({"dedupe", "--index", file_});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.out, "copy\n  " + photos_ + "/cat.jpg  640 x 522, 213.3 kB\n  " + photos_ +
                         "/zebra.jpg  640 x 522, 213.3 kB\n");
  EXPECT_THAT(run_blip({"dedupe", "--index", folder_ / "none.db"}).err, HasSubstr("none.db"));
}

}  // namespace
}  // namespace blip::testing
