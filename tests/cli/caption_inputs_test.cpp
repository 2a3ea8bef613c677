// Which images `blip caption` takes: files, folders, lists, shards.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <sstream>

#include "pictures.hpp"
#include "program.hpp"

namespace blip::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// The paths of `path: caption` lines, relative to `folder`.
std::vector<std::string> paths(const std::string& text, const Folder& folder) {
  std::vector<std::string> found;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    std::string path = line.substr(0, line.find(": "));
    const std::string prefix = folder.path().string() + "/";
    if (path.starts_with(prefix)) path.erase(0, prefix.size());
    found.push_back(path);
  }
  return found;
}

TEST(CaptionInputs, AFolderGivesItsImagesByEndingInOrderOfName) {
  const Folder folder;
  for (const char* name : {"c.png", "a.PNG", "b.jpeg", ".hidden.png", "sub/d.png"}) {
    folder.picture(name);
  }
  folder.file("notes.txt", "no picture");
  folder.file("noending", "no picture");
  const Outcome run = run_blip({"caption", folder.path().string()});
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_THAT(paths(run.out, folder), ElementsAre("a.PNG", "b.jpeg", "c.png"));
}

TEST(CaptionInputs, RecursiveTakesSubfoldersInTheSameOrderEverywhere) {
  const Folder folder;
  for (const char* name : {"b.png", "a/z.png", "a/deep/y.png", "c/x.png", ".thumbs/t.png"}) {
    folder.picture(name);
  }
  std::filesystem::create_directory(folder / "empty");
  std::filesystem::create_directory_symlink("..", folder / "a/loop");
  std::filesystem::create_symlink("../b.png", folder / "a/link.png");
  const Outcome run = run_blip({"caption", "-r", folder.path().string()});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(paths(run.out, folder),
              ElementsAre("a/deep/y.png", "a/link.png", "a/z.png", "b.png", "c/x.png"));
}

TEST(CaptionInputs, LinksToFoldersAreFollowedOnce) {
  const Folder folder;
  const Folder elsewhere;
  for (const char* name : {"b/x.png", "b/deep/y.png"}) folder.picture(name);
  elsewhere.picture("z.png");
  std::filesystem::create_directory_symlink(elsewhere.path(), folder / "c");
  std::filesystem::create_directory_symlink(elsewhere.path(), folder / "d");  // the same again
  std::filesystem::create_directory_symlink("b", folder / "a");  // b has a name without a link
  std::filesystem::create_directory_symlink("..", folder / "b/up");
  std::filesystem::create_directory_symlink(folder.path(), elsewhere.path() / "back");
  std::filesystem::create_directory_symlink("self", folder / "self");
  const Outcome run = run_blip({"caption", "-r", folder.path().string()});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(paths(run.out, folder), ElementsAre("b/deep/y.png", "b/x.png", "c/z.png"));
  EXPECT_EQ(run_blip({"caption", folder.path().string()}).exit_code, 1);  // none right here
}

TEST(CaptionInputs, AFolderWithoutImagesIsAFailureThatSaysSo) {
  const Folder folder;
  const std::string good = folder.picture("good.png");
  folder.picture("outer/inner/a.png");
  const Outcome run = run_blip({"caption", folder / "outer", good});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_EQ(run.err, "blip: " + (folder / "outer") +
                         ": no images in this folder (--recursive looks deeper)\n");
  EXPECT_THAT(paths(run.out, folder), ElementsAre("good.png"));
}

