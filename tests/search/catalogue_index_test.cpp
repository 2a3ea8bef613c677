#include "search/catalogue_index.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include "blip/error.hpp"
#include "tests/core/temporary_directory.hpp"

namespace blip::search {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

KnownItem item(const std::string& key, const std::string& title) {
  return {.key = key,
          .picture = "/" + key + ".jpg",
          .title = title,
          .row_hash = title,
          .text_hash = title};
}

class CatalogueIndexTest : public ::testing::Test {
 protected:
  std::int64_t put(const KnownItem& known, const ItemTexts& texts) {
    Transaction transaction = index_.transaction();
    const std::int64_t id = catalogue_.put_item(known, texts);
    transaction.commit();
    return id;
  }
  std::int64_t put(const std::string& key, const std::string& title) {
    return put(item(key, title), {.title = title});
  }
  void set(std::int64_t id, std::int64_t model, const std::vector<ItemAttribute>& attributes) {
    Transaction transaction = index_.transaction();
    catalogue_.put_attributes(id, model, attributes);
    transaction.commit();
  }
  void tamper(const std::string& sql) {
    sqlite3* handle = nullptr;
    ASSERT_EQ(sqlite3_open(file_.c_str(), &handle), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
        << sqlite3_errmsg(handle);
    sqlite3_close(handle);
  }
  // What opening and reading says of the file.
  [[nodiscard]] std::string message() const {
    try {
      LibraryIndex index(file_, Access::read);
      CatalogueIndex catalogue(index, Access::read);
      (void)catalogue.items();
      for (const auto& model : index.models(Finding::vectors)) (void)catalogue.vectors(model);
      catalogue.check_integrity();
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }

  TemporaryDirectory directory_;
  std::filesystem::path file_ = directory_.path() / "library.db";
  LibraryIndex index_{file_, Access::write};
  CatalogueIndex catalogue_{index_, Access::write};
};

TEST_F(CatalogueIndexTest, KeepsItems) {
  KnownItem chair = item("a", "a chair");
  chair.price = 19.5;
  const std::int64_t id = put(chair, {.title = "a chair", .description = "of oak"});
  const auto known = catalogue_.items();
  ASSERT_EQ(known.size(), 1U);
  EXPECT_EQ(known[0].id, id);
  EXPECT_EQ(known[0].picture, "/a.jpg");
  EXPECT_EQ(known[0].price, 19.5);
  EXPECT_EQ(known[0].picture_hash, "");
  EXPECT_EQ(put("a", "a stool"), id);
  EXPECT_EQ(catalogue_.find("a")->title, "a stool");
  EXPECT_EQ(catalogue_.find("b"), std::nullopt);
  catalogue_.check_integrity();
}

TEST_F(CatalogueIndexTest, AnIndexOfPhotosHasNone) {
  const auto file = directory_.path() / "photos.db";
  { LibraryIndex photos(file, Access::write); }
  LibraryIndex photos(file, Access::read);
  EXPECT_FALSE(CatalogueIndex::is_in(photos));
  EXPECT_TRUE(CatalogueIndex::is_in(index_));
  EXPECT_THROW(CatalogueIndex(photos, Access::read), Error);
}

TEST_F(CatalogueIndexTest, NewWordsNeedANewVector) {
  const IndexedModel model = index_.put_model("m", 2);
  const std::int64_t a = put("a", "a chair");
  {
    Transaction transaction = index_.transaction();
    catalogue_.put_vector(a, "a chair", model, std::vector<float>{0.6F, 0.8F});
    catalogue_.put_vector(a + 100, "a chair", model, std::vector<float>{1, 0});  // gone
    transaction.commit();
  }
  EXPECT_THAT(catalogue_.items_with_vector(model), UnorderedElementsAre(a));
  EXPECT_EQ(catalogue_.vectors(model).row(0)[1], 0.8F);
  put("a", "a chair");
  EXPECT_EQ(catalogue_.items_with_vector(model).size(), 1U);
  put("a", "a table");
  EXPECT_TRUE(catalogue_.items_with_vector(model).empty());
}

TEST_F(CatalogueIndexTest, AVectorOfWordsThatAnotherProcessReplacedIsNotKept) {
  const IndexedModel model = index_.put_model("m", 2);
  const std::int64_t a = put("a", "a chair");
  put("a", "a table");
  Transaction transaction = index_.transaction();
  catalogue_.put_vector(a, "a chair", model, std::vector<float>{0.6F, 0.8F});
  EXPECT_TRUE(catalogue_.items_with_vector(model).empty());
  catalogue_.put_vector(a, "a table", model, std::vector<float>{0.6F, 0.8F});
  EXPECT_THAT(catalogue_.items_with_vector(model), UnorderedElementsAre(a));
  transaction.commit();
}

TEST_F(CatalogueIndexTest, FindsWords) {
  const std::int64_t a = put(item("a", "x"), {.title = "oak chair", .description = "for kitchens"});
  const std::int64_t b = put(item("b", "y"), {.title = "lamp", .description = "beside a chair"});
  const std::int64_t c = put(item("c", "z"), {.title = "rug", .reviews = "goes with my chairs"});
  // A word of a title counts more than one of a description, and that more than one of a review.
  EXPECT_THAT(catalogue_.find_words("chair", ItemWords::all), ElementsAre(a, b, c));
  // By titles alone, the title that the item has.
  put(item("b", "oak lamp"), {.title = "oak lamp"});
  EXPECT_THAT(catalogue_.find_words("oak \"chair", ItemWords::titles), ElementsAre(b));
  EXPECT_TRUE(catalogue_.find_words("?!", ItemWords::all).empty());
}

TEST_F(CatalogueIndexTest, AttributesBelongToWhoFoundThem) {
  const std::int64_t a = put("a", "a chair");
  const IndexedModel first = index_.put_tagger("m colours 1");
  const IndexedModel second = index_.put_tagger("m colours 2");
  set(a, kFromFile, {{"brand", "Oak & Co"}});
  set(a, first.id, {{"colour", "red"}});
  EXPECT_THAT(catalogue_.attributes_of(a),
              ElementsAre(Pair("brand", "Oak & Co"), Pair("colour", "red")));
  set(a, second.id, {{"colour", "blue"}});
  {
    Transaction transaction = index_.transaction();
    catalogue_.remove_other_findings("Colour", second);
    transaction.commit();
  }
  EXPECT_THAT(catalogue_.attributes_of(a),
              ElementsAre(Pair("brand", "Oak & Co"), Pair("colour", "blue")));
  EXPECT_THAT(catalogue_.items_with_attributes(second), UnorderedElementsAre(a));
  // Another picture: what was seen on the last one goes.
  {
    Transaction transaction = index_.transaction();
    catalogue_.put_picture_hash(a, "h");
    transaction.commit();
  }
  EXPECT_THAT(catalogue_.attributes_of(a), ElementsAre(Pair("brand", "Oak & Co")));
  std::vector<std::string> brands;
  catalogue_.for_attribute(
      "BRAND", [&](std::int64_t, const std::string& value) { brands.push_back(value); });
  EXPECT_THAT(brands, ElementsAre("Oak & Co"));
}

TEST_F(CatalogueIndexTest, WhatIsRemovedIsGone) {
  const std::int64_t a = put("a", "a chair");
  set(a, kFromFile, {{"colour", "red"}});
  {
    Transaction transaction = index_.transaction();
    catalogue_.remove_item(a);
    transaction.commit();
  }
  EXPECT_TRUE(catalogue_.items().empty());
  EXPECT_TRUE(catalogue_.find_words("chair", ItemWords::all).empty());
  EXPECT_TRUE(catalogue_.attributes_of(a).empty());
  catalogue_.check_integrity();
}

TEST_F(CatalogueIndexTest, TamperedTablesAreRefused) {
  const IndexedModel model = index_.put_model("m", 2);
  const std::int64_t a = put("a", "a chair");
  {
    Transaction transaction = index_.transaction();
    catalogue_.put_vector(a, "a chair", model, std::vector<float>{0.6F, 0.8F});
    transaction.commit();
  }
  EXPECT_EQ(message(), "");
  tamper("UPDATE item_vectors SET vector = x'00'");
  EXPECT_THAT(message(), HasSubstr("the length of a vector"));
  tamper("UPDATE item_vectors SET item = 77, vector = x'0000000000000000'");
  EXPECT_THAT(message(), HasSubstr("its tables do not fit together"));
  tamper("DELETE FROM item_vectors; UPDATE items SET key = ''");
  EXPECT_THAT(message(), HasSubstr("an item of the catalogue"));
  tamper("DROP TABLE item_attributes");
  EXPECT_THAT(message(), HasSubstr("its tables are not blip's"));
}

TEST(CatalogueIndexOfPhotos, IsRefused) {
  const TemporaryDirectory directory;
  LibraryIndex index(directory.path() / "photos.db", Access::write);
  auto transaction = index.transaction();
  index.put_picture("/p/a.jpg", {1, 2}, {.hash = std::string(64, 'a'), .width = 3, .height = 4});
  transaction.commit();
  EXPECT_THROW(CatalogueIndex(index, Access::write), Error);
  EXPECT_FALSE(CatalogueIndex::is_in(index));
}

}  // namespace
}  // namespace blip::search
