// Labels as vectors: templates, their mean, and what is kept between runs.
#include "app/label_embeddings.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "blip/error.hpp"
#include "tasks/embedding.hpp"

namespace blip::app {
namespace {

namespace fs = std::filesystem;

ModelOptions model() {
  return {.model = fs::path(BLIP_TASK_MODELS) / "itm"};
}

const Embedder& embedder() {
  static const Embedder kEmbedder(model(), TextStyle::hf);
  return kEmbedder;
}

class KeptLabels : public ::testing::Test {
 protected:
  KeptLabels()
      : directory_(fs::path(::testing::TempDir()) / ("kept-labels-" + std::to_string(::getpid()))) {
    fs::remove_all(directory_);
  }
  ~KeptLabels() override { fs::remove_all(directory_); }

  [[nodiscard]] std::vector<fs::path> files() const {
    std::vector<fs::path> paths;
    for (const auto& entry : fs::directory_iterator(directory_)) paths.push_back(entry.path());
    return paths;
  }
  Tensor kept(const LabelSet& set) {
    return kept_label_embeddings(embedder(), model(), set, directory_, context_);
  }

  fs::path directory_;
  Context context_;
};

TEST(LabelTemplate, PutsTheLabelIntoEveryPlace) {
  EXPECT_EQ(filled_template("This is a photo of {}.", "a cat"), "This is a photo of a cat.");
  EXPECT_EQ(filled_template("{}, {} and {}", "x"), "x, x and x");
  EXPECT_EQ(filled_template("{}", "{}"), "{}");
  EXPECT_THROW(filled_template("a photo", "cat"), Error);
}

TEST(LabelEmbeddings, OfOneTemplateAreThoseOfTheTexts) {
  Context context;
  const Tensor labels = embed_labels(
      embedder(), {.labels = {"a cat", "a dog"}, .templates = {"a photo of {}"}}, context);
  const std::vector<std::string> texts = {"a photo of a cat", "a photo of a dog"};
  const Tensor expected = embedder().embed(embedder().tokens(texts), context);
  EXPECT_EQ(labels.shape, expected.shape);
  EXPECT_EQ(labels.data, expected.data);
}

TEST(LabelEmbeddings, OfSeveralTemplatesAreTheirMeanMadeAUnitVector) {
  Context context;
  const std::vector<std::string> patterns = {"a photo of {}", "{}", "a drawing of {} there"};
  const Tensor labels =
      embed_labels(embedder(), {.labels = {"a cat", "a dog"}, .templates = patterns}, context);
  std::vector<std::string> texts;
  for (const std::string& pattern : patterns) texts.push_back(filled_template(pattern, "a dog"));
  const Tensor each = embedder().embed(embedder().tokens(texts), context);
  const auto width = static_cast<std::size_t>(each.shape[1]);
  std::vector<double> mean(width);
  double squares = 0.0;
  for (std::size_t i = 0; i < width; ++i) {
    for (std::size_t text = 0; text < patterns.size(); ++text) mean[i] += row_of(each, text)[i];
    squares += mean[i] * mean[i];
  }
  for (std::size_t i = 0; i < width; ++i) {
    EXPECT_NEAR(row_of(labels, 1)[i], mean[i] / std::sqrt(squares), 1e-6);
  }
}

TEST(LabelEmbeddings, NeedLabelsAndTemplates) {
  Context context;
  EXPECT_THROW(embed_labels(embedder(), {.labels = {}}, context), Error);
  EXPECT_THROW(embed_labels(embedder(), {.labels = {"a"}, .templates = {}}, context), Error);
}

TEST_F(KeptLabels, AreReadAgain) {
  const LabelSet set = {.labels = {"a cat", "a dog", "a bird"}};
  const Tensor made = kept(set);
  ASSERT_EQ(files().size(), 1U);
  const auto written = fs::last_write_time(files().front());
  const Tensor read = kept(set);
  EXPECT_EQ(read.shape, made.shape);
  EXPECT_EQ(read.data, made.data);
  EXPECT_EQ(fs::last_write_time(files().front()), written);
}

TEST_F(KeptLabels, AreOfTheirLabelsAndTemplatesAlone) {
  kept({.labels = {"a cat", "a dog"}});
  kept({.labels = {"a dog", "a cat"}});
  kept({.labels = {"a cata", " dog"}});
  kept({.labels = {"a cat", "a dog"}, .templates = {"{}"}});
  EXPECT_EQ(files().size(), 4U);
}

// With another processor or adapter the same texts may have other vectors.
TEST_F(KeptLabels, AreOfTheirProcessor) {
  const LabelSet set = {.labels = {"a cat"}};
  kept(set);
  ModelOptions other = model();
  other.processor = fs::path(BLIP_TASK_MODELS) / "vqa";
  kept_label_embeddings(embedder(), other, set, directory_, context_);
  EXPECT_EQ(files().size(), 2U);
}

TEST_F(KeptLabels, AreMadeAgainIfTheFileIsBroken) {
  const LabelSet set = {.labels = {"a cat", "a dog"}};
  const Tensor made = kept(set);
  for (const std::string bytes : {"", "no safetensors", "\x08"}) {
    std::ofstream(files().front(), std::ios::binary | std::ios::trunc) << bytes;
    EXPECT_EQ(kept(set).data, made.data);
  }
}

TEST_F(KeptLabels, AreNotKeptWhereNothingCanBeWritten) {
  const LabelSet set = {.labels = {"a cat"}};
  const Tensor made = kept(set);
  EXPECT_EQ(kept_label_embeddings(embedder(), model(), set, "/proc/nowhere", context_).data,
            made.data);
  EXPECT_EQ(kept_label_embeddings(embedder(), model(), set, {}, context_).data, made.data);
}

}  // namespace
}  // namespace blip::app
