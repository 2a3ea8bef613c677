#include "dataset/annotation_list.hpp"

#include <gmock/gmock.h>

#include <string>

#include "tar_bytes.hpp"
#include "tests/core/expect_error.hpp"
#include "tests/core/temporary_directory.hpp"

namespace blip::dataset {
namespace {

AnnotationList list_of(const std::string& json) {
  return {memory_source(json), ImageRoots{}};
}

TEST(AnnotationList, FindsRowsByTheirBrackets) {
  const AnnotationList list = list_of(R"( [ {"image": "a.jpg", "caption": "a } ] \" \\"},
    {"image": "b.jpg", "qa": [{"question": "[{"}]} , {"image":"c.jpg"}]
  )");
  ASSERT_EQ(list.size(), 3U);
  EXPECT_THAT(list.annotation(0).captions, testing::ElementsAre(R"(a } ] " \)"));
  EXPECT_EQ(list.annotation(1).questions.at(0).text, "[{");
  EXPECT_EQ(list.annotation(2).key, "c.jpg");
  EXPECT_EQ(list_of(" [ ] ").size(), 0U);
}

TEST(AnnotationList, ReadsJsonLines) {
  const AnnotationList list = list_of("{\"image\": \"a.jpg\"}\n{\"image\": \"b.jpg\"}\r\n\n");
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list.annotation(1).key, "b.jpg");
}

TEST(AnnotationList, FindsRowsBeyondOneChunk) {
  std::string json = "[";
  const std::string caption(1000, 'c');
  constexpr int kRows = 3000;  // 3 MB: three chunks
  for (int i = 0; i < kRows; ++i) {
    json += R"({"image": ")" + std::to_string(i) + R"(.jpg", "caption": ")" + caption + "\"},";
  }
  json.back() = ']';
  const AnnotationList list = list_of(json);
  ASSERT_EQ(list.size(), kRows);
  EXPECT_EQ(list.annotation(1500).key, "1500.jpg");
  EXPECT_EQ(list.annotation(2999).captions.at(0), caption);
}

TEST(AnnotationList, NamesTheByteOfDamage) {
  for (const auto& [json, part] : {
           std::pair{"", "ends too early"},
           std::pair{"7", "at byte 0: expected a list of objects"},
           std::pair{"[7]", "at byte 1: expected an object, found \"7\""},
           std::pair{R"([{"image":"a"}{"image":"b"}])", "at byte 14: expected ',' or ']'"},
           std::pair{R"([{"image":"a"},])", "at byte 15: expected an object"},
           std::pair{R"([{"image":"a"}] x)", "at byte 16: expected nothing after the list"},
           std::pair{R"([{"image":"a"})", "ends too early"},
           std::pair{R"([{"image":"a)", "ends too early"},
           std::pair{R"([,])", "at byte 1: expected an object"},
           std::pair{R"([{"image":"a"},{"image":])", "ends too early"},
           std::pair{R"([{"image":"a"},{"image":}])", "sample at byte 15: not valid JSON"},
           std::pair{R"([{"image":"a"},{"image":"b"]])", "sample at byte 15: not valid JSON"},
           std::pair{R"([{"caption":"a"}])", "at byte 1: the sample names no \"image\""},
           std::pair{R"({"image":"a"} , {})", "expected an object"},
       }) {
    expect_error(ErrorCode::malformed, part, [&] { list_of(json); });
  }
}

TEST(AnnotationList, RefusesARowWithoutEnd) {
  expect_error(ErrorCode::limit_exceeded, "at byte 1: a sample of more than 1048576 bytes",
               [] { list_of("[{\"image\": \"" + std::string(2'000'000, 'a')); });
}

TEST(AnnotationList, ReadsPicturesBelowTheRootOfTheirSource) {
  const TemporaryDirectory directory;
  std::filesystem::create_directories(directory.path() / "coco/val");
  std::filesystem::create_directories(directory.path() / "vg");
  directory.write("coco/val/a.jpg", "picture a");
  directory.write("vg/b.jpg", "picture b");
  const auto path =
      directory.write("vqa.json", R"([{"image": "val/a.jpg", "question": "q", "dataset": "vqa"},
                      {"image": "b.jpg", "question": "q", "dataset": "vg"},
                      {"image": "missing.jpg"}])");
  const AnnotationList list(path, {directory.path() / "coco", {{"vg", directory.path() / "vg"}}});
  EXPECT_EQ(text_of(list.read(0).pictures.at(0).bytes), "picture a");
  EXPECT_EQ(text_of(list.read(1).pictures.at(0).bytes), "picture b");
  expect_error(ErrorCode::not_found, "coco/missing.jpg: no such file", [&] { list.read(2); });
}

}  // namespace
}  // namespace blip::dataset
