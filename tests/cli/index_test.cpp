// `blip index`: what is kept of folders of photos, whatever happens to them and to the program.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <random>
#include <thread>

#include "blip/image.hpp"
#include "pictures.hpp"
#include "program.hpp"
#include "search/library_index.hpp"
#include "task_models.hpp"

namespace blip::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class Index : public ::testing::Test {
 protected:
  Index() { fs::create_directory(folder_ / "photos"); }

  [[nodiscard]] std::vector<std::string> words(std::vector<std::string> more = {}) const {
    std::vector<std::string> words = {"index", photos_, "--index", file_, "-m", task_model("itm")};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  [[nodiscard]] Outcome index(const std::vector<std::string>& more = {}) const {
    return run_blip(words(more));
  }

  // A picture of the library.
  [[nodiscard]] std::string picture(const std::string& name, std::uint32_t seed) const {
    return folder_.picture("photos/" + name, seed);
  }

  // Whole, and with one vector for each picture.
  void expect_whole(std::size_t pictures) const {
    search::LibraryIndex index(file_, search::Access::write);
    index.check_integrity();
    EXPECT_EQ(index.pictures().size(), pictures);
    const auto models = index.models(search::Finding::vectors);
    ASSERT_EQ(models.size(), 1U);
    EXPECT_EQ(index.pictures_with(models[0]).size(), pictures);
  }

  [[nodiscard]] std::vector<std::string> paths() const {
    search::LibraryIndex index(file_, search::Access::read);
    std::vector<std::string> paths;
    for (const auto& picture : index.pictures()) paths.push_back(picture.path);
    std::sort(paths.begin(), paths.end());
    return paths;
  }

  Folder folder_;
  std::string photos_ = folder_ / "photos";
  std::string file_ = folder_ / "library.db";
};

TEST_F(Index, ReadsWhatIsNewAlone) {
  const std::string a = picture("a.png", 1);
  (void)picture("b.png", 2);
  const Outcome first = index();
  EXPECT_EQ(first.exit_code, 0) << first.err;
  EXPECT_EQ(first.out,
            "2 pictures: 2 new, 0 changed, 0 moved, 0 copied, 0 unchanged; 0 gone, 0 failed\n");
  // Unreadable now: whoever opened it would fail.
  if (::geteuid() != 0) fs::permissions(a, fs::perms::none);
  (void)picture("c.png", 3);
  const Outcome second = index();
  EXPECT_EQ(second.exit_code, 0) << second.err;
  EXPECT_EQ(second.out,
            "3 pictures: 1 new, 0 changed, 0 moved, 0 copied, 2 unchanged; 0 gone, 0 failed\n");
  expect_whole(3);
}

TEST_F(Index, AFileOfTheSameSizeAndTimeIsNotRead) {
  const std::string a = picture("a.png", 1);
  ASSERT_EQ(index().exit_code, 0);
  const auto time = fs::last_write_time(a);
  write_file(a, std::string(fs::file_size(a), 'x'));
  fs::last_write_time(a, time);
  EXPECT_THAT(index().out, HasSubstr("1 unchanged"));
}

TEST_F(Index, ChangedFilesAreDoneAgain) {
  const std::string a = picture("a.png", 1);
  ASSERT_EQ(index().exit_code, 0);
  write_file(a, png(31, 17, 9));
  const Outcome run = index();
  EXPECT_EQ(run.out,
            "1 pictures: 0 new, 1 changed, 0 moved, 0 copied, 0 unchanged; 0 gone, 0 failed\n");
  expect_whole(1);
}

TEST_F(Index, MovedAndCopiedFilesKeepWhatIsKnown) {
  const std::string a = picture("a.png", 1);
  const std::string b = picture("b.png", 2);
  const std::string model = folder_ / "model";
  fs::copy(task_model("itm"), model, fs::copy_options::recursive);
  const std::vector<std::string> command = {"index", photos_, "--index", file_, "-m", model};
  ASSERT_EQ(run_blip(command).exit_code, 0);
  fs::rename(a, photos_ + "/z.png");
  fs::copy(b, photos_ + "/c.png");
  fs::remove_all(model);  // nothing is left for it to do
  const Outcome run = run_blip(command);
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.out,
            "3 pictures: 0 new, 0 changed, 1 moved, 1 copied, 1 unchanged; 0 gone, 0 failed\n");
  EXPECT_THAT(paths(), ::testing::ElementsAre(b, photos_ + "/c.png", photos_ + "/z.png"));
  expect_whole(3);
}

TEST_F(Index, FilesThatAreGoneLeaveIt) {
  const std::string a = picture("a.png", 1);
  const std::string below = picture("below/b.png", 2);
  ASSERT_EQ(index({"--recursive"}).exit_code, 0);
  fs::remove(a);
  fs::remove(below);
  (void)picture("c.png", 3);
  EXPECT_THAT(index().out, HasSubstr("; 1 gone, 0 failed")) << "of the folder itself alone";
  EXPECT_THAT(index({"--recursive"}).out, HasSubstr("; 1 gone, 0 failed"));
  expect_whole(1);
}