// Nobody writes to the pipe: a run that opened it would never end.
TEST(CaptionInputs, PipesSocketsAndDevicesInAFolderAreFailuresThatSaySo) {
  const Folder folder;
  folder.picture("a.png");
  folder.picture("z.png");
  ASSERT_EQ(::mkfifo((folder / "b.png").c_str(), 0600), 0);
  std::filesystem::create_symlink("b.png", folder / "c.png");
  std::filesystem::create_symlink("/dev/zero", folder / "d.png");
  const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  const std::string name = folder / "e.png";
  ASSERT_LT(name.size(), sizeof(address.sun_path));
  std::copy(name.begin(), name.end(), address.sun_path);
  ASSERT_EQ(::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  const Outcome run = run_blip({"caption", folder.path().string()});
  ::close(socket);
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(paths(run.out, folder), ElementsAre("a.png", "z.png"));
  EXPECT_EQ(run.err, "blip: " + (folder / "b.png") + ": is a pipe, not a file\n" +
                         "blip: " + (folder / "c.png") + ": is a pipe, not a file\n" +
                         "blip: " + (folder / "d.png") + ": is a device, not a file\n" +
                         "blip: " + (folder / "e.png") + ": is a socket, not a file\n");
}

TEST(CaptionInputs, APipeThatIsNamedIsRead) {
  const Folder folder;
  const std::string picture = folder.picture("a.png");
  const std::string expected = run_blip({"caption", picture}).out;
  const Outcome run = run_blip({"caption", "/dev/stdin"}, {.input = read_file(picture)});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.out, expected);
}

TEST(CaptionInputs, ReadsAList) {
  const Folder folder;
  const std::string a = folder.picture("a.png");
  const std::string b = folder.picture("b with space.png");
  folder.picture("dir/c.png");
  const std::string list =
      folder.file("list", b + "\r\n\n" + (folder / "dir") + "\n" + a);  // no final line end
  const Outcome run = run_blip({"caption", "--from-file", list});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(paths(run.out, folder), ElementsAre("b with space.png", "dir/c.png", "a.png"));
}

TEST(CaptionInputs, ReadsStandardInputAfterTheNamedImages) {
  const Folder folder;
  const std::string a = folder.picture("a.png");
  const std::string b = folder.picture("b.png");
  const Outcome run = run_blip({"caption", b, "--from-file", "-"}, {.input = a + "\n"});
  EXPECT_THAT(paths(run.out, folder), ElementsAre("b.png", "a.png"));
}

TEST(CaptionInputs, ReadsNulSeparatedNames) {
  const Folder folder;
  const std::string odd = folder.picture("new\nline.png");
  const std::string b = folder.picture("b.png");
  std::string list = odd + '\0' + b + '\0';
  const Outcome run = run_blip({"caption", "-0", "--from-file", "-"}, {.input = list});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(paths(run.out, folder), ElementsAre("new?line.png", "b.png"));
  const Outcome wrong = run_blip({"caption", "--from-file", "-"}, {.input = list});
  EXPECT_EQ(wrong.exit_code, 2);
  EXPECT_THAT(wrong.err, HasSubstr("--null"));
}

TEST(CaptionInputs, APipeIsReadWhileItIsWritten) {
  const Folder folder;
  BackgroundBlip blip({"caption", "--from-file", "-", "--batch", "1"});
  for (const char* name : {"a.png", "b.png", "c.png"}) {
    const std::string path = folder.picture(name);
    blip.type(path + "\n");
    EXPECT_THAT(blip.read_line(), ::testing::StartsWith(path + ": "));
  }
  blip.close_input();
  EXPECT_EQ(blip.wait().exit_code, 0);
}

