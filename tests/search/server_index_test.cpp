// An index on a server beside the same one in a file, and what only a server can do.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <random>
#include <thread>
#include <vector>

#include "blip/error.hpp"
#include "search/catalogue_index.hpp"
#include "search/vector_file_writer.hpp"
#include "search/vector_search.hpp"
#include "tests/core/temporary_directory.hpp"
#include "tests/search/test_server.hpp"

namespace blip::search {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAreArray;

constexpr FileState kState{.size = 10, .mtime = 20};
constexpr int kDims = 16;

PictureFacts facts_of(int number) {
  return {.hash = std::string(60, 'a') + std::to_string(1000 + number), .width = 3, .height = 2};
}

std::vector<float> unit_vector(std::mt19937& random) {
  std::normal_distribution<float> normal;
  std::vector<float> vector(kDims);
  float squares = 0;
  for (float& value : vector) {
    value = normal(random);
    squares += value * value;
  }
  for (float& value : vector) value /= std::sqrt(squares);
  return vector;
}

class ServerIndexTest : public ::testing::Test {
 protected:
  void SetUp() override {
    server_ = TestServer::find();
    if (!server_) GTEST_SKIP() << TestServer::kHowTo;
    server_->clear();
  }

  [[nodiscard]] LibraryIndex open(Access access = Access::write) const {
    return {server_->address(), access};
  }

  // Pictures with vectors, some of them equal, and captions. → the model
  static IndexedModel fill(LibraryIndex& index, int pictures) {
    const IndexedModel model = index.put_model("m", kDims);
    const IndexedModel captions = index.put_model("c", 0);
    const std::vector<std::string> words = {"dog",     "beach", "a",   "the",  "red", "ball",
                                            "running", "cat",   "two", "café", "on",  "grass"};
    std::mt19937 random(7);
    auto transaction = index.transaction();
    std::vector<float> vector;
    for (int i = 0; i < pictures; ++i) {
      if (i % 5 != 1) vector = unit_vector(random);  // the second of five is like the first
      const std::int64_t id = index.put_picture("/" + std::to_string(i), kState, facts_of(i));
      index.put_vector(id, model, vector);
      std::string caption;
      const auto length = 1 + random() % 9;
      for (std::uint32_t word = 0; word < length; ++word) {
        caption += words[random() % words.size()] + (word % 3 == 2 ? ", " : " ");
      }
      index.put_caption(id, captions, caption);
    }
    transaction.commit();
    return model;
  }

  [[nodiscard]] std::string message(Access access = Access::read) const {
    try {
      LibraryIndex index = open(access);
      for (const KnownPicture& picture : index.pictures()) (void)index.caption_of(picture.id);
      for (const IndexedModel& model : index.models(Finding::vectors)) (void)index.vectors(model);
      (void)index.find_words("dogs", 10);
    } catch (const Error& error) {
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
      return error.what();
    }
    return "";
  }