TEST_F(Index, AnEmptyFolderTakesNothingOut) {
  const std::string a = picture("a.png", 1);
  ASSERT_EQ(index().exit_code, 0);
  fs::rename(photos_, folder_ / "elsewhere");
  fs::create_directory(photos_);
  const Outcome run = index();
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.err, HasSubstr("no images in this folder"));
  EXPECT_THAT(paths(), ::testing::ElementsAre(a));
}

TEST_F(Index, BadFilesAreNamedAndTheOthersDone) {
  (void)picture("a.png", 1);
  const std::string bad = folder_.file("photos/bad.jpg", "no picture");
  const Outcome run = index();
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.err, StartsWith("blip: " + bad + ": "));
  EXPECT_THAT(run.out, HasSubstr("1 failed"));
  expect_whole(1);
}

TEST_F(Index, CaptionsAreKeptBesideVectors) {
  (void)picture("a.png", 1);
  ASSERT_EQ(index().exit_code, 0);
  const Outcome run = index({"--caption-model", "nano"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("1 unchanged"));
  search::LibraryIndex library(file_, search::Access::read);
  EXPECT_FALSE(library.caption_of(library.pictures().at(0).id).value().empty());
}

TEST_F(Index, ManyModelsSideBySide) {
  (void)picture("a.png", 1);
  ASSERT_EQ(index().exit_code, 0);
  ASSERT_EQ(run_blip({"index", photos_, "--index", file_, "-m", task_model("blip")}).exit_code, 0);
  search::LibraryIndex library(file_, search::Access::read);
  const auto models = library.models(search::Finding::vectors);
  ASSERT_EQ(models.size(), 2U);
  for (const auto& model : models) EXPECT_EQ(library.pictures_with(model).size(), 1U);
}

TEST_F(Index, TagsAreKeptBesideVectors) {
  const std::string a = picture("a.png", 1);
  const std::string list = folder_.file("tags.txt", "blue\nred\na cat\n");
  const std::vector<std::string> more = {"--tags", "--labels", list, "--no-label-cache"};
  ASSERT_EQ(index(more).exit_code, 0);
  fs::copy(a, photos_ + "/b.png");
  (void)picture("c.png", 2);
  const Outcome run = index(more);
  EXPECT_EQ(run.exit_code, 0) << run.err;
  search::LibraryIndex library(file_, search::Access::write);
  library.check_integrity();
  const auto pictures = library.pictures();
  ASSERT_EQ(pictures.size(), 3U);
  EXPECT_EQ(library.tags_of(pictures[0].id), library.tags_of(pictures[1].id)) << "of a copy";
  for (const auto& each : pictures) {
    for (const std::string& tag : library.tags_of(each.id)) {
      EXPECT_TRUE(tag == "blue" || tag == "red" || tag == "a cat") << tag;
      EXPECT_TRUE(library.pictures_tagged(tag).contains(each.id));
    }
  }
}

TEST_F(Index, TheModelIsNotLoadedWhereNoPictureLacksTags) {
  (void)picture("a.png", 1);
  const std::string model = folder_ / "model";
  fs::copy(task_model("itm"), model, fs::copy_options::recursive);
  const std::string list = folder_.file("tags.txt", "blue\nred\n");
  const std::vector<std::string> command = {
      "index", photos_,  "--index",  file_, "-m",
      model,   "--tags", "--labels", list,  "--no-label-cache"};
  ASSERT_EQ(run_blip(command).exit_code, 0);
  {
    // Whatever this model thinks of it.
    search::LibraryIndex library(file_, search::Access::write);
    const auto taggers = library.models(search::Finding::tags);
    ASSERT_EQ(taggers.size(), 1U);
    auto transaction = library.transaction();
    library.put_tags(library.pictures().at(0).id, taggers[0], std::vector<std::string>{"red"});
    transaction.commit();
  }
  fs::resize_file(model + "/model.safetensors", 0);
  const Outcome run = run_blip(command);
  EXPECT_EQ(run.exit_code, 0) << run.err;
}

TEST_F(Index, ThumbnailsAreKeptIfAsked) {
  (void)picture("a.png", 1);
  fs::copy(fs::path(photo_folder()) / "cat.jpg", photos_ + "/cat.jpg");  // 640 x 522
  ASSERT_EQ(index().exit_code, 0);
  {
    search::LibraryIndex library(file_, search::Access::read);
    EXPECT_EQ(library.pictures_without_thumbnail().size(), 2U);
  }
  ASSERT_EQ(index({"--thumbnails"}).exit_code, 0);
  search::LibraryIndex library(file_, search::Access::write);
  EXPECT_TRUE(library.pictures_without_thumbnail().empty());
  for (const auto& each : library.pictures()) {
    const auto jpeg = library.thumbnail(each.id);
    ASSERT_TRUE(jpeg);
    const Image small = Image::decode(*jpeg);
    if (each.width == 640) {
      EXPECT_EQ(small.width(), 256);
      EXPECT_EQ(small.height(), 209);
    } else {
      EXPECT_EQ(small.width(), each.width);
    }
  }
}

TEST_F(Index, WatchesItsFolders) {
  (void)picture("a.png", 1);
  for (const char* folder : {"/one", "/other"}) {  // links that lead in circles
    fs::create_directory(photos_ + folder);
    fs::create_symlink("..", photos_ + folder + "/all");
  }
  BackgroundBlip blip(words({"--watch", "--recursive"}));
  EXPECT_EQ(blip.read_line(),
            "1 pictures: 1 new, 0 changed, 0 moved, 0 copied, 0 unchanged; 0 gone, 0 failed");
  const std::string b = picture("below/b.png", 2);  // in a folder that is new
  EXPECT_THAT(blip.read_line(), HasSubstr("2 pictures: 1 new, "));
  (void)picture("below/c.png", 3);
  EXPECT_THAT(blip.read_line(), HasSubstr("3 pictures: 1 new, "));
  fs::rename(b, photos_ + "/z.png");
  EXPECT_THAT(blip.read_line(), HasSubstr("3 pictures: 0 new, 0 changed, 1 moved, "));
  fs::remove(photos_ + "/z.png");
  EXPECT_THAT(blip.read_line(), HasSubstr("; 1 gone, 0 failed"));
  blip.signal(SIGTERM);
  EXPECT_EQ(blip.wait().exit_code, 128 + SIGTERM);
  expect_whole(2);
}

TEST_F(Index, WatchingNeedsAFolder) {
  const std::string a = picture("a.png", 1);
  const Outcome run = run_blip({"index", a, "--index", file_, "--watch"});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.err, HasSubstr("--watch needs a folder"));
}

