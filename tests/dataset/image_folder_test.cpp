#include "dataset/image_folder.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>

#include "dataset/annotated_pictures.hpp"
#include "tar_bytes.hpp"
#include "tests/core/expect_error.hpp"
#include "tests/core/temporary_directory.hpp"

namespace blip::dataset {
namespace {

namespace fs = std::filesystem;

void add(const TemporaryDirectory& directory, const std::string& name) {
  fs::create_directories((directory.path() / name).parent_path());
  directory.write(name, "bytes of " + name);
}

TEST(ImageFolder, LabelsPicturesByTheirDirectory) {
  const TemporaryDirectory directory;
  for (const char* name : {"dog/b.png", "dog/a.JPG", "Cat/more/c.webp", "Cat/notes.txt",
                           "Cat/.hidden/d.jpg", ".git/e.jpg", "stray.jpg"}) {
    add(directory, name);
  }
  ASSERT_EQ(::mkfifo((directory.path() / "dog/pipe.jpg").c_str(), 0600), 0);
  const ImageFolder folder(directory.path());
  std::string all;
  for (std::size_t i = 0; i < folder.size(); ++i) {
    const Sample sample = folder.annotation(i);
    all += sample.label + "=" + sample.key + " ";
  }
  EXPECT_EQ(all, "Cat=Cat/more/c.webp dog=dog/a.JPG dog=dog/b.png ");
  EXPECT_EQ(text_of(folder.read(1).pictures.at(0).bytes), "bytes of dog/a.JPG");
}

TEST(ImageFolder, RefusesWhatHasNoClassesOrAnEmptyOne) {
  const TemporaryDirectory directory;
  add(directory, "a.jpg");
  expect_error(ErrorCode::invalid_argument, "a folder of a data set has a folder for each class",
               [&] { ImageFolder{directory.path()}; });
  add(directory, "cat/a.jpg");
  fs::create_directory(directory.path() / "dog");
  expect_error(ErrorCode::invalid_argument, "dog: a class without a picture",
               [&] { ImageFolder{directory.path()}; });
}

TEST(ImageFolder, IsASourceOfADataset) {
  const TemporaryDirectory directory;
  add(directory, "cat/a.jpg");
  add(directory, "dog/a.jpg");
  directory.write("more.tar", tar_of({{"0.jpg", "x"}, {"0.cls", "dog\n"}}));
  const std::string root = directory.path().string();
  const auto pictures =
      annotated_pictures(Dataset::open(std::vector<std::string>{root, root + "/more.tar"}));
  ASSERT_EQ(pictures.size(), 3U);
  EXPECT_EQ(pictures[0].label, "cat");
  EXPECT_EQ(pictures[1].key, "dog/a.jpg");
  EXPECT_EQ(pictures[2].label, "dog");
}

}  // namespace
}  // namespace blip::dataset