  std::optional<TestServer> server_;
  TemporaryDirectory directory_;
  ThreadPool threads_{2};
};

TEST_F(ServerIndexTest, FindsWhatAFileFindsBitForBit) {
  LibraryIndex there = open();
  LibraryIndex here(directory_.path() / "library.db", Access::write);
  const IndexedModel model = fill(there, 500);
  EXPECT_EQ(fill(here, 500).id, model.id);
  const VectorSearch on_server(there, model);
  const VectorSearch in_file(here, model);
  EXPECT_EQ(on_server.size(), 500U);
  std::mt19937 random(8);
  const Admits admits = [](std::int64_t id) { return id % 7 == 0; };
  for (int query = 0; query < 20; ++query) {
    const std::vector<float> wanted = unit_vector(random);
    for (const Admits& each : {Admits(), admits}) {
      for (const std::size_t count : {1U, 10U, 499U, 600U}) {
        const auto found = on_server.nearest(wanted, count, 0, each, threads_);
        const auto expected = in_file.nearest(wanted, count, 0, each, threads_);
        ASSERT_EQ(found.size(), expected.size());
        for (std::size_t i = 0; i < found.size(); ++i) {
          EXPECT_EQ(found[i].picture, expected[i].picture);
          EXPECT_EQ(found[i].product, expected[i].product);
        }
      }
    }
    const Moments moments = on_server.moments(wanted, threads_);
    const Moments expected = in_file.moments(wanted, threads_);
    EXPECT_NEAR(moments.mean, expected.mean, 1e-6);
    EXPECT_NEAR(moments.deviation, expected.deviation, 1e-6);
    const std::vector<std::int64_t> some = {3, 100'000, 1};
    EXPECT_EQ(on_server.products(some, wanted), in_file.products(some, wanted));
    EXPECT_EQ(on_server.product(3, wanted), in_file.product(3, wanted));
  }
  EXPECT_EQ(on_server.vector(5), in_file.vector(5));
  EXPECT_TRUE(on_server.vector(100'000).empty());
}

TEST_F(ServerIndexTest, RanksWordsAsAFileDoes) {
  LibraryIndex there = open();
  LibraryIndex here(directory_.path() / "library.db", Access::write);
  fill(there, 400);
  fill(here, 400);
  for (LibraryIndex* index : {&there, &here}) {
    const IndexedModel by_hand = index->put_model(kByHand, 0);
    index->put_caption(7, by_hand, "a zebra, on red grass");
  }
  for (const char* text : {"dogs", "a dog on the beach", "running run", "zebra", "red red ball",
                           "grass; 'cat' -- & | two", "nothing of it", "café"}) {
    EXPECT_EQ(there.find_words(text, 1000), here.find_words(text, 1000)) << text;
    EXPECT_EQ(there.find_words(text, 3), here.find_words(text, 3)) << text;
  }
  // A space that is not ASCII: FTS5 ranks the two as one thing, the server each by itself.
  EXPECT_THAT(there.find_words("dog\u3000cat", 1000),
              UnorderedElementsAreArray(here.find_words("dog\u3000cat", 1000)));
}

TEST_F(ServerIndexTest, AGraphFindsNearlyAllOfTheNearest) {
  LibraryIndex index = open();
  const IndexedModel model = fill(index, 3000);
  const VectorSearch search(index, model);
  refresh_vector_graph(index, model, 3001);
  EXPECT_FALSE(search.has_lists());
  refresh_vector_graph(index, model, 3000);
  EXPECT_TRUE(search.has_lists() && search.is_large(1'000'000));
  refresh_vector_graph(index, model, 3000);
  std::mt19937 random(9);
  std::size_t found = 0;
  for (int query = 0; query < 50; ++query) {
    const std::vector<float> wanted = unit_vector(random);
    const auto exact = search.nearest(wanted, 10, 0, {}, threads_);
    const auto near = search.nearest(wanted, 10, 1, {}, threads_);
    for (const Near& each : exact) {
      found += std::any_of(near.begin(), near.end(),
                           [&](const Near& other) { return other.picture == each.picture; });
    }
  }
  EXPECT_GE(found, 490U);
  // What comes later is in the graph, too.
  const std::int64_t id = index.put_picture("/new", kState, facts_of(5000));
  const std::vector<float> vector = unit_vector(random);
  index.put_vector(id, model, vector);
  EXPECT_EQ(search.nearest(vector, 1, 1, {}, threads_).at(0).picture, id);
  index.remove_picture(id);
  EXPECT_NE(search.nearest(vector, 1, 1, {}, threads_).at(0).picture, id);
}

TEST_F(ServerIndexTest, WritersTakeTurnsAndLoseNothing) {
  constexpr int kWriters = 4;
  constexpr int kPictures = 30;
  std::atomic<int> failed = 0;
  std::vector<std::jthread> writers;
  for (int writer = 0; writer < kWriters; ++writer) {
    writers.emplace_back([&, writer] {
      try {
        LibraryIndex index = open();  // the first one makes the tables
        const IndexedModel model = index.put_model("m", 2);
        for (int i = 0; i < kPictures; ++i) {
          auto transaction = index.transaction();
          for (const int number : {i, writer * 1000 + i}) {  // one of all, and one of its own
            const std::int64_t id =
                index.put_picture("/" + std::to_string(number), kState, facts_of(number));
            index.put_vector(id, model, std::vector<float>{0.6F, 0.8F});
          }
          transaction.commit();
        }
      } catch (const Error& error) {
        ++failed;
        ADD_FAILURE() << error.what();
      }
    });
  }
  writers.clear();
  EXPECT_EQ(failed, 0);
  LibraryIndex index = open();
  EXPECT_EQ(index.models(Finding::vectors).size(), 1U);
  EXPECT_EQ(index.pictures().size(), std::size_t{kWriters * kPictures});
  EXPECT_EQ(index.vectors(index.models(Finding::vectors)[0]).size(), index.pictures().size());
  EXPECT_EQ(index.vector_state(index.models(Finding::vectors)[0]).generation,
            2 * kWriters * kPictures);
  index.check_integrity();
}

TEST_F(ServerIndexTest, ASnapshotStaysAsItIs) {
  LibraryIndex writer = open();
  fill(writer, 3);
  LibraryIndex reader = open(Access::read);
  {
    const Snapshot snapshot = reader.snapshot();
    EXPECT_EQ(reader.pictures().size(), 3U);
    auto transaction = writer.transaction();
    writer.remove_picture(1);
    transaction.commit();
    EXPECT_EQ(reader.pictures().size(), 3U);
  }
  EXPECT_EQ(reader.pictures().size(), 2U);
  EXPECT_THROW((void)reader.put_picture("/x", kState, facts_of(1)), Error)
      << "it was opened for reading";
}

TEST_F(ServerIndexTest, OtherStatementsMayRunWhileRowsAreRead) {
  LibraryIndex index = open();
  fill(index, 50);
  std::vector<std::int64_t> outer;
  index.for_pictures([&](const KnownPicture& picture) {
    EXPECT_TRUE(index.caption_of(picture.id));
    outer.push_back(picture.id);
  });
  EXPECT_EQ(outer.size(), 50U);
  try {
    index.for_pictures([](const KnownPicture&) { throw Error(ErrorCode::cancelled, "enough"); });
  } catch (const Error&) {
  }
  EXPECT_EQ(index.pictures().size(), 50U);
}

TEST_F(ServerIndexTest, LongAndOddThingsAreKept) {
  LibraryIndex index = open();
  const IndexedModel tagger = index.put_tagger("t" + std::string(5000, 'x'));
  const std::string path = "/" + std::string(4000, '\xFE') + "'\n\\";
  const std::int64_t id = index.put_picture(path, kState, facts_of(1));
  EXPECT_EQ(index.put_picture(path, kState, facts_of(1)), id);
  EXPECT_EQ(index.picture(id)->path, path);
  const std::string long_tag(4000, 'q');
  index.put_tags(id, tagger, std::vector<std::string>{"Dog", "dog", "\xFF", long_tag});
  EXPECT_THAT(index.tags_of(id), ElementsAre("Dog", long_tag, "\xEF\xBF\xBD"));
  EXPECT_EQ(index.pictures_tagged("DOG").size(), 1U);
  const IndexedModel captions = index.put_model("c", 0);
  index.put_caption(id, captions, std::string("a \0 dog \xC3", 10));
  EXPECT_EQ(index.find_words("dog", 10).size(), 1U);
  EXPECT_THROW(index.put_model("wide", 16'001), Error);
  EXPECT_FALSE(CatalogueIndex::is_in(index));
  EXPECT_THROW(CatalogueIndex(index, Access::write), Error);
  EXPECT_THROW(write_vector_file(index, index.put_model("m", 2), threads_), Error);
}

TEST_F(ServerIndexTest, OtherSchemasAreRefused) {
  EXPECT_THAT(message(), HasSubstr("has no index of blip"));
  server_->execute("CREATE SCHEMA blip; CREATE TABLE blip.posts(id bigint)");
  EXPECT_THAT(message(), HasSubstr("its schema \"blip\" is not that of an index of blip"));
  EXPECT_THAT(message(Access::write), HasSubstr("is not that of an index of blip"));
  server_->clear();
  server_->execute("CREATE SCHEMA blip");  // by whoever may
  { const LibraryIndex index = open(); }
  EXPECT_EQ(message(), "");
  server_->execute("UPDATE blip.library SET version = 3");
  EXPECT_THAT(message(), HasSubstr("made by another version of blip"));
}

TEST_F(ServerIndexTest, HostileTablesAreRefused) {
  for (const char* sql :
       {"DROP TABLE blip.captions", "CREATE TABLE blip.more(id bigint)",
        "ALTER TABLE blip.pictures ALTER COLUMN size TYPE text",
        "ALTER TABLE blip.pictures RENAME TO p; CREATE VIEW blip.pictures AS SELECT * FROM blip.p",
        "ALTER TABLE blip.words DROP COLUMN length"}) {
    server_->clear();
    { const LibraryIndex index = open(); }
    server_->execute(sql);
    EXPECT_THAT(message(), HasSubstr("its tables are not blip's")) << sql;
  }
}

TEST_F(ServerIndexTest, HostileValuesAreRefused) {
  for (const char* sql :
       {"UPDATE blip.embeddings SET vector = '[1]'", "UPDATE blip.models SET dims = -1",
        "UPDATE blip.models SET dims = 1000000000", "UPDATE blip.pictures SET path = ''",
        "UPDATE blip.pictures SET path = '\\x2f0041'",
        "UPDATE blip.pictures SET path = decode(repeat('41', 100000), 'hex')",
        "UPDATE blip.pictures SET latitude = 'NaN'",
        "UPDATE blip.pictures SET hash = repeat('x', 2000000)"}) {
    server_->clear();
    {
      LibraryIndex index = open();
      fill(index, 1);
    }
    server_->execute(sql);
    EXPECT_THAT(message(), HasSubstr("this index is damaged: ")) << sql;
  }
}

TEST_F(ServerIndexTest, ALostConnectionIsMadeAnew) {
  LibraryIndex index = open();
  fill(index, 2);
  const auto end_others = [&] {
    server_->execute(
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE pid <> "
        "pg_backend_pid() AND "
        "datname = current_database()");
  };
  end_others();
  EXPECT_EQ(index.pictures().size(), 2U) << "nothing was under way";
  {
    auto transaction = index.transaction();
    index.remove_picture(1);
    end_others();
    try {
      index.remove_picture(2);
      FAIL();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::network);
      EXPECT_THAT(error.what(), HasSubstr("the connection to this server was lost"));
    }
    EXPECT_THROW(transaction.commit(), Error) << "half of it is gone";
  }
  EXPECT_EQ(index.pictures().size(), 2U);
}

}  // namespace
}  // namespace blip::search
