// The files and conditions that a catalogue is asked with.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/catalogue/attribute_file.hpp"
#include "app/catalogue/item_filter.hpp"
#include "blip/error.hpp"
#include "tests/core/temporary_directory.hpp"

namespace blip::app {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;
using Relation = ItemCondition::Relation;

std::string refusal(const std::string& text) {
  try {
    (void)parse_attributes(text, "a.json");
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(AttributeFile, HasListsAndQuestions) {
  const AttributeFile file = parse_attributes(
      R"({"colour":["red","blue"],"material":{"values":["wood"],"template":"made of {}"},)"
      R"("pattern":"What pattern does it have?"})",
      "a.json");
  ASSERT_EQ(file.listed.size(), 2U);
  EXPECT_EQ(file.listed[0].name, "colour");
  EXPECT_THAT(file.listed[0].values.labels, ElementsAre("red", "blue"));
  EXPECT_THAT(file.listed[0].values.templates, ElementsAre(kPipelineTemplate));
  EXPECT_THAT(file.listed[1].values.templates, ElementsAre("made of {}"));
  ASSERT_EQ(file.asked.size(), 1U);
  EXPECT_EQ(file.asked[0].question, "What pattern does it have?");
}

TEST(AttributeFile, RefusesWhatIsNone) {
  EXPECT_EQ(refusal("{}"), "a.json: has no attributes");
  EXPECT_THAT(refusal(R"({"colour":3})"),
              HasSubstr("a.json: \"colour\": has to be a question, a list"));
  EXPECT_THAT(refusal(R"({"colour":[]})"), HasSubstr("a.json: \"colour\": has to be"));
  EXPECT_EQ(refusal(R"({"colour":[1]})"), "a.json: \"colour\": a value has to be a text");
  EXPECT_EQ(refusal(R"({"colour":{"values":["a"],"template":"b"}})"),
            "a.json: \"colour\": the template has no {} for the value");
  EXPECT_EQ(refusal(R"({"price":["a"]})"), "a.json: \"price\": price is no attribute");
  EXPECT_THAT(refusal(R"({"colour":[")" + std::string(1025, 'x') + R"("]})"),
              HasSubstr("a value of more than 1,024 bytes"));
}

TEST(ItemCondition, IsANameARelationAndAValue) {
  EXPECT_EQ(item_condition("colour=dark red").value, "dark red");
  EXPECT_EQ(item_condition("colour!=red").relation, Relation::unequal);
  EXPECT_EQ(item_condition("price<=50").relation, Relation::at_most);
  EXPECT_EQ(item_condition("price<50.5").number, 50.5);
  EXPECT_EQ(item_condition("weight>-3").number, -3);
  EXPECT_EQ(item_condition("size=<b>").value, "<b>");
  EXPECT_EQ(item_condition(" price < 50 ").name, "price");
  EXPECT_EQ(item_condition("colour = dark red").value, "dark red");
  for (const char* text : {"", "red", "=red", "colour=", "price<cheap", "price=cheap", "colour!red",
                           "price=<50", "colour==red", " =red"}) {
    EXPECT_THROW((void)item_condition(text), Error) << text;
  }
}

TEST(FittingItems, MeetAllConditions) {
  const TemporaryDirectory directory;
  search::LibraryIndex index(directory.path() / "c.db", search::Access::write);
  search::CatalogueIndex catalogue(index, search::Access::write);
  auto transaction = index.transaction();
  const auto add = [&](const std::string& key, std::optional<double> price,
                       const std::vector<search::ItemAttribute>& attributes) {
    const auto id = catalogue.put_item(
        {.key = key, .picture = "", .title = key, .price = price, .row_hash = "", .text_hash = ""},
        {.title = key});
    catalogue.put_attributes(id, search::kFromFile, attributes);
    return id;
  };
  const auto a = add("a", 10, {{"colour", "Red"}, {"weight", "5 kg"}});
  const auto b = add("b", 20, {{"colour", "blue"}, {"colour", "red"}});
  const auto c = add("c", std::nullopt, {});
  transaction.commit();
  const auto items = catalogue.items();
  const auto fitting = [&](const std::vector<std::string>& texts) {
    std::vector<ItemCondition> conditions;
    for (const std::string& text : texts) conditions.push_back(item_condition(text));
    return fitting_items(catalogue, items, conditions);
  };
  EXPECT_THAT(fitting({}), UnorderedElementsAre(a, b, c));
  EXPECT_THAT(fitting({"Colour=red"}), UnorderedElementsAre(a, b));
  EXPECT_THAT(fitting({"colour!=blue"}), UnorderedElementsAre(a, c));
  EXPECT_THAT(fitting({"colour=red", "price>10"}), UnorderedElementsAre(b));
  EXPECT_THAT(fitting({"price>=10", "Price<20"}), UnorderedElementsAre(a));
  EXPECT_THAT(fitting({"price!=10"}), UnorderedElementsAre(b, c));
  EXPECT_THAT(fitting({"weight<6"}), UnorderedElementsAre(a));
  EXPECT_THAT(fitting({"material=oak"}), UnorderedElementsAre());
}

}  // namespace
}  // namespace blip::app
