// `blip embed`: the reference's embeddings, as JSON and as NumPy arrays.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "pictures.hpp"
#include "program.hpp"
#include "task_models.hpp"

namespace blip::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using Json = nlohmann::json;

Outcome embed(std::vector<std::string> words, const std::string& model = "itm") {
  words.insert(words.begin(), {"embed", "--model", task_model(model), "--no-exif-rotation"});
  return run_blip(words);
}

void expect_close(const std::vector<float>& got, std::vector<float> expected) {
  double length = 0;
  for (const float value : expected) length += static_cast<double>(value) * value;
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    EXPECT_NEAR(got[i], expected[i] / std::sqrt(length), 2e-5) << i;
  }
}

std::vector<std::vector<float>> embeddings(const Outcome& run) {
  EXPECT_EQ(run.exit_code, 0) << run.err;
  std::vector<std::vector<float>> rows;
  for (const Json& line : json_lines(run.out)) rows.push_back(line.at("embedding"));
  return rows;
}

struct Array {
  std::string header;
  std::vector<float> values;
};

// Of a file as NumPy 1.0 writes it.
Array read_npy(const std::string& path) {
  const std::string bytes = read_file(path);
  EXPECT_EQ(bytes.substr(0, 8), std::string("\x93NUMPY\x01\x00", 8));
  const auto size = static_cast<std::size_t>(static_cast<unsigned char>(bytes.at(8))) +
                    static_cast<std::size_t>(static_cast<unsigned char>(bytes.at(9))) * 256;
  EXPECT_EQ((10 + size) % 64, 0U);
  Array array{.header = bytes.substr(10, size), .values = {}};
  array.values.resize((bytes.size() - 10 - size) / sizeof(float));
  std::memcpy(array.values.data(), bytes.data() + 10 + size, array.values.size() * sizeof(float));
  return array;
}

TEST(Embed, ImagesAreTheReferences) {
  const auto rows = embeddings(embed({photo_folder()}));
  const Json& expected = expectations("itm").at("image_embeddings");
  ASSERT_EQ(rows.size(), expected.size());
  for (std::size_t i = 0; i < rows.size(); ++i) expect_close(rows[i], expected[i]);
}

TEST(Embed, AShrunkPhotoIsNearlyTheSamePhoto) {
  const std::string photo = std::string(BLIP_SOURCE_DIR) + "/examples/photos/cat.jpg";
  const auto exact = embeddings(embed({photo})).at(0);
  const auto shrunk = embeddings(embed({photo, "--shrink-on-load"})).at(0);
  EXPECT_NE(shrunk, exact);
  double cosine = 0;
  for (std::size_t i = 0; i < exact.size(); ++i) cosine += double{exact[i]} * double{shrunk[i]};
  EXPECT_GT(cosine, 0.999);
}

TEST(Embed, TextsAreTheReferencesInBothStyles) {
  for (const Json& one : expectations("itm").at("cases")) {
    if (one["style"] == "original" && one["text"].get<std::string>().size() > 120) continue;
    const auto rows = embeddings(embed({"--text", one["text"], "--style", one["style"]}));
    ASSERT_EQ(rows.size(), 1U);
    expect_close(rows[0], one["embedding"]);
  }
}

TEST(Embed, BlipModelIsMadeToUnitLength) {
  const Json& expected = expectations("blip");
  const auto images = embeddings(embed({photo_folder()}, "blip"));
  ASSERT_EQ(images.size(), 6U);
  for (std::size_t i = 0; i < 6; ++i) expect_close(images[i], expected["image_features"][i]);
  const Folder folder;
  std::string list;
  for (const Json& text : expected["texts"]) list += text.get<std::string>() + "\n";
  const auto texts = embeddings(embed({"--texts", folder.file("texts", list)}, "blip"));
  ASSERT_EQ(texts.size(), 4U);
  for (std::size_t i = 0; i < 4; ++i) expect_close(texts[i], expected["text_features"][i]);
  const Outcome original = embed({"--text", "a", "--style", "original"}, "blip");
  EXPECT_EQ(original.exit_code, 2);
  EXPECT_THAT(original.err, HasSubstr("--style original"));
}

TEST(Embed, JsonNamesWhatWasEmbedded) {
  const auto texts = json_lines(embed({"--text", "a cat", "--text", "a dog"}).out);
  ASSERT_EQ(texts.size(), 2U);
  EXPECT_EQ(texts[1]["text"], "a dog");
  const Json array = Json::parse(embed({photo(0), "--format", "json"}).out);
  EXPECT_EQ(array.at(0).at("path"), photo(0));
}

