#include "dataset/catalogue.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "blip/error.hpp"

namespace blip::dataset {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

std::vector<CatalogueItem> csv(std::string_view text) {
  return parse_catalogue(text, CatalogueFormat::csv, "c.csv");
}
std::vector<CatalogueItem> jsonl(std::string_view text) {
  return parse_catalogue(text, CatalogueFormat::jsonl, "c.jsonl");
}

template <typename Read>
std::string message_of(Read&& read) {
  try {
    read();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}
std::string csv_message(std::string_view text) {
  return message_of([&] { (void)csv(text); });
}
std::string jsonl_message(std::string_view text) {
  return message_of([&] { (void)jsonl(text); });
}

TEST(Catalogue, ReadsATable) {
  const auto items =
      csv("SKU,Name,Image,Description,Price,Colour,Reviews\n"
          "a1,\"Chair, oak\",pictures/a1.jpg,\" For\ntwo \",\"$1,299.50\",red,good\n"
          "a2,Lamp,,,,,\n");
  ASSERT_EQ(items.size(), 2U);
  EXPECT_EQ(items[0].id, "a1");
  EXPECT_EQ(items[0].title, "Chair, oak");
  EXPECT_EQ(items[0].picture, "pictures/a1.jpg");
  EXPECT_EQ(items[0].description, "For\ntwo");
  EXPECT_EQ(items[0].reviews, "good");
  EXPECT_EQ(items[0].price, 1299.5);
  EXPECT_THAT(items[0].attributes, ElementsAre(Pair("Colour", "red")));
  EXPECT_EQ(items[1].line, 4U);
  EXPECT_EQ(items[1].price, std::nullopt);
  EXPECT_TRUE(items[1].attributes.empty());
}

TEST(Catalogue, ReadsObjects) {
  const auto items = jsonl(
      R"({"id":7,"title":"Mug","picture":"m.jpg","price":9.5,"stock":3,"tags":["blue","clay"],)"
      R"("new":true,"size":{"w":1},"reviews":["fine",{"comment":"too small","rating":2}]})"
      "\n\n"
      R"({"sku":"8","name":"Cup","price":"12 EUR","reviews":{"text":"nice"},"brand":null})");
  ASSERT_EQ(items.size(), 2U);
  EXPECT_EQ(items[0].id, "7");
  EXPECT_EQ(items[0].price, 9.5);
  EXPECT_EQ(items[0].reviews, "fine\ntoo small");
  EXPECT_THAT(items[0].attributes, ElementsAre(Pair("new", "true"), Pair("stock", "3"),
                                               Pair("tags", "blue"), Pair("tags", "clay")));
  EXPECT_EQ(items[1].id, "8");
  EXPECT_EQ(items[1].price, 12);
  EXPECT_EQ(items[1].reviews, "nice");
  EXPECT_EQ(items[1].line, 3U);
}

TEST(Catalogue, RefusesItemsThatAreNone) {
  EXPECT_EQ(csv_message("id,title\n,x\n"), "c.csv: line 2: has no id");
  EXPECT_EQ(csv_message("id,title\n1,\n"), "c.csv: line 2: has no title");
  EXPECT_EQ(csv_message("id,title\n1,a\n\n1,b\n"), "c.csv: line 4: the id of line 2 again");
  EXPECT_EQ(csv_message("id,title\n1,a,b\n"), "c.csv: line 2: has more fields than line 1");
  EXPECT_EQ(csv_message("id,title,price\n1,a,cheap\n"), "c.csv: line 2: \"cheap\" is no price");
  EXPECT_EQ(csv_message("id,title\n1,a\xFF\n"), "c.csv: line 2: title is not UTF-8 text");
  EXPECT_THAT(csv_message("1,a\n"), HasSubstr("c.csv: line 1: has to name the columns"));
  EXPECT_THAT(csv_message(""), HasSubstr("line 1"));
  EXPECT_EQ(jsonl_message(R"({"id":"1"})"), "c.jsonl: line 1: has no title");
  EXPECT_EQ(jsonl_message(R"({"id":"1","title":["a"]})"), "c.jsonl: line 1: title is a list");
  EXPECT_EQ(jsonl_message(R"({"id":"1","title":"a","price":{}})"),
            "c.jsonl: line 1: price is an object");
  EXPECT_THAT(jsonl_message("\n[1]"), HasSubstr("c.jsonl: line 2"));
}

TEST(Catalogue, TextsHaveLimits) {
  const std::string id(kMaxItemNameBytes, 'i');
  EXPECT_EQ(csv("id,title\n" + id + ",a\n")[0].id, id);
  EXPECT_EQ(csv_message("id,title\ni" + id + ",a\n"), "c.csv: line 2: id has more than 1024 bytes");
  EXPECT_THAT(
      csv_message("id,title,description\n1,a," + std::string(kMaxItemTextBytes + 1, 'x') + "\n"),
      HasSubstr("description has more than 65536 bytes"));
  // A long text is no attribute.
  EXPECT_TRUE(csv("id,title,notes\n1,a," + std::string(kMaxItemNameBytes + 1, 'x') + "\n")[0]
                  .attributes.empty());
}

TEST(Catalogue, KeepsAsManyReviewsAsHaveRoom) {
  // A character of two bytes that would have room for one.
  const std::string review = std::string(kMaxItemTextBytes - 1, 'x') + "\xC3\xA9";
  const auto items = jsonl(R"({"id":"1","title":"a","reviews":[")" + review + R"(","more"]})");
  EXPECT_EQ(items[0].reviews.size(), kMaxItemTextBytes - 1);
}

TEST(Catalogue, IsKnownByItsEnding) {
  EXPECT_EQ(catalogue_format_of("a.CSV"), CatalogueFormat::csv);
  EXPECT_EQ(catalogue_format_of("a.tsv"), CatalogueFormat::tsv);
  EXPECT_EQ(catalogue_format_of("a.ndjson"), CatalogueFormat::jsonl);
  EXPECT_EQ(message_of([] { (void)catalogue_format_of("a.xlsx"); }),
            "a.xlsx: a catalogue is a .csv, .tsv, .jsonl or .ndjson file");
}

TEST(PriceOf, ReadsWhatPeopleWrite) {
  EXPECT_EQ(price_of("1299"), 1299);
  EXPECT_EQ(price_of("19.99"), 19.99);
  EXPECT_EQ(price_of("19,99 €"), 19.99);
  EXPECT_EQ(price_of("$ 1,299.00"), 1299);
  EXPECT_EQ(price_of("1.299,00 EUR"), 1299);
  EXPECT_EQ(price_of("1,299"), 1299);
  EXPECT_EQ(price_of("1,299,000"), 1299000);
  EXPECT_EQ(price_of("0.125"), 0.125);
  EXPECT_EQ(price_of("USD5"), 5);
  EXPECT_EQ(price_of(""), std::nullopt);
  EXPECT_EQ(price_of("free"), std::nullopt);
  EXPECT_EQ(price_of("-5"), std::nullopt);
  EXPECT_EQ(price_of("5 to 7"), std::nullopt);
  EXPECT_EQ(price_of("an enormous lot of 5"), std::nullopt);
}

}  // namespace
}  // namespace blip::dataset