TEST_F(Index, SurvivesBeingKilledAtAnyMoment) {
  constexpr std::uint32_t kPictures = 60;
  for (std::uint32_t i = 0; i < kPictures; ++i) (void)picture(numbered("p", i), i + 1);
  const auto start = std::chrono::steady_clock::now();
  ASSERT_EQ(run_blip({"index", photos_, "--index", folder_ / "other.db", "-m", task_model("itm"),
                      "--batch", "1"})
                .exit_code,
            0);
  const auto whole = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - start);
  std::mt19937 random(20);
  std::uniform_int_distribution<std::int64_t> milliseconds(0, whole.count());
  for (int round = 0; round < 20; ++round) {
    {
      BackgroundBlip blip(words({"--batch", "1"}));
      std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds(random)));
      blip.signal(SIGKILL);
      (void)blip.wait();
    }
    if (!fs::exists(file_)) continue;
    search::LibraryIndex library(file_, search::Access::write);
    library.check_integrity();
    const auto models = library.models(search::Finding::vectors);
    const std::size_t vectors = models.empty() ? 0 : library.pictures_with(models[0]).size();
    EXPECT_EQ(vectors, library.pictures().size()) << "no picture without its vector";
  }
  const Outcome run = index();
  EXPECT_EQ(run.exit_code, 0) << run.err;
  expect_whole(kPictures);
}

TEST_F(Index, TwoAtOnceMakeOneIndex) {
  constexpr std::uint32_t kPictures = 40;
  for (std::uint32_t i = 0; i < kPictures; ++i) (void)picture(numbered("p", i), i + 1);
  BackgroundBlip one(words({"--batch", "1"}));
  BackgroundBlip two(words({"--batch", "2"}));
  const Outcome first = one.wait();
  const Outcome second = two.wait();
  EXPECT_EQ(first.exit_code, 0) << first.err;
  EXPECT_EQ(second.exit_code, 0) << second.err;
  expect_whole(kPictures);
}

TEST_F(Index, OtherFilesAreRefused) {
  (void)picture("a.png", 1);
  write_file(file_, "a letter");
  const Outcome run = index();
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(run.err, "blip: " + file_ + ": is no index of blip\n");
  EXPECT_EQ(read_file(file_), "a letter");
}

TEST_F(Index, HasAPlaceOfItsOwn) {
  (void)picture("a.png", 1);
  const Outcome run = run_blip({"index", photos_, "-m", task_model("itm")},
                               {.environment = {{"XDG_DATA_HOME", folder_ / "data"}}});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_TRUE(fs::exists(folder_ / "data/blip/library.db"));
}

}  // namespace
}  // namespace blip::testing