TEST(Embed, WritesAnArrayAndTheNamesOfItsRows) {
  const Folder folder;
  const std::string bad = folder.file("bad.png", "no picture");
  for (const char* output : {"a", "b.npy"}) {
    const Outcome run = embed({photo(0), bad, photo(1), photo(2), "--batch", "1", "--format", "npy",
                               "--output", folder / output});
    EXPECT_EQ(run.exit_code, 1);
    EXPECT_EQ(run.out, "");
    EXPECT_THAT(run.err, StartsWith("blip: " + bad + ": "));
    const std::string name(output, 1);
    const Array array = read_npy(folder / (name + ".npy"));
    EXPECT_THAT(array.header,
                StartsWith("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 10), } "));
    EXPECT_EQ(array.header.back(), '\n');
    ASSERT_EQ(array.values.size(), 30U);
    const Json& expected = expectations("itm").at("image_embeddings");
    for (std::size_t i = 0; i < 3; ++i) {
      expect_close({array.values.begin() + static_cast<std::ptrdiff_t>(10 * i),
                    array.values.begin() + static_cast<std::ptrdiff_t>(10 * i + 10)},
                   expected[i]);
    }
    EXPECT_EQ(read_file(folder / (name + ".names.txt")),
              photo(0) + "\n" + photo(1) + "\n" + photo(2) + "\n");
  }
}

TEST(Embed, EveryNameTakesOneLine) {
  const Folder folder;
  const std::string odd = folder.picture("new\nline.png");
  const std::string plain = folder.picture("back\\slash.png");
  const Outcome run = embed({odd, plain, "-o", folder / "out.npy"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(read_file(folder / "out.names.txt"), Json(odd).dump() + "\n" + plain + "\n");
  EXPECT_EQ(embed({"--text", "\"quoted\"", "-o", folder / "out.npy"}).exit_code, 0);
  EXPECT_EQ(read_file(folder / "out.names.txt"), "\"\\\"quoted\\\"\"\n");
  EXPECT_THAT(read_npy(folder / "out.npy").header, HasSubstr("(1, 10)"));
}

TEST(Embed, ARunThatCannotStartLeavesTheOldArrayAlone) {
  const Folder folder;
  const std::string out = folder.file("out.npy", "precious");
  folder.file("out.names.txt", "names");
  EXPECT_EQ(run_blip({"embed", "-m", "no-such-model", photo(0), "-o", out}).exit_code, 2);
  EXPECT_EQ(run_blip({"embed", "-m", "nano", photo(0), "-o", out}).exit_code, 2);
  EXPECT_EQ(embed({"--from-file", "/dev/null", "-o", out}).exit_code, 2);
  EXPECT_EQ(read_file(out), "precious");
  EXPECT_EQ(read_file(folder / "out.names.txt"), "names");
}

TEST(Embed, ATextTheModelCannotReadFailsAloneAndTheRestIsDone) {
  const Folder folder;
  std::string endless;
  for (int i = 0; i < 60; ++i) endless += "dog ";
  const std::string list = folder.file("texts", "a cat\n" + endless + "\na dog\n");
  const Outcome run = embed({"--texts", list});
  EXPECT_EQ(run.exit_code, 1);
  const auto records = json_lines(run.out);
  ASSERT_EQ(records.size(), 3U);
  EXPECT_TRUE(records[0].contains("embedding"));
  EXPECT_TRUE(records[1].contains("error"));
  EXPECT_TRUE(records[2].contains("embedding"));
  EXPECT_EQ(records[0]["embedding"], json_lines(embed({"--text", "a cat"}).out)[0]["embedding"]);
}

TEST(Embed, ShardsAndResumedRunsAreTheWhole) {
  const Folder folder;
  const std::string out = folder / "out.jsonl";
  // One by one: in another batch the last digit of a sum may be another.
  const std::vector<std::string> words = {photo_folder(), "-o", out, "--resume", "--batch", "1"};
  EXPECT_EQ(embed(words).exit_code, 0);
  const std::string finished = read_file(out);
  write_file(out, finished.substr(0, finished.size() / 2));
  EXPECT_EQ(embed(words).exit_code, 0);
  EXPECT_EQ(read_file(out), finished);
  const std::string part = embed({photo_folder(), "--shard", "2/2", "--batch", "1"}).out;
  EXPECT_EQ(json_lines(part).size(), 3U);
  EXPECT_EQ(json_lines(part)[0], json_lines(finished)[1]);
}

TEST(Embed, WrongUsageIsTwo) {
  const Folder folder;
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {},
           {photo(0), "--text", "a cat"},
           {photo(0), "--format", "npy"},
           {photo(0), "--format", "csv"},
           {photo(0), "--resume", "-o", folder / "x.npy"},
           {"--text", "a", "--resume", "-o", folder / "x.jsonl"}}) {
    const Outcome run = embed(words);
    EXPECT_EQ(run.exit_code, 2) << ::testing::PrintToString(words);
    EXPECT_EQ(run.out, "");
  }
}

}  // namespace
}  // namespace blip::testing
