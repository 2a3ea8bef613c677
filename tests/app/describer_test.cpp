// Descriptions of a batch whose pictures are read twice, for two models.
#include "app/describe/describer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <vector>

#include "app/images/image_stream.hpp"
#include "tests/core/temporary_directory.hpp"

namespace blip::app {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class Describing : public ::testing::Test {
 protected:
  // Of the photos, as the captioner takes them.
  ImageBatch prepared(const std::vector<fs::path>& photos) {
    std::vector<PreparedImage> images;
    for (const fs::path& photo : photos) {
      images.push_back(
          prepare_image({.path = photo, .index = images.size()},
                        [&](const auto& input) { return captioner_.pictures()(input.path); }));
    }
    return ImageBatch(std::move(images));
  }
  [[nodiscard]] fs::path copy_of_photo(const char* name) const {
    fs::copy_file(fs::path(BLIP_PHOTOS) / "cat.jpg", folder_.path() / name);
    return folder_.path() / name;
  }

  TemporaryDirectory folder_;
  Context context_{{.num_threads = 1}};
  Captioner captioner_{{.model = fs::path(BLIP_TEST_MODELS) / "nano"},
                       {.prompt = "", .generation = {}, .banned_words = {}}};
  Tagger tagger_{{.model = fs::path(BLIP_TASK_MODELS) / "itm"},
                 {.tags = {.labels = {"a cat", "a dog"}, .templates = {"{}"}}},
                 context_};
};

TEST_F(Describing, APictureThatIsGoneAtTheSecondReadingFailsAlone) {
  const fs::path lost = copy_of_photo("lost.jpg");
  const fs::path kept = copy_of_photo("kept.jpg");
  const ImageBatch batch = prepared({lost, kept});
  fs::remove(lost);
  const Describer describer(captioner_, &tagger_, {.tags = {.margin = -2}});
  const std::vector<Description> all = describer.describe(batch.images(), context_);
  ASSERT_EQ(all.size(), 2U);
  EXPECT_THAT(all[0].error, HasSubstr("no such file"));
  EXPECT_THAT(all[0].error, Not(HasSubstr("lost.jpg")));
  EXPECT_THAT(all[0].text.subjects, IsEmpty());
  EXPECT_THAT(all[1].error, IsEmpty());
  EXPECT_EQ(all[1].text.subjects.size(), 2U);
}

TEST_F(Describing, ABatchOfWhichNothingIsLeftIsNoFault) {
  const fs::path lost = copy_of_photo("lost.jpg");
  const ImageBatch batch = prepared({lost});
  fs::remove(lost);
  const Describer describer(captioner_, &tagger_, {});
  EXPECT_THAT(describer.describe(batch.images(), context_).at(0).error, Not(IsEmpty()));
}

}  // namespace
}  // namespace blip::app