TEST(CaptionInputs, AListThatCannotBeReadOrHoldsNoNamesIsAnError) {
  const Folder folder;
  const Outcome missing = run_blip({"caption", "--from-file", folder / "nowhere"});
  EXPECT_EQ(missing.exit_code, 2);
  EXPECT_EQ(missing.err, "blip: " + (folder / "nowhere") + ": No such file or directory\n");
  const Outcome is_folder = run_blip({"caption", "--from-file", folder.path().string()});
  EXPECT_EQ(is_folder.exit_code, 2);
  EXPECT_THAT(is_folder.err, HasSubstr("Is a directory"));
  const Outcome empty = run_blip({"caption", "--from-file", "-"}, {.input = "\n\n"});
  EXPECT_EQ(empty.exit_code, 2);
  EXPECT_EQ(empty.err, "blip: the list of images is empty\n");
  const Outcome endless =
      run_blip({"caption", "--from-file", "-"}, {.input = std::string(200'000, 'x')});
  EXPECT_EQ(endless.exit_code, 2);
  EXPECT_THAT(endless.err, HasSubstr("more than 65,536 bytes"));
}

TEST(CaptionInputs, NoImagesAtAllIsWrongUsage) {
  const Outcome run = run_blip({"caption"});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(run.err, "blip: no images given; see: blip caption --help\n");
}

TEST(CaptionInputs, ShardsTogetherAreTheWholeAndShareNothing) {
  const Folder folder;
  std::vector<std::string> list;
  for (std::uint32_t i = 0; i < 10; ++i) {
    folder.picture(numbered("p", i), i);
  }
  const auto whole = paths(run_blip({"caption", folder.path().string()}).out, folder);
  ASSERT_EQ(whole.size(), 10U);
  std::vector<std::string> together;
  for (const char* shard : {"1/3", "2/3", "3/3"}) {
    const Outcome run = run_blip({"caption", folder.path().string(), "--shard", shard});
    EXPECT_EQ(run.exit_code, 0);
    const auto part = paths(run.out, folder);
    together.insert(together.end(), part.begin(), part.end());
  }
  EXPECT_THAT(paths(run_blip({"caption", folder.path().string(), "--shard", "2/3"}).out, folder),
              ElementsAre("p1.png", "p4.png", "p7.png"));
  std::sort(together.begin(), together.end());
  EXPECT_EQ(together, whole);
}

TEST(CaptionInputs, ShardsOfAPipeAgreeWithShardsOfAFile) {
  const Folder folder;
  std::string list;
  for (std::uint32_t i = 0; i < 5; ++i) {
    list += folder.picture(numbered("p", i), i) + "\n";
  }
  BackgroundBlip blip({"caption", "--from-file", "-", "--shard", "2/2"});
  blip.type(list);
  blip.close_input();
  EXPECT_THAT(paths(blip.wait().out, folder), ElementsAre("p1.png", "p3.png"));
}

TEST(CaptionInputs, AShardWithNothingInItIsNoError) {
  const Folder folder;
  const Outcome run =
      run_blip({"caption", folder.picture("a.png"), "--shard", "5/9", "--format", "json"});
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_EQ(run.out, "[]\n");
}

TEST(CaptionInputs, ShardsOutOfRangeAreRejected) {
  for (const char* shard :
       {"0/3", "4/3", "1/0", "1", "a/b", "1/3x", "-1/3", "1/", "/3", "1/99999999999999999999"}) {
    const Outcome run = run_blip({"caption", "x.png", "--shard", shard});
    EXPECT_EQ(run.exit_code, 2) << shard;
    EXPECT_THAT(run.err, HasSubstr("is not I/N")) << shard;
  }
}

TEST(CaptionInputs, TheSameImageTwiceIsDoneTwice) {
  const Folder folder;
  const std::string a = folder.picture("a.png");
  EXPECT_THAT(paths(run_blip({"caption", a, a}).out, folder), ElementsAre("a.png", "a.png"));
}

TEST(CaptionInputs, ANameThatLooksLikeAnOptionCanBeGiven) {
  const Folder folder;
  folder.picture("--beams.png");
  const Outcome run = run_blip({"caption", "--", "--beams.png"}, {.directory = folder.path()});
  EXPECT_EQ(run.exit_code, 0) << run.err;
}

// Whoever feeds names by hand, or from a slow program, does not wait for a whole batch.
TEST(CaptionInputs, APartOfABatchGoesOutWhenTheListIsSlow) {
  const Folder folder;
  const std::string a = folder.picture("a.png", 1);
  const std::string b = folder.picture("b.png", 2);
  const std::string c = folder.picture("c.png", 3);
  const std::string expected = run_blip({"caption", a, b, c}).out;
  BackgroundBlip run({"caption", "--from-file", "-", "--batch", "64"});
  run.type(a + "\n" + b + "\n");
  std::string printed = run.read_line() + "\n";
  printed += run.read_line() + "\n";  // its input is still open
  run.type(c + "\n");
  printed += run.read_line() + "\n";
  run.close_input();
  EXPECT_EQ(run.wait().exit_code, 0);
  EXPECT_EQ(printed, expected);
}

}  // namespace
}  // namespace blip::testing
