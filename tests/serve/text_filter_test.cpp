// Texts that are passed on while they are written, and the JSON that clients want around them.
#include "serve/dialects/text_filter.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "dialect_trial.hpp"
#include "serve/dialects/answer_shape.hpp"
#include "serve/dialects/photo_labels.hpp"
#include "serve/dialects/refusal.hpp"

namespace blip::serve {
namespace {

TEST(TextFilter, LeavesOutOpenings) {
  EXPECT_EQ(without_opening("a picture of a cat"), "a cat");
  EXPECT_EQ(without_opening("There is a cat on a sofa"), "a cat on a sofa");
  EXPECT_EQ(without_opening("there is a picture of a cat"), "a cat");
  EXPECT_EQ(without_opening("a cat there is"), "a cat there is");
  EXPECT_EQ(without_opening("there is "), "there is ");  // nothing would be left
  EXPECT_EQ(up_to_stop("a cat\n\nand", {"\n\n", "x"}), "a cat");
  EXPECT_EQ(up_to_stop("a cat", {""}), "a cat");
}

/// What a client has read in the end.
std::string streamed(const TextFilter& filter, const std::string& text, std::size_t piece) {
  FilteredText stream(filter);
  std::string read;
  for (std::size_t i = 0; i < text.size(); i += piece) read += stream.add(text.substr(i, piece));
  return read + stream.rest_of(filter.apply(text));
}

TEST(FilteredText, IsInTheEndTheFilteredText) {
  for (const bool strip : {false, true}) {
    const TextFilter filter{.strip_opening = strip, .stops = {"\n\n", "stop"}};
    for (const std::string& text : std::vector<std::string>{
             "there is a picture of a cat", "a cat", "a stopped clock", "a sto", "there is",
             "a long text about a cat that lies on a sofa and looks out of the window\n\nand "
             "more"}) {
      for (std::size_t piece = 1; piece < 9; ++piece) {
        EXPECT_EQ(streamed(filter, text, piece), filter.apply(text)) << text << ' ' << piece;
      }
    }
  }
}

TEST(FilteredText, PassesOnAtOnceWhatIsSure) {
  FilteredText plain({});
  EXPECT_EQ(plain.add("a "), "a ");
  EXPECT_EQ(plain.add("cat"), "cat");
  EXPECT_EQ(plain.rest_of("a cat; a dog"), "; a dog");
  FilteredText stopped({.stops = {"xyz"}});
  EXPECT_EQ(stopped.add("a cat"), "a c");
}

TEST(FilteredText, CutsNoCharacter) {
  FilteredText stopped({.stops = {"xy"}});
  EXPECT_EQ(stopped.add("caf\xC3\xA9"), "caf");  // one byte is held back: the whole character
  EXPECT_EQ(stopped.rest_of("caf\xC3\xA9"), "\xC3\xA9");
}

TEST(AnswerShape, OfInstructions) {
  EXPECT_EQ(shape_of_instructions("Describe").kind, AnswerShape::Kind::caption);
  EXPECT_EQ(shape_of_instructions("Analyze the image and return label objects").kind,
            AnswerShape::Kind::labels);
  EXPECT_EQ(shape_of_instructions("List keywords").kind, AnswerShape::Kind::labels);
}

AnswerShape shape_of_text(const char* schema) {
  return shape_of_schema(nlohmann::json::parse(schema));
}

TEST(AnswerShape, OfSchemasThatACaptionMeets) {
  EXPECT_EQ(shape_of_text("{}").keys[0].name, "caption");
  EXPECT_EQ(shape_of_text(R"({"type":"object"})").keys[0].name, "caption");
  EXPECT_EQ(
      shape_of_text(R"({"type":"object","properties":{"caption":{"type":"string"}}})").keys[0].name,
      "caption");
  EXPECT_EQ(shape_of_text(R"({"properties":{"garden":{"type":"string"}},"required":["garden"]})")
                .keys[0]
                .name,
            "garden");
  EXPECT_EQ(
      shape_of_text(R"({"properties":{"n":{"type":"integer"},"x":{"type":["null","string"]}}})")
          .keys[0]
          .name,
      "x");
  const auto nested = shape_of_text(
      R"({"type":"object","properties":{"caption":{"type":"object","properties":{"text":
      {"type":"string"},"confidence":{"type":"number"}},"required":["text"]}},
      "required":["caption"]})");
  EXPECT_TRUE(nested.keys[0].nested);
  EXPECT_EQ(shape_of_text(
                R"({"properties":{"title":{"type":"string"},"description":{"type":"string"}},
                "required":["title","description"]})")
                .keys.size(),
            2U);
}

TEST(AnswerShape, OfSchemasThatLabelsMeet) {
  const auto labels = shape_of_text(
      R"({"type":"object","properties":{"labels":{"type":"array","items":{"type":"object",
      "properties":{"name":{"type":"string"},"confidence":{"type":"number"}},
      "required":["name","confidence","topicality"]}}},"required":["labels"]})");
  EXPECT_EQ(labels.kind, AnswerShape::Kind::labels);
  EXPECT_FALSE(labels.labels_are_texts);
  EXPECT_TRUE(shape_of_text(R"({"properties":{"tags":{"type":"array","items":{"type":"string"}}}})")
                  .labels_are_texts);
}

TEST(AnswerShape, RefusesOthers) {
  for (const char* schema :
       {"[]", R"({"type":"array"})", R"({"required":["x"]})",
        R"({"properties":{"n":{"type":"integer"}}})",
        R"({"properties":{"n":{"type":"integer"},"caption":{"type":"string"}},"required":["n"]})",
        R"({"properties":{"caption":{"type":"string","enum":["a"]}},"required":["caption"]})",
        R"({"properties":{"caption":{"type":"string","maxLength":10}},"required":["caption"]})",
        R"({"properties":{"labels":{"type":"array","items":{"type":"object","properties":
        {"name":{"type":"string"}},"required":["name","nsfw"]}}},"required":["labels"]})",
        // what Frigate's review summaries ask for
        R"({"properties":{"title":{"type":"string"},"scene":{"type":"string"},
        "potential_threat_level":{"type":"integer"}},
        "required":["title","scene","potential_threat_level"]})"}) {
    EXPECT_THROW((void)shape_of_text(schema), Refusal) << schema;
  }
}

TEST(PhotoLabels, AreOfAllPicturesTheSurestFirst) {
  const std::vector<TaskOutcome> outcomes = {labels_outcome({{"cat", 0.02F}, {"sofa", 0.01F}}),
                                             labels_outcome({{"cat", 0.01F}, {"dog", 0.05F}})};
  const auto tags = photo_labels(outcomes, TaskKind::tag);
  ASSERT_EQ(tags.size(), 3U);
  EXPECT_EQ(tags[0].name, "dog");
  EXPECT_EQ(tags[1].name, "cat");
  EXPECT_NEAR(tags[1].confidence, 0.8808, 1e-4);  // 1 / (1 + exp(-2))
  const auto classes = photo_labels(outcomes, TaskKind::classify);
  EXPECT_NEAR(classes[1].confidence, 0.02, 1e-6);
}

}  // namespace
}  // namespace blip::serve
