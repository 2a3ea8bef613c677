// A SigLIP under every command that compares pictures with texts, against what transformers makes
// of it (tools/reference/make_siglip_program_fixture.py).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "pictures.hpp"
#include "program.hpp"
#include "task_models.hpp"
#include "tests/tasks/filled_model.hpp"

namespace blip::testing {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;
using Rows = std::vector<std::vector<double>>;

const Json& expected() {
  static const Json kGolden = Json::parse(read_file(task_model("siglip.json")));
  return kGolden;
}

const FilledModel& model() {
  struct WithTokenizer : FilledModel {
    WithTokenizer() : FilledModel(FilledGolden{expected()}) {
      const std::string tokenizer = std::string(BLIP_SOURCE_DIR) + "/tests/text/data/siglip/";
      for (const char* file : {"spiece.model", "tokenizer_config.json"}) {
        directory().write(file, read_file(tokenizer + file));
      }
      directory().write("preprocessor_config.json", expected().at("processor").dump());
    }
  };
  static const WithTokenizer kModel;
  return kModel;
}

std::vector<std::string> photos() {
  std::vector<std::string> paths;
  for (const Json& name : expected().at("photos")) {
    paths.push_back(photo_folder() + "/" + name.get<std::string>());
  }
  return paths;
}

std::vector<std::string> texts() {
  return expected().at("texts").get<std::vector<std::string>>();
}

Outcome run(const std::string& command, const std::vector<std::string>& words,
            const std::string& directory = model().path().string()) {
  std::vector<std::string> all = {command, "-m", directory, "--no-exif-rotation"};
  all.insert(all.end(), words.begin(), words.end());
  return run_blip(all);
}

std::vector<std::string> as_options(const char* option, const std::vector<std::string>& values) {
  std::vector<std::string> words;
  for (const std::string& value : values) words.insert(words.end(), {option, value});
  return words;
}

Rows embeddings(const Outcome& outcome) {
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  Rows rows;
  for (const Json& line : json_lines(outcome.out)) {
    rows.push_back(line.at("embedding").get<std::vector<double>>());
  }
  return rows;
}

double dot(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

void expect_near(const Rows& got, const Json& wanted) {
  ASSERT_EQ(got.size(), wanted.size());
  for (std::size_t row = 0; row < got.size(); ++row) {
    ASSERT_EQ(got[row].size(), wanted[row].size());
    for (std::size_t i = 0; i < got[row].size(); ++i) {
      EXPECT_NEAR(got[row][i], wanted[row][i].get<double>(), 2e-6) << row << " " << i;
    }
  }
}

TEST(SiglipProgram, EmbedsAsTransformers) {
  expect_near(embeddings(run("embed", photos())), expected().at("image_embeds"));
  expect_near(embeddings(run("embed", as_options("--text", texts()))),
              expected().at("text_embeds"));
}

TEST(SiglipProgram, GivesCosinesAndNoMatchingHead) {
  std::vector<std::string> words = photos();
  const auto all = as_options("--text", texts());
  words.insert(words.end(), all.begin(), all.end());
  words.insert(words.end(), {"--format", "jsonl"});
  const Outcome outcome = run("match", words);
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const auto lines = json_lines(outcome.out);
  const auto images = expected().at("image_embeds").get<Rows>();
  const auto of_texts = expected().at("text_embeds").get<Rows>();
  ASSERT_EQ(lines.size(), images.size() * of_texts.size());
  for (std::size_t i = 0; i < lines.size(); ++i) {
    EXPECT_TRUE(lines[i].at("itm").is_null());
    EXPECT_NEAR(lines[i].at("itc"), dot(images[i / of_texts.size()], of_texts[i % of_texts.size()]),
                2e-6);
  }
}

// Each label for itself: the scores do not add up to 1.
TEST(SiglipProgram, ClassifiesAsTransformersPipeline) {
  std::vector<std::string> words = photos();
  std::string list;
  for (const Json& label : expected().at("labels")) list += label.get<std::string>() + ",";
  words.insert(words.end(), {"--format", "jsonl", "--labels", list});
  const Outcome outcome = run("classify", words);
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const auto lines = json_lines(outcome.out);
  ASSERT_EQ(lines.size(), 2U);
  for (std::size_t photo = 0; photo < 2; ++photo) {
    const Json& wanted = expected().at("scores")[photo];
    const Json& labels = lines[photo].at("labels");
    ASSERT_EQ(labels.size(), wanted.size());
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      EXPECT_EQ(labels[i]["label"], wanted[i]["label"]);
      EXPECT_NEAR(labels[i]["score"], wanted[i]["score"].get<double>(), 1e-5);
    }
  }
}

TEST(SiglipProgram, RanksAndTags) {
  std::vector<std::string> words = {"A photo of a cat."};
  for (const std::string& path : photos()) words.push_back(path);
  words.insert(words.end(), {"--no-rerank", "--format", "jsonl"});
  const Outcome ranked = run("rank", words);
  ASSERT_EQ(ranked.exit_code, 0) << ranked.err;
  EXPECT_EQ(json_lines(ranked.out).size(), 2U);
  const Outcome tagged = run("tag", {photos()[0], "--top", "3", "--format", "jsonl"});
  ASSERT_EQ(tagged.exit_code, 0) << tagged.err;
  EXPECT_EQ(json_lines(tagged.out).size(), 1U);
}

TEST(SiglipProgram, IsInspectedAndConverted) {
  const Outcome report = run_blip({"inspect", model().path(), "--format", "jsonl"});
  ASSERT_EQ(report.exit_code, 0) << report.err;
  const Json inspected = Json::parse(report.out);
  EXPECT_TRUE(inspected.at("problems").empty()) << report.out;
  EXPECT_TRUE(inspected.at("ignored_tensors").empty()) << report.out;
  EXPECT_THAT(report.out, HasSubstr("SiglipModel"));

  const TemporaryDirectory folder;
  const std::string smaller = (folder.path() / "int8").string();
  const Outcome converted = run_blip({"convert", model().path(), smaller, "--dtype", "int8"});
  ASSERT_EQ(converted.exit_code, 0) << converted.err;
  const auto wanted = expected().at("image_embeds").get<Rows>();
  const Rows rows = embeddings(run("embed", photos(), smaller));
  ASSERT_EQ(rows.size(), wanted.size());
  for (std::size_t i = 0; i < rows.size(); ++i) EXPECT_GT(dot(rows[i], wanted[i]), 0.99);
  const auto of_texts = expected().at("text_embeds").get<Rows>();
  const Rows text_rows = embeddings(run("embed", as_options("--text", texts()), smaller));
  ASSERT_EQ(text_rows.size(), of_texts.size());
  for (std::size_t i = 0; i < of_texts.size(); ++i) {
    EXPECT_GT(dot(text_rows[i], of_texts[i]), 0.99);
  }
  // The same made while loading.
  std::vector<std::string> words = photos();
  words.insert(words.end(), {"--dtype", "int8"});
  const Rows loaded = embeddings(run("embed", words));
  for (std::size_t i = 0; i < rows.size(); ++i) EXPECT_GT(dot(loaded[i], wanted[i]), 0.99);
}

TEST(SiglipProgram, RefusesPicturesOfAnySize) {
  const TemporaryDirectory folder;
  folder.write("config.json", R"({"model_type": "siglip2", "architectures": ["Siglip2Model"]})");
  folder.write("model.safetensors", "");
  const auto expect_refusal = [](const Outcome& outcome) {
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_THAT(outcome.err, HasSubstr("is a SigLIP 2 for images of any size (NaFlex"));
  };
  expect_refusal(run("embed", {photos()[0]}, folder.path().string()));
  expect_refusal(run("match", {photos()[0], "--text", "a cat"}, folder.path().string()));
  expect_refusal(run_blip({"inspect", folder.path()}));
}

}  // namespace
}  // namespace blip::testing
